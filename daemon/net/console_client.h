/* Floor 4 (net). One client of the stats socket: lines in, one answer at a time out. What
 * ends, ends through console_client_stop(), once. */
#ifndef LUOT_NET_CONSOLE_CLIENT_H
#define LUOT_NET_CONSOLE_CLIENT_H

#include <sys/stat.h>
#include <uv.h>

#include "net/console.h"
#include "net/mailbox.h"

enum console_state {
    CONSOLE_FREE,          /* nobody is here                                */
    CONSOLE_LINE,          /* a command is being read                       */
    CONSOLE_DOCUMENT,      /* the lines after it, up to a line `.`          */
    CONSOLE_SKIP_LINE,     /* a line that is too long                       */
    CONSOLE_SKIP_DOCUMENT, /* a document that is too long                   */
    CONSOLE_ANSWER,        /* command() was called, console_reply() was not */
    CONSOLE_WRITE,         /* the answer is on its way                      */
    CONSOLE_CLOSING        /* uv_close was called                           */
};

struct console_client {
    uv_pipe_t pipe;
    uv_write_t write;
    struct console *console;
    struct console_peer peer;
    enum console_state state;
    uint32_t generation;         /* of the token that is valid now         */
    char *input;                 /* malloc'ed, grows with the document     */
    size_t begin, end, capacity; /* what of it is not used yet             */
    size_t scan;                 /* a document: the line not yet looked at */
    size_t searched;             /* no line ends between `scan` and here   */
    struct slice line;           /* the command, in `command`              */
    char command[CONSOLE_LINE_MAX];
    char *answer;         /* being written                         */
    size_t answer_length; /* of it                                 */
    size_t unsent;        /* of it, when we looked last            */
    uint64_t active;      /* ms of the loop's clock: last progress */
};

struct console {
    uv_loop_t *loop;
    uv_poll_t poll;
    uv_timer_t sweep;       /* idle clients; also accepts again after a failure */
    struct mailbox mailbox; /* answers from any thread                          */
    const struct console_handlers *handlers;
    void *context;
    struct console_client clients[CONSOLE_CLIENTS];
    unsigned open_handles; /* memory goes back when the last has closed */
    int fd;
    bool starved, stopping;
    struct stat made; /* our socket file: another's is not unlinked */
    char path[108];
};

/* Takes `fd` over. */
void console_client_start(struct console_client *c, struct console *console, int fd,
                          struct console_peer peer);
void console_client_stop(struct console_client *c);
/* Takes `bytes` over; ignored when the token is not this client's any more. */
void console_client_reply(struct console_client *c, uint32_t generation, char *bytes,
                          size_t length);
/* Closes it when nothing moved for CONSOLE_IDLE_MS. A command may take as long as it
 * wants. */
void console_client_sweep(struct console_client *c);
/* Close callback of every handle of a console. */
void console_on_closed(struct console *console);

#endif
