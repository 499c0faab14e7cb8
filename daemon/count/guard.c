#include "count/guard.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "count/rate.h"

enum { BUCKETS = 1 << 16 };

struct guard {
    struct hash_pair_key key;
    struct rate *address, *newcomers;
    _Atomic int64_t watch_until_ms; /* until then an address may be over newcomers */
    _Atomic unsigned forgotten;     /* parts, by all workers together */
};

struct guard *guard_new(void)
{
    struct guard *g = calloc(1, sizeof *g);

    if (g == NULL)
        return NULL;
    hash_pair_key_random(&g->key);
    g->address = rate_new(BUCKETS);
    g->newcomers = rate_new(BUCKETS);
    if (g->address != NULL && g->newcomers != NULL)
        return g;
    guard_free(g);
    return NULL;
}

void guard_free(struct guard *g)
{
    if (g == NULL)
        return;
    rate_free(g->address);
    rate_free(g->newcomers);
    free(g);
}

uint64_t guard_expect(const struct guard *g, const struct address *unit)
{
    uint64_t half[2], who;

    memcpy(half, unit->bytes, sizeof half);
    who = hash_pair(&g->key, half[0], half[1]);
    rate_expect(g->address, who);
    return who;
}

bool guard_may(const struct guard *g, const struct guard_rules *rules,
               const struct guarded *v)
{
    return !v->named || rate_has(g->address, &rules->address, v->who, v->now_ms);
}

/* One address at two sites is two askers; the multiplier spreads small numbers over all
 * bits (2^64 divided by the golden ratio). */
static uint64_t at_site(uint64_t who, const struct site *s)
{
    return who ^ ((uint64_t)s->index + 1) * UINT64_C(0x9E3779B97F4A7C15);
}

static bool is_watched(const struct guard *g, int64_t now_ms)
{
    return now_ms < atomic_load_explicit(&g->watch_until_ms, memory_order_relaxed);
}

/* An address has brought its last newcomer: it has no token until `capacity` is over at the
 * latest. Relaxed: who does not see it yet lets one more in. */
static void watch(struct guard *g, const struct rate_limit *limit, int64_t now_ms)
{
    int64_t until = now_ms + (int64_t)(limit->capacity_us / 1000) + 1;
    int64_t seen = atomic_load_explicit(&g->watch_until_ms, memory_order_relaxed);

    while (seen < until && !atomic_compare_exchange_weak_explicit(
                               &g->watch_until_ms, &seen, until, memory_order_relaxed,
                               memory_order_relaxed))
        ;
}

static bool newcomers_allow(const struct guard *g, const struct guard_rules *rules,
                            struct site *s, struct site_lane *lane,
                            const struct guarded *v)
{
    return !is_watched(g, v->now_ms) || v->visit->anonymous ||
           v->visit->kind != VISIT_VIEW ||
           rate_has(g->newcomers, &rules->newcomers, at_site(v->who, s), v->now_ms) ||
           site_knows(s, lane, v->visit);
}

bool guard_allows(struct guard *g, const struct guard_rules *rules, struct site *s,
                  struct site_lane *lane, const struct guarded *v)
{
    if (v->visit->kind == VISIT_PING)
        return true;
    if (v->named && (!newcomers_allow(g, rules, s, lane, v) ||
                     !rate_take(g->address, &rules->address, v->who, v->now_ms)))
        return false;
    return rate_take_word(&s->rate, &lane->terms->rate, v->now_ms);
}

void guard_counted(struct guard *g, const struct guard_rules *rules, const struct site *s,
                   const struct site_lane *lane, const struct guarded *v)
{
    uint64_t who;

    if (!lane->newcomer || !v->named || v->visit->kind != VISIT_VIEW)
        return;
    who = at_site(v->who, s);
    (void)rate_take(g->newcomers, &rules->newcomers, who, v->now_ms);
    if (!rate_has(g->newcomers, &rules->newcomers, who, v->now_ms))
        watch(g, &rules->newcomers, v->now_ms);
}

size_t guard_forget(struct guard *g, const struct guard_rules *rules, int64_t now_ms)
{
    unsigned part = atomic_fetch_add_explicit(&g->forgotten, 1, memory_order_relaxed) %
                    GUARD_FORGETS_S;

    return rate_forget(g->address, &rules->address, now_ms, part, GUARD_FORGETS_S) +
           rate_forget(g->newcomers, &rules->newcomers, now_ms, part, GUARD_FORGETS_S);
}
