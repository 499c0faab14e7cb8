#include "lib/visitors_ledger.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/utc_periods.h"

struct visitors_ledger *visitors_ledger_new(size_t visitors, int64_t base_slot)
{
    struct visitors_ledger *l = calloc(1, sizeof *l);
    struct visit_periods p;

    if (l == NULL || (l->last = calloc(visitors, sizeof *l->last)) == NULL ||
        (l->second = calloc(visitors, sizeof *l->second)) == NULL)
        abort();
    l->visitors = visitors;
    utc_periods(base_slot, &p);
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        l->first[kind] = p.number[kind];
    return l;
}

void visitors_ledger_free(struct visitors_ledger *l)
{
    if (l != NULL) {
        free(l->last);
        free(l->second);
    }
    free(l);
}

struct visitors_verdict visitors_ledger_hit(struct visitors_ledger *l, size_t visitor,
                                            int64_t slot)
{
    struct visit_periods p, before = {0};
    struct visitors_verdict verdict = {.placed = true};
    int64_t last = l->last[visitor];

    utc_periods(slot, &p);
    if (last >= slot) {
        verdict.second_view = !l->second[visitor] && last < p.until_slot;
        l->second[visitor] |= verdict.second_view;
        l->second_views += verdict.second_view;
        return verdict;
    }
    if (last != 0)
        utc_periods(last, &before);
    verdict.first_seen = last == 0;
    verdict.first_today = last == 0 || before.number[PERIOD_DAY] != p.number[PERIOD_DAY];
    verdict.new_visit = verdict.first_today || slot - last >= UTC_IDLE;
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        if (last == 0 || before.number[kind] != p.number[kind])
            l->tally[kind][p.number[kind] - l->first[kind]]++;
    verdict.second_view = !verdict.new_visit && !l->second[visitor];
    l->second[visitor] = !verdict.new_visit;
    l->second_views += verdict.second_view;
    l->words += last == 0;
    l->visits += verdict.new_visit;
    l->joins += last == 0 || slot - last >= UTC_ONLINE;
    l->last[visitor] = slot;
    return verdict;
}

uint64_t visitors_ledger_window(const struct visitors_ledger *l, int64_t now_slot,
                                int64_t slots)
{
    uint64_t count = 0;
    for (size_t i = 0; i < l->visitors; i++)
        count += l->last[i] != 0 && l->last[i] > now_slot - slots;
    return count;
}

uint64_t visitors_ledger_period(const struct visitors_ledger *l, enum period_kind kind,
                                uint32_t number)
{
    return number < l->first[kind] ? 0 : l->tally[kind][number - l->first[kind]];
}

static char difference[160];

static const char *differ(const char *what, unsigned kind, uint64_t is, uint64_t should)
{
    snprintf(difference, sizeof difference, "%s %u: %llu, should be %llu", what, kind,
             (unsigned long long)is, (unsigned long long)should);
    return difference;
}

static const char *compare_periods(const struct visitors_ledger *l,
                                   const struct visitors_table *t, int64_t now_slot)
{
    struct visit_periods p;

    utc_periods(now_slot, &p);
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        for (uint32_t back = 0; back < 2; back++) {
            uint32_t number = p.number[kind] - back;
            bool exact;
            uint64_t is = visitors_of_period(t, kind, number, &exact);
            uint64_t should = visitors_ledger_period(l, kind, number);
            if (is != should || !exact)
                return differ(back == 0 ? "open period of kind" : "last period of kind",
                              kind, is, should);
        }
    return NULL;
}

const char *visitors_ledger_compare(const struct visitors_ledger *l,
                                    const struct visitors_table *t, int64_t now_slot)
{
    static const int64_t window[3] = {UTC_ONLINE, UTC_DAY, UTC_WEEK};
    struct visitors_scan scan[3];

    if (t->head->words != l->words)
        return differ("words", 0, t->head->words, l->words);
    if (t->head->joins != l->joins)
        return differ("joins", 0, t->head->joins, l->joins);
    visitors_windows(t, now_slot, window, 3, scan);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t should = visitors_ledger_window(l, now_slot, window[i]);
        if (scan[i].count != should || !scan[i].exact)
            return differ("window", (unsigned)window[i], scan[i].count, should);
    }
    return compare_periods(l, t, now_slot);
}
