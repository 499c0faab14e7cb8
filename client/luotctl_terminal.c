#include "luotctl_terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    ESCAPE_MS = 30,    /* an Esc key comes alone; a sequence comes at once       */
    WRITE_BYTES = 256, /* a terminal that is writable takes so many without delay */
    LEAVE_MS = 1000,   /* a terminal that takes nothing is left as it is          */
    SIZE_MAX_CELLS = 1000
};

/* A screen of its own, no cursor, and no line that goes on in the next: if a terminal
 * thinks that a character is wider than we do, it is the end of that line that suffers. */
static const char enter_screen[] = "\033[?1049h\033[?25l\033[?7l\033[2J";
static const char leave_screen[] = "\033[0m\033[?7h\033[?25h\033[?1049l";

static void draw_within(struct terminal *t, const char *bytes, size_t length, int ms);

/* --- In and out --- */

static int read_signals(struct terminal *t)
{
    static const int kinds[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP};
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        sigaddset(&set, kinds[i]);
    t->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (t->signals < 0)
        return errno;
    sigprocmask(SIG_BLOCK, &set, &t->mask);
    return 0;
}

/* Ctrl-C stays a signal; Ctrl-S stops nothing. */
static int set_raw(const struct terminal *t)
{
    struct termios raw = t->before;

    raw.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IXON | ISTRIP);
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    return tcsetattr(t->in, TCSAFLUSH, &raw) == 0 ? 0 : errno;
}

int terminal_enter(struct terminal *ret_terminal, int in, int out)
{
    struct terminal t = {.in = in, .out = out};
    int rv;

    if (tcgetattr(in, &t.before) != 0)
        return errno;
    rv = read_signals(&t);
    if (rv != 0)
        return rv;
    rv = set_raw(&t);
    if (rv != 0) {
        sigprocmask(SIG_SETMASK, &t.mask, NULL);
        close(t.signals);
        return rv;
    }
    terminal_draw(&t, enter_screen, sizeof enter_screen - 1);
    *ret_terminal = t;
    return 0;
}

static void give_back(struct terminal *t)
{
    int ended = t->ended;

    if (ended != SIGHUP)
        t->ended = 0; /* what ends us may still be written */
    draw_within(t, leave_screen, sizeof leave_screen - 1, LEAVE_MS);
    t->ended = ended;
    tcsetattr(t->in, TCSANOW, &t->before);
    tcflush(t->in, TCIFLUSH);
}

void terminal_leave(struct terminal *t)
{
    give_back(t);
    sigprocmask(SIG_SETMASK, &t->mask, NULL);
    close(t->signals);
}

/* --- Signals --- */

static enum terminal_event take_signal(struct terminal *t)
{
    struct signalfd_siginfo said;

    if (read(t->signals, &said, sizeof said) != (ssize_t)sizeof said)
        return TERMINAL_NOTHING;
    if (said.ssi_signo == SIGTSTP) {
        give_back(t);
        kill(getpid(), SIGSTOP); /* until `fg` */
        (void)set_raw(t);
        terminal_draw(t, enter_screen, sizeof enter_screen - 1);
        return TERMINAL_REDRAW;
    }
    if (said.ssi_signo == SIGWINCH)
        return TERMINAL_REDRAW;
    t->ended = (int)said.ssi_signo;
    return TERMINAL_END;
}

/* --- Keys --- */

static int next_byte(struct terminal *t, int ms)
{
    struct pollfd in = {.fd = t->in, .events = POLLIN};
    ssize_t got;

    if (t->typed_at < t->typed_length)
        return t->typed[t->typed_at++];
    if (poll(&in, 1, ms) != 1)
        return -1;
    got = read(t->in, t->typed, sizeof t->typed);
    if (got == 0 || (got < 0 && errno != EINTR))
        t->ended = SIGHUP;
    if (got <= 0)
        return -1;
    t->typed_length = (size_t)got;
    t->typed_at = 1;
    return t->typed[0];
}

