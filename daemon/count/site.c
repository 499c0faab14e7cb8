/* A site's place in the arena, its name, and the terms it runs under. */
#include "count/site.h"

#include <stdlib.h>
#include <string.h>

#include "count/site_inner.h"
#include "count/site_layout.h"
#include "count/site_quarters.h"
#include "count/site_seal_inner.h"

uint64_t site_layout_hash(void)
{
    const uint64_t sizes[] = {
        SITE_HISTORY_END, /* what lies behind it came after version 2 */
        offsetof(struct site_block, hits),
        offsetof(struct site_block, visitors),
        offsetof(struct site_block, keys),
        offsetof(struct site_block, day),
        offsetof(struct site_block, week),
        offsetof(struct site_block, history),
        sizeof(struct hits),
        sizeof(struct visitors),
        sizeof(struct distinct),
        sizeof(struct hll),
        sizeof(struct count_head),
        SITE_RANGE_BYTES,
        TABLE_AT,
        MATRIX_AT,
        HLL_AT,
    };

    return hash_fast(sizes, sizeof sizes);
}

void site_attach(struct site *s, struct arena *a, unsigned index)
{
    char *range = arena_range(a, index);

    s->index = index;
    atomic_store_explicit(&s->read_day, INT64_MIN, memory_order_relaxed);
    s->block = (struct site_block *)range;
    s->seal = site_place(s, SEAL_AT);
    for (unsigned i = 0; i < SITE_KEYS; i++) {
        s->table[i] = (struct visitors_table){
            .head = &s->block->visitors[i],
            .word = (_Atomic uint64_t *)(range + site_table_at(i)),
            .matrix = (struct distinct *)(range + site_matrix_at(i)),
            .day = {(struct hll *)(range + site_day_hll_at(i, 0)),
                    (struct hll *)(range + site_day_hll_at(i, 1))},
            .month = (struct hll *)(range + site_month_hll_at(i)),
        };
    }
    site_tops_attach(s);
}

int site_make(struct site *s, struct arena *a, struct instant now)
{
    int rv = site_quarters_make(s, a);

    if (rv == 0)
        rv = arena_back(a, site_place(s, site_table_at(0)),
                        VISITORS_IN_BLOCK * sizeof(uint64_t));
    if (rv == 0)
        rv = site_tops_make(s, a, true, instant_slot(now));
    if (rv != 0)
        return rv;
    memset((void *)s->seal, 0, sizeof *s->seal);
    site_engaged_make(s);
    site_refused_make(s);
    hits_init(&s->block->hits, instant_slot(now));
    atomic_store_explicit(&s->block->created_s, instant_seconds(now),
                          memory_order_relaxed);
    atomic_store_explicit(&s->block->state, SITE_BLANK, memory_order_release);
    return 0;
}

void site_write_name(char *at, size_t size, struct slice name)
{
    memset(at, 0, size);
    if (name.length > 0)
        memcpy(at, name.at, name.length < size ? name.length : size - 1);
}

void site_name(struct site *s, struct slice key, struct slice host)
{
    struct site_block *b = s->block;

    site_seal_name(s, key, host);
    site_write_name(b->key, sizeof b->key, key);
    site_write_name(b->host, sizeof b->host, host);
    /* The name is whole before anyone, now or after kill -9, takes the site for live. */
    atomic_store_explicit(&b->state, SITE_LIVE, memory_order_release);
}

static int near_zone(struct zone **near, struct slice name)
{
    struct zone *zone;
    int rv;

    if (*near != NULL && slice_equal(slice_of(zone_name(*near)), name))
        return 0;
    rv = zone_load(&zone, name);
    if (rv != 0)
        return rv;
    zone_free(*near);
    *near = zone;
    return 0;
}

struct site_terms *site_terms_new(const struct site_config *config)
{
    struct zone *near = NULL;
    struct site_terms *t = site_terms_new_near(config, &near);

    zone_free(near);
    return t;
}

struct site_terms *site_terms_new_near(const struct site_config *config,
                                       struct zone **near)
{
    struct site_terms *t = calloc(1, sizeof *t);

    if (t == NULL)
        return NULL;
    t->config = *config;
    if (near_zone(near, slice_of(config->timezone)) != 0) {
        free(t);
        return NULL;
    }
    t->zone = zone_share(*near);
    t->calendar = (struct calendar){t->zone, config->first_weekday};
    t->online_slots = (config->online_window_s * 1000 + SLOT_MS - 1) / SLOT_MS;
    t->rate = rate_limit_of(&config->site_rate_limit);
    t->idle_slots = (config->session_idle_s * 1000 + SLOT_MS - 1) / SLOT_MS;
    return t;
}

bool site_terms_equal(const struct site_terms *a, const struct site_terms *b)
{
    return memcmp(&a->config, &b->config, sizeof a->config) == 0 &&
           zone_equal(a->zone, b->zone); /* tzdata may have been updated */
}

void site_terms_free(struct site_terms *t)
{
    if (t == NULL)
        return;
    zone_free(t->zone);
    free(t);
}

const char *site_shown_key(const struct site *s)
{
    const char *shown = atomic_load_explicit(&s->shown, memory_order_acquire);

    return shown != NULL ? shown : s->block->key;
}
