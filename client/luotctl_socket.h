/* luotctl's end of the stats socket: one command, one answer, one connection. Blocking,
 * with a limit on every wait. */
#ifndef LUOT_LUOTCTL_SOCKET_H
#define LUOT_LUOTCTL_SOCKET_H

#include <stdbool.h>

#include "base/slice.h"

enum { SOCKET_PATH_MAX = 108, SOCKET_WAIT_S = 300, SOCKET_SENTENCE_MAX = 512 };

/* Where luotd listens: `given` if there is one, else $LUOT_SOCKET, else the first that
 * exists of $RUNTIME_DIRECTORY/luotd.sock, /run/luot/luotd.sock,
 * $XDG_RUNTIME_DIR/luot/luotd.sock, and luot-UID/luotd.sock in /dev/shm and /tmp.
 * EX_UNAVAILABLE (there is none) or EX_USAGE (the path is too long), with a sentence that
 * says what to do. */
int socket_find(char ret_path[SOCKET_PATH_MAX], const char *given,
                char ret_sentence[SOCKET_SENTENCE_MAX]);

struct reply {
    char *bytes; /* malloc'ed, NUL-terminated: the answer without its last line `.` */
    size_t length;
    bool refused;          /* it was ERR NAME SENTENCE     */
    struct slice name;     /* of the error; inside `bytes` */
    struct slice sentence; /* likewise, one line           */
};

/* Sends `command` (no line end in it) and, unless at == NULL, the document's lines; waits
 * for the answer. 0 also when luotd refused; else EX_UNAVAILABLE (it does not answer),
 * EX_NOPERM, EX_OSERR or EX_PROTOCOL, with a sentence that says what to do. */
int socket_ask(struct reply *ret_reply, const char *path, struct slice command,
               struct slice document, char ret_sentence[SOCKET_SENTENCE_MAX]);
/* The same for one who has something else to do meanwhile: `on` is asked every `step_ms`
 * while luotd is waited for; false ends it, with EX_UNAVAILABLE. */
struct socket_wait {
    unsigned step_ms;
    bool (*on)(void *context);
    void *context;
};
int socket_ask_while(struct reply *ret_reply, const char *path, struct slice command,
                     struct slice document, const struct socket_wait *wait,
                     char ret_sentence[SOCKET_SENTENCE_MAX]);
void reply_release(struct reply *reply);

#endif
