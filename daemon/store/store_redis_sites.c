/* Which sites there are, and since when. */

#include "base/error.h"
#include "store/store_redis.h"
#include "store/store_redis_order.h"

struct first {
    int64_t created, live;
    bool any;
};

static int hear_first(void *context, struct slice field, struct slice value)
{
    struct first *f = context;

    f->any = true;
    if (slice_equal(field, SLICE("created")))
        (void)slice_signed(value, &f->created);
    if (slice_equal(field, SLICE("first_live")))
        (void)slice_signed(value, &f->live);
    return 0;
}

int redis_site_first(struct store *store, struct slice site, int64_t *ret_created_s,
                     int64_t *ret_first_live_s)
{
    struct redis_store *s = redis_store_of(store);
    struct first f = {.any = false};
    char key[KEY_MAX];
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    if (rv == 0)
        rv = redis_read_hash(s, redis_key(key, site, "site"), hear_first, &f, give_up_ms);
    if (rv == 0 && !f.any)
        rv = ERR_NOT_FOUND;
    if (rv != 0)
        return rv;
    *ret_created_s = f.created;
    *ret_first_live_s = f.live;
    return 0;
}

struct sites {
    int (*site)(void *, struct slice key, struct slice host);
    void *context;
    int said;
};

static int hear_site(void *context, struct slice field, struct slice value)
{
    struct sites *x = context;

    if (x->said == 0)
        x->said = x->site(x->context, field, value);
    return 0;
}

int redis_sites(struct store *store,
                int (*site)(void *, struct slice key, struct slice host), void *context)
{
    struct redis_store *s = redis_store_of(store);
    struct sites x = {site, context, 0};
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    if (rv == 0)
        rv = redis_read_hash(s, SLICE("luot:sites"), hear_site, &x, give_up_ms);
    return rv != 0 ? rv : x.said;
}
