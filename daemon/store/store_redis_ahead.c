/* Memory: names and texts lie one behind the other in one block that never moves, so that
 * letting go of all of it is setting one number. What a key holds is a chain of pieces, one
 * a reply:
 *
 *      piece:  next (4) | how many texts (4) | length (4) text | length (4) text | ...
 *
 * A key is found by the hash of its name; one that is there twice (two ranges of one set)
 * lies in two slots. */
#include "store/store_redis_ahead.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "store/store_redis.h"

enum { SLOTS = 2 * AHEAD_KEYS, NOWHERE = 8 /* so that no piece is at 0 */ };

struct redis_ahead *redis_ahead_new(void)
{
    struct redis_ahead *a = calloc(1, sizeof *a);

    if (a == NULL)
        return NULL;
    a->bytes = malloc(AHEAD_BYTES);
    a->key = malloc(AHEAD_KEYS * sizeof *a->key);
    a->slot = malloc(SLOTS * sizeof *a->slot);
    if (a->bytes == NULL || a->key == NULL || a->slot == NULL) {
        redis_ahead_free(a);
        return NULL;
    }
    redis_ahead_clear(a);
    return a;
}

void redis_ahead_free(struct redis_ahead *a)
{
    if (a == NULL)
        return;
    free(a->bytes);
    free(a->key);
    free(a->slot);
    free(a);
}

void redis_ahead_clear(struct redis_ahead *a)
{
    a->used = NOWHERE;
    a->keys = 0;
    a->full = false;
    memset(a->slot, 0, SLOTS * sizeof *a->slot);
}

/* --- Keeping --- */

static bool has_room(struct redis_ahead *a, size_t bytes)
{
    a->full = a->full || AHEAD_BYTES - a->used < bytes;
    return !a->full;
}

static void append(struct redis_ahead *a, const void *at, size_t length)
{
    if (length > 0)
        memcpy(a->bytes + a->used, at, length);
    a->used += length;
}

static void append_number(struct redis_ahead *a, size_t number)
{
    uint32_t n = (uint32_t)number;

    append(a, &n, sizeof n);
}

static uint32_t number_at(const struct redis_ahead *a, size_t at)
{
    uint32_t n;

    memcpy(&n, a->bytes + at, sizeof n);
    return n;
}

struct slice redis_ahead_name(const struct redis_ahead *a, const struct ahead_key *k)
{
    return (struct slice){a->bytes + k->name, k->length};
}

struct ahead_key *redis_ahead_add(struct redis_ahead *a, struct slice name,
                                  enum ahead_what what)
{
    struct ahead_key *k = &a->key[a->keys];

    a->full = a->full || a->keys == AHEAD_KEYS;
    if (!has_room(a, name.length))
        return NULL;
    *k = (struct ahead_key){
        .name = (uint32_t)a->used, .length = (uint32_t)name.length, .what = what};
    append(a, name.at, name.length);
    a->keys++;
    return k;
}

static size_t bytes_of(const redisReply *texts)
{
    size_t bytes = 2 * sizeof(uint32_t);

    for (size_t i = 0; i < texts->elements; i++)
        bytes += sizeof(uint32_t) + redis_text(texts->element[i]).length;
    return bytes;
}

/* From now on it is found. */
static void enter(struct redis_ahead *a, const struct ahead_key *k)
{
    size_t i = hash_fast(a->bytes + k->name, k->length) % SLOTS;

    while (a->slot[i] != 0)
        i = (i + 1) % SLOTS;
    a->slot[i] = (uint32_t)(k - a->key) + 1;
}

bool redis_ahead_keep(struct redis_ahead *a, struct ahead_key *k, const redisReply *texts)
{
    uint32_t piece;

    if (!has_room(a, bytes_of(texts)))
        return false;
    piece = (uint32_t)a->used;
    append_number(a, 0);
    append_number(a, texts->elements);
    for (size_t i = 0; i < texts->elements; i++) {
        const struct slice text = redis_text(texts->element[i]);

        append_number(a, text.length);
        append(a, text.at, text.length);
    }
    if (k->first == 0)
        k->first = piece;
    else
        memcpy(a->bytes + k->last, &piece, sizeof piece);
    k->last = piece;
    if (!k->heard)
        enter(a, k);
    k->heard = true;
    return true;
}

