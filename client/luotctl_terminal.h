/* The terminal while a live screen is on it: keys as they are pressed, a screen of its own,
 * and the one that was there before on every way out.
 *
 * Plain ECMA-48 and termios, and no ncurses: a frame is some lines from the top, drawn anew
 * every two seconds, and every terminal of the last thirty years knows the dozen sequences
 * of it. What ncurses adds (the least bytes over a slow line, terminals of before) is not
 * needed, and what strangers name their pages would have to be cleaned all the same.
 *
 * Signals are read here as events (signalfd), so there is no handler and no global: Ctrl-C
 * and a lost line come where keys come. Ctrl-Z gives the terminal back until `fg`. */
#ifndef LUOT_LUOTCTL_TERMINAL_H
#define LUOT_LUOTCTL_TERMINAL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

enum terminal_key {
    KEY_UP = 256, /* less is the byte that was typed */
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_HOME,
    KEY_END,
    KEY_BACK_TAB,
    KEY_OTHER /* one that means nothing here */
};
enum { KEY_ESCAPE = '\033', KEY_ENTER = '\r', KEY_TAB = '\t', KEY_BACKSPACE = 0x7F };

enum terminal_event {
    TERMINAL_NOTHING, /* the time is over              */
    TERMINAL_KEY,
    TERMINAL_REDRAW, /* another size, or back from Ctrl-Z */
    TERMINAL_END     /* a signal, or the terminal has gone */
};

struct terminal {
    int in, out; /* the caller's      */
    int signals; /* ours              */
    int ended;   /* 0, or the signal; SIGHUP: the terminal has gone */
    struct termios before;
    sigset_t mask; /* before           */
    unsigned char typed[64];
    size_t typed_length, typed_at;
};

/* 0 or errno; then nothing has changed. `in` and `out` are one terminal. */
int terminal_enter(struct terminal *ret_terminal, int in, int out);
/* The terminal as it was before. */
void terminal_leave(struct terminal *t);
/* What comes first within so many ms; *ret_key: what was pressed. Once it has ended it
 * always says so. */
enum terminal_event terminal_wait(struct terminal *t, int ms, int *ret_key);
/* Writes it from the upper left corner. A terminal that does not take it is waited for, but
 * no longer than it has not ended. */
void terminal_draw(struct terminal *t, const char *bytes, size_t length);
/* 80 by 24 where the terminal does not know. */
void terminal_size(const struct terminal *t, unsigned *ret_columns, unsigned *ret_rows);

#endif
