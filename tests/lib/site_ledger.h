/* What a site should answer, kept the slow way: who was there when, in plain arrays, with
 * the words of the contract and none of count/'s code. */
#ifndef LUOT_TESTS_LIB_SITE_LEDGER_H
#define LUOT_TESTS_LIB_SITE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/zone.h"
#include "count/site.h"

enum { LEDGER_VISITORS = 60, LEDGER_DAYS = 128, LEDGER_KEYS = 128 };

struct ledger_period { /* a day, by its number - first_day */
    uint64_t views, visits, engaged;
    bool seen[LEDGER_VISITORS]; /* under the key that the day began with */
};

struct site_ledger {
    const struct zone *zone;
    unsigned first_weekday;
    enum identity identity;
    int64_t online_slots, idle_slots;
    int64_t first_day;
    uint64_t views, visits;
    struct ledger_period day[LEDGER_DAYS];
    bool week[LEDGER_DAYS / 7 + 2][LEDGER_VISITORS];
    bool month[LEDGER_DAYS / 28 + 2][LEDGER_VISITORS];
    int64_t opened[LEDGER_VISITORS]; /* the local day of the visit that goes on */
    bool second[LEDGER_VISITORS];    /* which has had its second view           */
    int64_t last[LEDGER_KEYS][LEDGER_VISITORS]; /* slot under a key; 0: unknown to it */
};

void ledger_init(struct site_ledger *l, const struct zone *zone, unsigned first_weekday,
                 enum identity identity, int64_t online_s, int64_t idle_s,
                 struct instant start);
void ledger_view(struct site_ledger *l, unsigned visitor, struct instant now);
/* A ping or an event. */
void ledger_sign(struct site_ledger *l, unsigned visitor, struct instant now);

/* The calendar spans and the total. */
uint64_t ledger_metric(const struct site_ledger *l, enum site_span span,
                       enum metric metric, struct instant now);
/* Visits of a local day that had a second view on it. */
uint64_t ledger_engaged(const struct site_ledger *l, int64_t day);
/* Visitors in the last `slots`. */
uint64_t ledger_window(const struct site_ledger *l, int64_t slots, struct instant now);

#endif