/* --- Finding --- */

static const struct ahead_key *find(const struct redis_ahead *a, struct slice name,
                                    size_t *at)
{
    for (; a->slot[*at] != 0; *at = (*at + 1) % SLOTS) {
        const struct ahead_key *k = &a->key[a->slot[*at] - 1];

        if (slice_equal(redis_ahead_name(a, k), name)) {
            *at = (*at + 1) % SLOTS;
            return k;
        }
    }
    return NULL;
}

static const struct ahead_key *find_one(const struct redis_ahead *a, struct slice name,
                                        enum ahead_what what, enum ahead_what or_what)
{
    size_t at;
    const struct ahead_key *k;

    if (a == NULL || a->keys == 0)
        return NULL;
    at = hash_fast(name.at, name.length) % SLOTS;
    k = find(a, name, &at);
    return k != NULL && (k->what == what || k->what == or_what) ? k : NULL;
}

static struct ahead_texts texts_of(const struct redis_ahead *a, const struct ahead_key *k)
{
    return (struct ahead_texts){.ahead = a,
                                .piece = k->first,
                                .at = k->first + 8,
                                .left = number_at(a, k->first + 4)};
}

bool redis_ahead_next(struct ahead_texts *t, struct slice *ret_text)
{
    const struct redis_ahead *a = t->ahead;

    while (t->left == 0) {
        t->piece = number_at(a, t->piece);
        if (t->piece == 0)
            return false;
        t->at = t->piece + 8;
        t->left = number_at(a, t->piece + 4);
    }
    *ret_text = (struct slice){a->bytes + t->at + 4, number_at(a, t->at)};
    t->at += 4 + (uint32_t)ret_text->length;
    t->left--;
    return true;
}

bool redis_ahead_hash(const struct redis_ahead *a, struct slice name,
                      struct ahead_texts *ret_texts, uint64_t *ret_cursor)
{
    const struct ahead_key *k = find_one(a, name, AHEAD_HASH, AHEAD_ALL);

    if (k == NULL)
        return false;
    *ret_texts = texts_of(a, k);
    *ret_cursor = k->cursor;
    return true;
}

bool redis_ahead_list(const struct redis_ahead *a, struct slice name,
                      struct ahead_texts *ret_texts, size_t *ret_limit)
{
    const struct ahead_key *k = find_one(a, name, AHEAD_LIST, AHEAD_LIST);

    if (k == NULL)
        return false;
    *ret_texts = texts_of(a, k);
    *ret_limit = k->limit;
    return true;
}

/* Has what is known of a range so many members from a score on? */
static bool has_members(const struct redis_ahead *a, const struct ahead_key *k,
                        int64_t from, size_t limit)
{
    struct ahead_texts t = texts_of(a, k);
    struct slice member, text;
    int64_t score;
    size_t n = 0;

    while (n < limit && redis_ahead_next(&t, &member) && redis_ahead_next(&t, &text))
        n += slice_signed(text, &score) == 0 && score >= from && score < k->until;
    return n == limit;
}

bool redis_ahead_range(const struct redis_ahead *a, struct slice name, int64_t from,
                       int64_t until, size_t limit, struct ahead_texts *ret_texts)
{
    const struct ahead_key *k;
    size_t at;

    if (a == NULL || a->keys == 0)
        return false;
    at = hash_fast(name.at, name.length) % SLOTS;
    while ((k = find(a, name, &at)) != NULL) {
        if (k->what != AHEAD_RANGE || k->from > from ||
            (k->until < until && !has_members(a, k, from, limit)))
            continue;
        *ret_texts = texts_of(a, k);
        return true;
    }
    return false;
}