/* What ends a sequence says which key it was; "5~" and the like by their number. */
static int key_of(int last, unsigned number)
{
    static const struct {
        int last;
        unsigned number;
        int key;
    } keys[] = {{'A', 0, KEY_UP},        {'B', 0, KEY_DOWN}, {'C', 0, KEY_RIGHT},
                {'D', 0, KEY_LEFT},      {'H', 0, KEY_HOME}, {'F', 0, KEY_END},
                {'~', 1, KEY_HOME},      {'~', 4, KEY_END},  {'~', 5, KEY_PAGE_UP},
                {'~', 6, KEY_PAGE_DOWN}, {'~', 7, KEY_HOME}, {'~', 8, KEY_END},
                {'Z', 0, KEY_BACK_TAB}};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].last == last && (last != '~' || keys[i].number == number))
            return keys[i].key;
    return KEY_OTHER;
}

/* After Esc: alone it is the key; `[` or `O` begin a sequence. */
static int take_sequence(struct terminal *t)
{
    unsigned number = 0;
    int c = next_byte(t, ESCAPE_MS);

    if (c < 0 || c == '\033') {
        t->typed_at -= (size_t)(c == '\033');
        return KEY_ESCAPE;
    }
    if (c != '[' && c != 'O')
        return KEY_OTHER;
    for (;;) {
        c = next_byte(t, ESCAPE_MS);
        if (c >= '0' && c <= '9' && number < 100)
            number = number * 10 + (unsigned)(c - '0');
        else if (c < 0 || (c >= 0x40 && c <= 0x7E))
            return c < 0 ? KEY_OTHER : key_of(c, number);
    }
}

static enum terminal_event take_key(struct terminal *t, int *ret_key)
{
    int c = next_byte(t, 0);

    if (t->ended != 0)
        return TERMINAL_END;
    if (c < 0)
        return TERMINAL_NOTHING;
    *ret_key = c == '\033' ? take_sequence(t)
               : c == '\n' ? KEY_ENTER
               : c == '\b' ? KEY_BACKSPACE
                           : c;
    return TERMINAL_KEY;
}

enum terminal_event terminal_wait(struct terminal *t, int ms, int *ret_key)
{
    struct pollfd fds[] = {{.fd = t->signals, .events = POLLIN},
                           {.fd = t->in, .events = POLLIN}};

    if (t->ended != 0)
        return TERMINAL_END;
    if (t->typed_at < t->typed_length)
        return take_key(t, ret_key);
    if (poll(fds, 2, ms) <= 0)
        return TERMINAL_NOTHING;
    return fds[0].revents != 0 ? take_signal(t) : take_key(t, ret_key);
}

/* --- Drawing --- */

/* Gives up when nothing was taken for so many ms; -1: never. */
static void draw_within(struct terminal *t, const char *bytes, size_t length, int ms)
{
    struct pollfd fds[] = {{.fd = t->out, .events = POLLOUT},
                           {.fd = t->signals, .events = POLLIN}};

    while (length > 0 && t->ended == 0) {
        size_t part = length < WRITE_BYTES ? length : WRITE_BYTES;
        int ready = poll(fds, 2, ms);
        ssize_t sent;

        if (ready == 0 || (ready < 0 && errno != EINTR))
            return;
        if (ready > 0 && fds[0].revents == 0)
            (void)take_signal(t);
        if (ready < 0 || fds[0].revents == 0)
            continue;
        sent = write(t->out, bytes, part);
        if (sent < 0 && errno != EINTR && errno != EAGAIN)
            t->ended = SIGHUP;
        bytes += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
}

void terminal_draw(struct terminal *t, const char *bytes, size_t length)
{
    draw_within(t, bytes, length, -1);
}

void terminal_size(const struct terminal *t, unsigned *ret_columns, unsigned *ret_rows)
{
    struct winsize size = {.ws_col = 0};

    (void)ioctl(t->out, TIOCGWINSZ, &size);
    *ret_columns = size.ws_col == 0 ? 80 : size.ws_col;
    *ret_rows = size.ws_row == 0 ? 24 : size.ws_row;
    if (*ret_columns > SIZE_MAX_CELLS)
        *ret_columns = SIZE_MAX_CELLS;
    if (*ret_rows > SIZE_MAX_CELLS)
        *ret_rows = SIZE_MAX_CELLS;
}
