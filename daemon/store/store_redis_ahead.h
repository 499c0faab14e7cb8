/* Floor 3 (store), private to store_redis*.c: answers that were fetched before they are
 * asked for.
 *
 * At a start each site is asked some sixty small questions, and each waits for the way to
 * the server and back. Here they are fetched for many sites at once: first all that has a
 * known name and the indexes, then what these name, then the rest of long hashes; three
 * pipelines, whatever the number of sites. What reads a key (store_redis_read.h) looks here
 * first and need not know: a key that is not here is asked for as ever.
 *
 * Nothing here is newer than when it was fetched. So it is let go by whoever writes, and as
 * soon as the sites are read. It holds AHEAD_BYTES and AHEAD_KEYS at most. */
#ifndef LUOT_STORE_STORE_REDIS_AHEAD_H
#define LUOT_STORE_STORE_REDIS_AHEAD_H

#include <hiredis/hiredis.h>

#include "base/slice.h"

enum {
    AHEAD_BYTES = 8 << 20, /* keys and what they hold */
    AHEAD_KEYS = 1 << 15
};

/* How a key is asked for. */
enum ahead_what {
    AHEAD_HASH, /* HSCAN, from a cursor on                     */
    AHEAD_ALL,  /* HGETALL                                     */
    AHEAD_LIST, /* LRANGE, the first `limit`                   */
    AHEAD_RANGE /* ZRANGEBYSCORE of [from, until), `limit` at most */
};

struct ahead_key {
    uint32_t name, length; /* in bytes[]                                         */
    uint32_t site;         /* the how manieth of those fetched                   */
    uint32_t first, last;  /* pieces of what it holds, in bytes[]; 0: none       */
    uint32_t limit;
    uint32_t weight; /* of its answer, in short ones */
    enum ahead_what what;
    unsigned leads;  /* to other keys: the plan's own number              */
    uint64_t cursor; /* where a hash goes on; 0: that was all             */
    int64_t from;    /* of a range what is known, all of it: [from, until) */
    int64_t until;
    bool heard;
};

struct redis_ahead {
    char *bytes;
    size_t used;
    struct ahead_key *key;
    size_t keys;
    uint32_t *slot; /* a key's place + 1, by the hash of its name; 0: nothing */
    bool full;      /* something had no room                                  */
};

/* NULL: out of memory. */
struct redis_ahead *redis_ahead_new(void);
void redis_ahead_free(struct redis_ahead *a);  /* NULL is a no-op */
void redis_ahead_clear(struct redis_ahead *a); /* nothing is known */
/* A key that is to be fetched; copies its name. NULL: there is no room, `full` says so. */
struct ahead_key *redis_ahead_add(struct redis_ahead *a, struct slice name,
                                  enum ahead_what what);
struct slice redis_ahead_name(const struct redis_ahead *a, const struct ahead_key *k);
/* It holds these too. False: there is no room, and it is not heard. */
bool redis_ahead_keep(struct redis_ahead *a, struct ahead_key *k,
                      const redisReply *texts);

/* --- What is known. `a` may be NULL: then nothing is --- */

/* Texts of a key in their order: field, value, ...; elements; member, score, ... */
struct ahead_texts {
    const struct redis_ahead *ahead;
    uint32_t piece, at, left; /* left: of this piece */
};
bool redis_ahead_next(struct ahead_texts *t, struct slice *ret_text);

/* A hash; where it goes on, 0: nowhere. */
bool redis_ahead_hash(const struct redis_ahead *a, struct slice name,
                      struct ahead_texts *ret_texts, uint64_t *ret_cursor);
/* The first *ret_limit elements of a list, or all of it when it has fewer. */
bool redis_ahead_list(const struct redis_ahead *a, struct slice name,
                      struct ahead_texts *ret_texts, size_t *ret_limit);
/* Members of a sorted set that have all whose score is in [from, until), or the first `limit`
 * of them; and others. */
bool redis_ahead_range(const struct redis_ahead *a, struct slice name, int64_t from,
                       int64_t until, size_t limit, struct ahead_texts *ret_texts);

#endif
