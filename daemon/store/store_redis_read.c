/* Reading a page at a time, so that no reply is long whatever a key has grown to. */
#include <stdio.h>

#include "base/error.h"
#include "store/store_redis.h"
#include "store/store_redis_ahead.h"

enum { LIST_PAGE = 64, SCORES_PAGE = 1000, MEMBERS_PAGE = 200 };

/* --- Hashes --- */

struct scanning {
    struct redis_scan *scan;
    size_t n, said, heard; /* of this round: the ones that are not done, in order */
    redis_scan_fn *fn;
    void *context;
};

static size_t next_open(const struct scanning *c, size_t from)
{
    while (from < c->n && c->scan[from].done)
        from++;
    return from;
}

static int say_scan(void *context, struct redis_link *l)
{
    struct scanning *c = context;
    char cursor[24], count[16];
    size_t i = next_open(c, c->said);

    if (i == c->n)
        return ERR_NOT_FOUND;
    c->said = i + 1;
    snprintf(cursor, sizeof cursor, "%llu", (unsigned long long)c->scan[i].cursor);
    snprintf(count, sizeof count, "%d", SCAN_COUNT);
    return redis_say(l,
                     (const struct slice[]){SLICE("HSCAN"), slice_of(c->scan[i].key),
                                            slice_of(cursor), SLICE("COUNT"),
                                            slice_of(count)},
                     5);
}

/* [cursor, [field, value, field, value, ...]] */
static int hear_scan(void *context, size_t number, const redisReply *reply)
{
    struct scanning *c = context;
    struct redis_scan *scan;
    const redisReply *pairs;
    int rv = 0;

    (void)number;
    c->heard = next_open(c, c->heard);
    if (c->heard == c->n || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[1]->type != REDIS_REPLY_ARRAY)
        return ERR_MALFORMED;
    scan = &c->scan[c->heard++];
    pairs = reply->element[1];
    if (slice_number(redis_text(reply->element[0]), &scan->cursor) != 0)
        return ERR_MALFORMED;
    for (size_t i = 0; i + 1 < pairs->elements && rv == 0; i += 2)
        rv = c->fn(c->context, scan, redis_text(pairs->element[i]),
                   redis_text(pairs->element[i + 1]));
    scan->done = scan->cursor == 0;
    return rv;
}

/* What was fetched ahead; where it goes on is asked for. */
static int recall_hash(const struct redis_store *s, struct redis_scan *scan,
                       redis_scan_fn *fn, void *context)
{
    struct ahead_texts texts;
    struct slice field, value;
    int rv = 0;

    if (scan->done || scan->cursor != 0 ||
        !redis_ahead_hash(s->ahead, slice_of(scan->key), &texts, &scan->cursor))
        return 0;
    while (rv == 0 && redis_ahead_next(&texts, &field) &&
           redis_ahead_next(&texts, &value))
        rv = fn(context, scan, field, value);
    scan->done = scan->cursor == 0;
    return rv;
}

int redis_read_hashes(struct redis_store *s, struct redis_scan *scan, size_t n,
                      redis_scan_fn *fn, void *context, int64_t give_up_ms)
{
    struct scanning c = {.scan = scan, .n = n, .fn = fn, .context = context};
    const struct redis_talk talk = {.ask = say_scan, .answer = hear_scan, .context = &c};
    int rv = 0;

    for (size_t i = 0; i < n && rv == 0 && s->ahead != NULL; i++)
        rv = recall_hash(s, &scan[i], fn, context);
    while (rv == 0 && next_open(&c, 0) < n) {
        c.said = c.heard = 0;
        rv = redis_link_talk(s->link, &talk, give_up_ms);
    }
    return rv;
}

struct one_hash {
    redis_pair_fn *pair;
    void *context;
};

static int pass_pair(void *context, const struct redis_scan *scan, struct slice field,
                     struct slice value)
{
    const struct one_hash *h = context;

    (void)scan;
    return h->pair(h->context, field, value);
}

int redis_read_hash(struct redis_store *s, struct slice key, redis_pair_fn *pair,
                    void *context, int64_t give_up_ms)
{
    struct one_hash h = {pair, context};
    struct redis_scan scan = {.cursor = 0};

    snprintf(scan.key, sizeof scan.key, "%.*s", (int)key.length, key.at);
    return redis_read_hashes(s, &scan, 1, pass_pair, &h, give_up_ms);
}

/* --- Lists and sorted sets: pages of one command --- */

struct paging {
    struct slice key;
    const char *command; /* LRANGE or ZRANGEBYSCORE */
    char low[32], high[32];
    size_t from, limit, heard;
    bool said, once; /* once: one page is enough */
    redis_element_fn *element;
    int (*score)(void *, int64_t);
    int (*member)(void *, int64_t score, struct slice member);
    void *context;
};

static int say_page(void *context, struct redis_link *l)
{
    struct paging *p = context;
    char from[24], limit[24];

    if (p->said)
        return ERR_NOT_FOUND;
    p->said = true;
    snprintf(from, sizeof from, "%zu", p->from);
    if (p->element != NULL) {
        snprintf(limit, sizeof limit, "%zu", p->from + p->limit - 1);
        return redis_say(l,
                         (const struct slice[]){SLICE("LRANGE"), p->key, slice_of(from),
                                                slice_of(limit)},
                         4);
    }
    snprintf(limit, sizeof limit, "%zu", p->limit);
    return redis_say(l,
                     (const struct slice[]){SLICE("ZRANGEBYSCORE"), p->key,
                                            slice_of(p->low), slice_of(p->high),
                                            SLICE("WITHSCORES"), SLICE("LIMIT"),
                                            slice_of(from), slice_of(limit)},
                     8);
}

