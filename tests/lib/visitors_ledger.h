/* What a table of visitors should say, kept by one thread the plain way: the last slot of
 * each visitor, by number, and one counter a period. No fingerprints, no tables, no
 * sketches. */
#ifndef LUOT_TESTS_LIB_VISITORS_LEDGER_H
#define LUOT_TESTS_LIB_VISITORS_LEDGER_H

#include "count/visitors.h"

/* Of each kind, from the first one on: 50 days of hours. */
enum { LEDGER_PERIODS = 1200 };

struct visitors_ledger {
    int64_t *last;   /* of each visitor; 0: never seen */
    bool *second;    /* its visit has had its second view */
    size_t visitors; /* room                           */
    uint64_t words, visits, second_views, joins;
    uint32_t first[PERIOD_KINDS]; /* the number of tally[kind][0] */
    uint64_t tally[PERIOD_KINDS][LEDGER_PERIODS];
};

struct visitors_ledger *visitors_ledger_new(size_t visitors, int64_t base_slot);
void visitors_ledger_free(struct visitors_ledger *l);
struct visitors_verdict visitors_ledger_hit(struct visitors_ledger *l, size_t visitor,
                                            int64_t slot);
/* Seen in slots > now_slot - slots. */
uint64_t visitors_ledger_window(const struct visitors_ledger *l, int64_t now_slot,
                                int64_t slots);
uint64_t visitors_ledger_period(const struct visitors_ledger *l, enum period_kind kind,
                                uint32_t number);
/* NULL when the table says the same of words, joins, the open periods and the ones
 * before, and three windows; else what differs, in static memory. */
const char *visitors_ledger_compare(const struct visitors_ledger *l,
                                    const struct visitors_table *t, int64_t now_slot);

#endif
