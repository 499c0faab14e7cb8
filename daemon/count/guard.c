#include "count/guard.h"

#include <stdlib.h>

#include "base/hash.h"
#include "count/rate.h"

enum { BUCKETS = 1 << 16 };

struct guard {
    struct hash_key key;
    struct rate *address, *newcomers;
};

struct guard *guard_new(void)
{
    struct guard *g = calloc(1, sizeof *g);

    if (g == NULL)
        return NULL;
    hash_key_random(&g->key);
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

/* One address at two sites is two askers; the multiplier spreads small numbers over all
 * bits (2^64 divided by the golden ratio). */
static uint64_t at_site(uint64_t who, const struct site *s)
{
    return who ^ ((uint64_t)s->index + 1) * UINT64_C(0x9E3779B97F4A7C15);
}

static bool newcomers_allow(const struct guard *g, const struct guard_rules *rules,
                            struct site *s, struct site_lane *lane,
                            const struct guarded *v)
{
    return v->visit->anonymous || v->visit->kind != VISIT_VIEW ||
           rate_has(g->newcomers, &rules->newcomers, at_site(v->who, s), v->now_ms) ||
           site_knows(s, lane, v->visit);
}

bool guard_allows(struct guard *g, const struct guard_rules *rules, struct site *s,
                  struct site_lane *lane, struct guarded *v)
{
    const struct rate_rule *site_rule = &lane->terms->config.site_rate_limit;
    bool of_address = v->named && (rules->address.events | rules->newcomers.events) != 0;

    if (v->visit->kind == VISIT_PING)
        return true;
    if (of_address) {
        v->who = hash_keyed(&g->key, v->visit->unit.bytes, sizeof v->visit->unit.bytes);
        if (!newcomers_allow(g, rules, s, lane, v) ||
            !rate_take(g->address, &rules->address, v->who, v->now_ms))
            return false;
    }
    return rate_take_word(&s->rate, site_rule, v->now_ms);
}

void guard_counted(struct guard *g, const struct guard_rules *rules, const struct site *s,
                   const struct site_lane *lane, const struct guarded *v)
{
    if (lane->newcomer && v->named && v->visit->kind == VISIT_VIEW)
        (void)rate_take(g->newcomers, &rules->newcomers, at_site(v->who, s), v->now_ms);
}
