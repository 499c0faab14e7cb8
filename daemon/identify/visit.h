/* Floor 2 (identify). The value that flows from a parsed beacon to the counters. Slices
 * still point into the datagram or request. */
#ifndef LUOT_IDENTIFY_VISIT_H
#define LUOT_IDENTIFY_VISIT_H

#include <assert.h>

#include "base/address.h"
#include "base/hash_text.h"
#include "base/slice.h"
#include "identify/dimension.h"
#include "parse/query.h"

enum visit_kind { VISIT_VIEW, VISIT_PING, VISIT_EVENT };

/* Which keys come together (count/regulars.h). */
enum visit_part { VISIT_PERSON, VISIT_PAGE, VISIT_REFERRER, VISIT_PARTS };

struct regular;

struct visit {
    enum visit_kind kind;
    int64_t slot;            /* when: absolute 12 s slot                     */
    int64_t own_s;           /* unix seconds of a log line's own time; 0: now */
    struct address unit;     /* IPv4 whole, IPv6 its /64: address_unit()     */
    struct slice name;       /* a log's host name where there is no address: identity's
                                unit then; empty: none */
    struct slice user_agent; /* as it came: visit_user_agent() */
    bool agent_is_written;   /* in escapes: of a line that nobody had to decode */
    uint64_t agent_hash;     /* of the agent, cut at LUOT_USER_AGENT_MAX, by hash_key */
    const struct hash_text_key *hash_key; /* the worker's; NULL: nothing here is hashed */
    bool anonymous; /* DNT or GPC: no visitor is computed           */
    bool entry;     /* its referrer is another site or none: without a visitor
                                this is what makes a view a visit */
    uint64_t
        habit[VISIT_PARTS]; /* a hash of all that the keys of a part are found out from,
                                    but for site and day; 0: nobody asks */
    struct regular *regular[VISIT_PARTS]; /* count's: it knows their rows by heart, and
                                    the keys are not here; NULL: they are */
    uint64_t
        met; /* count's: by which it knows the visitor, but for the key; 0: not asked */
    uint32_t has; /* a bit a dimension: it has a key. Without the bit the two
                       below are nothing on the beacon path, where they are not cleared */
    struct slice key[DIMENSIONS]; /* what it is counted by; empty: none. UTF-8, at most
                                     LUOT_TOP_KEY_MAX bytes, good until the next visit */
    uint64_t hash[DIMENSIONS]; /* of the key, without a salt; 0: nobody has hashed it */
};

static_assert(DIMENSIONS <= 32, "a bit a dimension");

/* Into `memory`, where it still has its escapes. */
static inline struct slice visit_user_agent(const struct visit *v,
                                            char memory[HASH_TEXT_BYTES])
{
    struct slice plain = v->user_agent;

    if (v->agent_is_written)
        (void)query_decode(&plain, v->user_agent, memory); /* who left it so knows it */
    return plain;
}

static inline bool visit_has(const struct visit *v, enum dimension d)
{
    return v->has >> d & 1;
}

/* What the visit is counted by: static memory, or good until the next visit. Once a
 * dimension, or with another key that is not empty. */
static inline void visit_set(struct visit *v, enum dimension d, struct slice key,
                             uint64_t hash)
{
    v->key[d] = key;
    v->hash[d] = hash;
    v->has |= (uint32_t)(key.length > 0) << d;
}

/* The same, and its hash is made. Most keys that this is asked for are short. */
static inline void visit_put(struct visit *v, enum dimension d, struct slice key)
{
    uint64_t words[2], hash = 0;

    if (key.length == 0) {
        visit_set(v, d, key, 0);
        return;
    }
    if (v->hash_key != NULL && key.length < sizeof words[0]) {
        hash_text_short(key, words);
        hash = hash_text_word_only(v->hash_key, words[0], key.length);
    } else if (v->hash_key != NULL) {
        hash = hash_text(v->hash_key, key, 0);
    }
    visit_set(v, d, key, hash);
}

#endif
