/* check: what a store that others can write to (Redis) has of each site against what is in
 * memory: all that this run counted, and today's.
 *
 * Saving is a moment behind counting, and nobody waits here for a save: what was counted
 * in the slot that is under way and the one before it, 12 to 24 s, may be on its way, so
 * a store must have at least what was counted before that. It may never have more than
 * what is counted when it has answered.
 *
 * Each store is asked over a connection of its own, in one pipeline that ends within a
 * second: the saver's is the saver's, and a stop waits for us no longer than that. */
#include <stdio.h>
#include <stdlib.h>

#include "answer/checking.h"
#include "base/error.h"

enum {
    ASK_MS = 1000,
    ON_ITS_WAY_SLOTS = 2, /* longer than two saves         */
    NAMED = 20            /* sites that differ, by name    */
};

struct asked_site {
    const struct site *site;
    uint64_t views, day_views; /* it must have these at least */
};

struct shared_check {
    struct checking *c;
    struct own_hits *row; /* one a site, as asked and answered  */
    struct asked_site *asked;
    size_t n;
    char where[256]; /* the store, without its password    */
};

static uint64_t views_of_day(const struct site *site, int64_t day, struct instant now)
{
    struct site_numbers n;

    return site_own_day(site, day, now, &n) ? n.metric[METRIC_VIEWS] : 0;
}

static uint64_t without(uint64_t all, uint64_t part)
{
    return all > part ? all - part : 0;
}

/* What is in memory before the store is asked. */
static void look_at_sites(struct shared_check *s)
{
    const struct registry *r = s->c->job->service->registry;
    int64_t slot = instant_slot(s->c->now);

    for (size_t i = 0; i < registry_limit(r); i++) {
        const struct site *site = registry_at(r, i);
        struct own_hits *row = &s->row[s->n];
        struct asked_site *a = &s->asked[s->n];
        uint64_t late;

        if (site == NULL)
            continue;
        late = hits_window(&site->block->hits, slot, ON_ITS_WAY_SLOTS).views;
        *row = (struct own_hits){
            .site = slice_of(site->block->key),
            .day =
                zone_day(atomic_load_explicit(&site->terms, memory_order_acquire)->zone,
                         instant_seconds(s->c->now))};
        *a = (struct asked_site){
            .site = site,
            .views = without(hits_total(&site->block->hits).views, late),
            .day_views = without(views_of_day(site, row->day, s->c->now), late)};
        s->n++;
    }
}

static bool differs(const struct shared_check *s, size_t i)
{
    const struct own_hits *row = &s->row[i];
    const struct asked_site *a = &s->asked[i];

    return row->views < a->views || row->day_views < a->day_views ||
           row->views > hits_total(&a->site->block->hits).views ||
           row->day_views > views_of_day(a->site, row->day, s->c->now);
}

static void compare(struct shared_check *s)
{
    size_t bad = 0;

    for (size_t i = 0; i < s->n; i++) {
        const struct own_hits *row = &s->row[i];
        const struct site *site = s->asked[i].site;

        if (!differs(s, i) || ++bad > NAMED)
            continue;
        checking_say(
            s->c, false, "differs",
            "%s: %s has %llu views of this run and %llu of today, luotd has %llu and "
            "%llu: all is written again within ten minutes; if it is not right then, "
            "look for who else writes to its luot:* keys",
            site_shown_key(site), s->where, (unsigned long long)row->views,
            (unsigned long long)row->day_views,
            (unsigned long long)hits_total(&site->block->hits).views,
            (unsigned long long)views_of_day(site, row->day, s->c->now));
    }
    if (bad > NAMED)
        checking_say(s->c, false, "differs", "%s: and %zu more sites", s->where,
                     bad - NAMED);
    if (bad == 0)
        checking_say(s->c, true, "holds", "%s has of each of %zu sites what luotd has",
                     s->where, s->n);
}

static void say_no_answer(struct shared_check *s, const struct store *store, int rv)
{
    unsigned number;
    const char *said =
        store->ops->trouble == NULL ? "" : store->ops->trouble(store, &number);

    checking_say(s->c, false, "holds",
                 "what %s has cannot be asked (%s); counting goes on, and all of it is "
                 "saved when it is back",
                 s->where, said[0] != '\0' ? said : error_text(rv));
}

static void check_one(struct shared_check *s, const char *where)
{
    const struct service *service = s->c->job->service;
    char sentence[512] = "";
    struct store *store;
    struct buffer b;
    int rv;

    buffer_init(&b, s->where, sizeof s->where - 1);
    store_where_write(&b, slice_of(where));
    s->where[b.length] = '\0';
    rv = store_open(&store, where, service->node, s->c->status.incarnation, sentence);
    if (rv != 0) {
        checking_say(s->c, false, "holds", "%s cannot be asked: %s", s->where,
                     sentence[0] != '\0' ? sentence : error_text(rv));
        return;
    }
    s->n = 0;
    look_at_sites(s);
    rv = store->ops->own(store, s->row, s->n, deadline_in(ASK_MS));
    s->c->now = clock_now(service->clock);
    if (rv == 0)
        compare(s);
    else
        say_no_answer(s, store, rv);
    store->ops->close(store);
}

void checking_shared_stores(struct checking *c)
{
    const struct service *service = c->job->service;
    size_t limit = registry_limit(service->registry);
    struct shared_check s = {.c = c};
    bool shared = false;

    for (unsigned i = 0; i < service->stores; i++)
        shared = shared || redis_where_is(slice_of(service->store[i]));
    if (!shared)
        return;
    s.row = calloc(limit, sizeof *s.row);
    s.asked = calloc(limit, sizeof *s.asked);
    if (s.row == NULL || s.asked == NULL)
        checking_say(c, false, "holds", "%s", error_text(ERR_NOMEM));
    else
        for (unsigned i = 0; i < service->stores; i++)
            if (redis_where_is(slice_of(service->store[i])))
                check_one(&s, service->store[i]);
    free(s.row);
    free(s.asked);
}
