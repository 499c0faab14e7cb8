/* Floor 4 (net). The stats socket: a unix stream socket, 0660, on the main thread's loop.
 * One command a line; a command that takes a document is followed by its lines and a line
 * `.`. An answer is bytes that already end in ".\n". At most 8 clients, an idle limit of
 * 60 s, command lines of at most 4 KiB, documents of at most 64 MiB, answers in order.
 *
 * Happy path: accept -> line -> command() -> (maybe later) -> write -> next line. It
 * fails when: there are too many clients (ERR busy), a line or document is too long (ERR
 * too_long, and the next line is read), or the peer is gone (its answer is dropped). */
#ifndef LUOT_NET_CONSOLE_H
#define LUOT_NET_CONSOLE_H

#include <sys/types.h>

#include "base/buffer.h"

enum {
    CONSOLE_CLIENTS = 8,
    CONSOLE_LINE_MAX = 4096,
    CONSOLE_DOCUMENT_MAX = 64 << 20,
    CONSOLE_IDLE_MS = 60000
};

struct uv_loop_s;
struct console;

struct console_peer {
    uid_t uid; /* SO_PEERCRED: who commands that change state are audited as */
    pid_t pid;
};

struct console_handlers {
    /* Does this command take a document after its line? */
    bool (*takes_document)(void *context, struct slice line);
    /* Answer by console_reply(token, ...), now or later, exactly once. `line` and
     * `document` live until this returns. */
    void (*command)(void *context, struct slice line, struct slice document,
                    struct console_peer peer, uint64_t token);
};

/* Makes the socket: unlinks a stale one only if it is a socket that nobody answers on,
 * umask 0117 while binding. Ignores SIGPIPE when nobody handles it. ERR_IN_USE (another
 * process answers on it), ERR_FOREIGN (a file that is no socket is there), ERR_DENIED,
 * ERR_NOMEM, ERR_IO. */
int console_start(struct console **ret_console, struct uv_loop_s *loop, const char *path,
                  const struct console_handlers *handlers, void *context,
                  char ret_error[256]);
/* Any thread, until console_stop: copies `answer`. A token whose client has gone is
 * ignored. */
void console_reply(struct console *c, uint64_t token, struct slice answer);
/* Main thread: unlinks the socket, closes; memory goes back when the loop has run the
 * close callbacks. No other thread may be inside console_reply or call it afterwards. */
void console_stop(struct console *c);

#endif
