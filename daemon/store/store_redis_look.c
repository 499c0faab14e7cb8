/* What Redis has of a site, in short; and what each node has given it. */
#include <stdio.h>

#include "base/error.h"
#include "base/hash.h"
#include "store/store_redis_dump.h"

struct looking {
    struct redis_store *s;
    uint64_t live;
};

/* A sum, so the order in which a hash is read does not matter. */
static int hear_live(void *context, struct slice field, struct slice value)
{
    struct looking *x = context;
    char text[DUMP_WHO_MAX + 64];
    int n;

    if (slice_equal(field, slice_of(x->s->run)))
        return 0;
    n = snprintf(text, sizeof text, "%.*s=%.*s", (int)field.length, field.at,
                 (int)value.length, value.at);
    x->live += hash_fast(text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
    return 0;
}

int redis_look(struct store *store, struct slice site, struct store_look *ret_look)
{
    struct redis_store *s = redis_store_of(store);
    struct looking x = {.s = s};
    char total[KEY_MAX], audit[KEY_MAX], copies[KEY_MAX];
    const struct slice length[] = {SLICE("LLEN"), redis_key(audit, site, "audit")};
    const struct slice copied[] = {SLICE("HGET"), redis_key(copies, site, "copies"),
                                   slice_of(s->node)};
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    *ret_look = (struct store_look){.copied = -1};
    if (rv == 0)
        rv = redis_ask_number(s, length, 2, &ret_look->said, give_up_ms);
    if (rv == 0)
        rv = redis_ask_number(s, copied, 3, &ret_look->copied, give_up_ms);
    if (rv == 0)
        rv = redis_read_hash(s, redis_key(total, site, "total"), hear_live, &x,
                             give_up_ms);
    ret_look->live = x.live;
    return rv;
}

int redis_mark(struct store *store, struct slice site, int64_t said)
{
    struct redis_store *s = redis_store_of(store);
    char copies[KEY_MAX], text[24];
    const int n = snprintf(text, sizeof text, "%lld", (long long)said);
    const struct slice word[] = {SLICE("HSET"),
                                 redis_key(copies, site, "copies"),
                                 slice_of(s->node),
                                 {text, (size_t)n}};
    int64_t give_up_ms, added;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    return rv != 0 ? rv : redis_ask_number(s, word, 4, &added, give_up_ms);
}
