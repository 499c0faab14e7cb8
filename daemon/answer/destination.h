/* Floor 4 (answer). Where a document goes that is made elsewhere or later: to an HTTP
 * request that waits, or to a client of the stats socket. A value: it holds copies of all
 * that it needs of the request. */
#ifndef LUOT_ANSWER_DESTINATION_H
#define LUOT_ANSWER_DESTINATION_H

#include "answer/respond.h"
#include "answer/service.h"

struct destination {
    struct service *service;
    bool console;
    uint64_t token;         /* console                */
    struct http_token http; /* and what follows: HTTP */
    bool keep_alive, head_only;
    bool csv;                /* the document is a table, not JSON        */
    bool gzip;               /* who asks takes it so                     */
    struct gzip *compressor; /* that keeps what it compressed; NULL: one for it alone */
    bool own;                /* for who showed a token: no-store         */
    const char *vary;        /* a constant text, or NULL                 */
    char if_none_match[128]; /* cut: then it matches nothing */
};

/* Any thread; each answers once. The console's error is one line `ERR reason message`,
 * its document is dot-stuffed and ended. HTTP: `status` and its error document, or 200
 * (304) as JSON. */
void destination_document(const struct destination *to, struct slice body);
void destination_error(const struct destination *to, unsigned status, const char *reason,
                       const char *message);

/* The answer to a command, from bytes: dot-stuffed, ended by ".\n". NULL: no memory;
 * free it. */
char *console_answer(struct slice body, size_t *ret_length);
/* A sentence for a code that came from a store. */
const char *store_error_message(int code);

#endif
