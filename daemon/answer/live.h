/* Floor 4 (answer). /v1/live and /v1/{site}/live: numbers as they change, as Server-Sent
 * Events. A worker's own; nothing is shared between threads.
 *
 * What is sent is made once a second and site (of all sites: every two seconds and reader)
 * while somebody listens, and shared by all of this worker's listeners; each gets it when it
 * says something else than what was sent last, and a comment when nothing was sent for 15 s,
 * so that no proxy takes the line for dead. It ends when the site is gone or its right to
 * read is. A listener that is behind misses events (net/http_stream) and gets the next one
 * that it can take. */
#ifndef LUOT_ANSWER_LIVE_H
#define LUOT_ANSWER_LIVE_H

#include "answer/http.h"
#include "answer/rights.h"
#include "base/shared_bytes.h"

enum { LIVE_RETRY_MS = 3000, LIVE_COMMENT_S = 15, LIVE_SITES_S = 2, LIVE_BUSY_S = 30 };

/* A connection that listens, as net keeps it for us: a value. */
struct listener {
    const struct site *site;          /* NULL: all that it may read             */
    uint64_t sent;                    /* the hash of what was sent last         */
    uint8_t token[READER_HASH_BYTES]; /* when has_reader                        */
    uint32_t version;                 /* of the readers that it was looked up in */
    uint32_t said;                    /* the second of the last bytes           */
    bool has_reader;
};

struct live;

struct live *live_new(const struct service *service); /* NULL: out of memory */
void live_free(struct live *l);                       /* NULL is a no-op     */

/* As net_handlers.stream and stream_end. */
bool live_next(struct http_lane *lane, struct listener *listener, uint64_t second,
               struct shared_bytes **ret_bytes);
void live_end(struct http_lane *lane, const struct listener *listener);

#endif