static int hear_member(struct paging *p, struct slice member, struct slice text)
{
    int64_t score;

    if (slice_signed(text, &score) != 0)
        return 0;
    return p->member != NULL ? p->member(p->context, score, member)
                             : p->score(p->context, score);
}

static int hear_page(void *context, size_t number, const redisReply *reply)
{
    struct paging *p = context;
    int rv = 0;

    (void)number;
    if (reply->type != REDIS_REPLY_ARRAY)
        return ERR_MALFORMED;
    if (p->element != NULL) {
        p->heard = reply->elements;
        for (size_t i = 0; i < reply->elements && rv == 0; i++)
            rv = p->element(p->context, p->from + i, redis_text(reply->element[i]));
        return rv;
    }
    p->heard = reply->elements / 2;
    for (size_t i = 0; i + 1 < reply->elements && rv == 0; i += 2)
        rv = hear_member(p, redis_text(reply->element[i]),
                         redis_text(reply->element[i + 1]));
    return rv;
}

static int read_pages(struct redis_store *s, struct paging *p, int64_t give_up_ms)
{
    const struct redis_talk talk = {.ask = say_page, .answer = hear_page, .context = p};
    int rv;

    do {
        p->said = false;
        p->heard = 0;
        rv = redis_link_talk(s->link, &talk, give_up_ms);
        p->from += p->limit;
    } while (rv == 0 && p->heard >= p->limit && !p->once);
    return rv;
}

/* True: the list was fetched ahead, to its end. Else it goes on at p->from. */
static bool recall_list(const struct redis_store *s, struct paging *p, int *ret_error)
{
    struct ahead_texts texts;
    struct slice element;
    size_t limit;

    *ret_error = 0;
    if (!redis_ahead_list(s->ahead, p->key, &texts, &limit))
        return false;
    while (*ret_error == 0 && redis_ahead_next(&texts, &element))
        *ret_error = p->element(p->context, p->from++, element);
    return *ret_error != 0 || p->from < limit;
}

int redis_read_list(struct redis_store *s, struct slice key, redis_element_fn *element,
                    void *context, int64_t give_up_ms)
{
    struct paging p = {
        .key = key, .limit = LIST_PAGE, .element = element, .context = context};
    int rv;

    return recall_list(s, &p, &rv) ? rv : read_pages(s, &p, give_up_ms);
}

/* True: this range of it was fetched ahead. */
static bool recall_range(const struct redis_store *s, struct paging *p, int64_t from,
                         int64_t until, int *ret_error)
{
    const size_t limit = p->once ? p->limit : SIZE_MAX;
    struct ahead_texts texts;
    struct slice member, text;
    int64_t score;
    size_t n = 0;

    *ret_error = 0;
    if (!redis_ahead_range(s->ahead, p->key, from, until, limit, &texts))
        return false;
    while (*ret_error == 0 && n < limit && redis_ahead_next(&texts, &member) &&
           redis_ahead_next(&texts, &text)) {
        if (slice_signed(text, &score) != 0 || score < from || score >= until)
            continue;
        *ret_error = hear_member(p, member, text);
        n++;
    }
    return true;
}

/* Scores are doubles; what lies beyond them is no day. */
void redis_write_range(char low[32], char high[32], int64_t from, int64_t until)
{
    snprintf(low, 32, from < -1000000000 ? "-inf" : "%lld", (long long)from);
    snprintf(high, 32, until > 1000000000 ? "+inf" : "(%lld", (long long)until);
}

static int read_range(struct redis_store *s, struct paging *p, int64_t from,
                      int64_t until, int64_t give_up_ms)
{
    int rv;

    if (recall_range(s, p, from, until, &rv))
        return rv;
    redis_write_range(p->low, p->high, from, until);
    return read_pages(s, p, give_up_ms);
}

int redis_read_scores(struct redis_store *s, struct slice key, int64_t from,
                      int64_t until, int (*score)(void *, int64_t), void *context,
                      int64_t give_up_ms)
{
    struct paging p = {
        .key = key, .limit = SCORES_PAGE, .score = score, .context = context};

    return read_range(s, &p, from, until, give_up_ms);
}

int redis_read_first_scores(struct redis_store *s, struct slice key, int64_t from,
                            int64_t until, size_t limit, int (*score)(void *, int64_t),
                            void *context, int64_t give_up_ms)
{
    struct paging p = {
        .key = key, .limit = limit, .once = true, .score = score, .context = context};

    return read_range(s, &p, from, until, give_up_ms);
}

int redis_read_members(struct redis_store *s, struct slice key, int64_t from,
                       int64_t until,
                       int (*member)(void *, int64_t score, struct slice member),
                       void *context, int64_t give_up_ms)
{
    struct paging p = {
        .key = key, .limit = MEMBERS_PAGE, .member = member, .context = context};

    return read_range(s, &p, from, until, give_up_ms);
}
