#include "lib/visitors_bounds.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/utc_periods.h"

struct visitors_bounds *visitors_bounds_new(size_t visitors, int64_t base_slot)
{
    struct visitors_bounds *b = calloc(1, sizeof *b);
    struct visit_periods p;

    if (b == NULL || (b->last = calloc(visitors, sizeof *b->last)) == NULL)
        abort();
    b->visitors = visitors;
    utc_periods(base_slot, &p);
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        b->first[kind] = p.number[kind];
    return b;
}

void visitors_bounds_free(struct visitors_bounds *b)
{
    if (b != NULL)
        free(b->last);
    free(b);
}

static uint32_t period_of(unsigned kind, int64_t slot)
{
    struct visit_periods p;
    utc_periods(slot, &p);
    return p.number[kind];
}

/* Does a move from `was` (0: never seen) to `slot` open a visit? */
static bool opens_visit(int64_t was, int64_t slot)
{
    return was == 0 || slot - was >= UTC_IDLE || slot / UTC_DAY != was / UTC_DAY;
}

static void count_period(struct visitors_bounds *b, unsigned kind, int64_t slot,
                         bool certain)
{
    uint32_t i = period_of(kind, slot) - b->first[kind];
    b->least[kind][i] += certain;
    b->most[kind][i]++;
}

/* One writer: its order is the order. */
static void apply_in_order(struct visitors_bounds *b, const struct visitors_log *log,
                           size_t n)
{
    int64_t *last = &b->last[log->visitor];

    for (size_t i = 0; i < n; i++) {
        if (log[i].slot <= *last)
            continue;
        for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
            if (*last == 0 || period_of(kind, *last) != period_of(kind, log[i].slot))
                count_period(b, kind, log[i].slot, true);
        b->visits_least += opens_visit(*last, log[i].slot);
        b->visits_most += opens_visit(*last, log[i].slot);
        *last = log[i].slot;
    }
}

enum { STOPS_MAX = 512 };

/* Several writers: the word stopped at any of `stop`, ascending, the last for certain;
 * stop[0] is where it was before. */
static void apply_any_order(struct visitors_bounds *b, const int64_t *stop, size_t n)
{
    int64_t least[STOPS_MAX] = {0}, most[STOPS_MAX] = {0};

    for (size_t i = 1; i < n; i++) {
        least[i] = INT64_MAX;
        for (size_t j = 0; j < i; j++) {
            int64_t opens = opens_visit(stop[j], stop[i]);
            if (least[j] + opens < least[i])
                least[i] = least[j] + opens;
            if (most[j] + opens > most[i])
                most[i] = most[j] + opens;
        }
    }
    b->visits_least += least[n - 1];
    b->visits_most += most[n - 1];
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        for (size_t i = 1; i < n; i++) {
            uint32_t number = period_of(kind, stop[i]);
            if (stop[i - 1] == 0 || number != period_of(kind, stop[i - 1]))
                count_period(b, kind, stop[i], number == period_of(kind, stop[n - 1]));
        }
}

static void apply_visitor(struct visitors_bounds *b, const struct visitors_log *log,
                          size_t n)
{
    int64_t stop[STOPS_MAX] = {b->last[log->visitor]};
    size_t stops = 1;
    bool one_writer = true;

    for (size_t i = 1; i < n; i++)
        one_writer &= log[i].writer == log->writer;
    b->words += b->last[log->visitor] == 0;
    if (one_writer) {
        apply_in_order(b, log, n);
        return;
    }
    for (size_t i = 0; i < n; i++) { /* insertion sort, each slot once */
        size_t at = stops;
        while (at > 1 && stop[at - 1] > log[i].slot)
            at--;
        if (log[i].slot <= stop[0] || stop[at - 1] == log[i].slot)
            continue;
        if (stops == STOPS_MAX)
            abort(); /* a test that hits one visitor in too many slots at once */
        for (size_t move = stops++; move > at; move--)
            stop[move] = stop[move - 1];
        stop[at] = log[i].slot;
    }
    if (stops > 1)
        apply_any_order(b, stop, stops);
    b->last[log->visitor] = stop[stops - 1];
}

static int by_visitor(const void *a, const void *b)
{
    const struct visitors_log *x = a, *y = b;
    if (x->visitor != y->visitor)
        return x->visitor < y->visitor ? -1 : 1;
    return x < y ? -1 : x > y;
}

void visitors_bounds_apply(struct visitors_bounds *b, struct visitors_log *log, size_t n)
{
    size_t end;

    qsort(log, n, sizeof *log, by_visitor);
    for (size_t i = 0; i < n; i = end) {
        for (end = i + 1; end < n && log[end].visitor == log[i].visitor; end++)
            continue;
        apply_visitor(b, &log[i], end - i);
    }
}

void visitors_bounds_lost(struct visitors_bounds *b, int64_t slot)
{
    b->visits_least--;
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        b->least[kind][period_of(kind, slot) - b->first[kind]]--;
}

static char difference[160];

static const char *differ(const char *what, int64_t is, int64_t least, int64_t most)
{
    snprintf(difference, sizeof difference, "%s: %lld, should be %lld to %lld", what,
             (long long)is, (long long)least, (long long)most);
    return difference;
}

static int64_t seen_since(const struct visitors_bounds *b, int64_t slot)
{
    int64_t count = 0;
    for (size_t i = 0; i < b->visitors; i++)
        count += b->last[i] != 0 && b->last[i] >= slot;
    return count;
}

static const char *compare_periods(const struct visitors_bounds *b,
                                   const struct visitors_table *t)
{
    static const char *const open[] = {"this hour", "this day", "this week",
                                       "this month"};
    static const char *const last[] = {"last hour", "last day", "last week",
                                       "last month"};
    int64_t youngest = 0;
    struct visit_periods p;
    bool exact;

    for (size_t i = 0; i < b->visitors; i++)
        youngest = b->last[i] > youngest ? b->last[i] : youngest;
    utc_periods(youngest, &p);
    for (unsigned kind = 0; kind < PERIOD_KINDS && youngest != 0; kind++) {
        int64_t is = (int64_t)visitors_of_period(t, kind, p.number[kind], &exact);
        int64_t should = seen_since(b, p.start[kind]);
        if (is != should || !exact)
            return differ(open[kind], is, should, should);
        if (p.number[kind] == b->first[kind])
            continue;
        is = (int64_t)visitors_of_period(t, kind, p.number[kind] - 1, &exact);
        uint32_t before = p.number[kind] - 1 - b->first[kind];
        if (is < b->least[kind][before] || is > b->most[kind][before])
            return differ(last[kind], is, b->least[kind][before], b->most[kind][before]);
    }
    return NULL;
}

const char *visitors_bounds_compare(const struct visitors_bounds *b,
                                    const struct visitors_table *t, int64_t now_slot,
                                    uint64_t visits)
{
    static const int64_t window[3] = {UTC_ONLINE, UTC_DAY, UTC_WEEK};
    struct visitors_scan scan[3];

    if (t->head->words != b->words)
        return differ("words", (int64_t)t->head->words, (int64_t)b->words,
                      (int64_t)b->words);
    if ((int64_t)visits < b->visits_least || (int64_t)visits > b->visits_most)
        return differ("visits", (int64_t)visits, b->visits_least, b->visits_most);
    visitors_windows(t, now_slot, window, 3, scan);
    for (unsigned i = 0; i < 3; i++) {
        int64_t should = seen_since(b, now_slot - window[i] + 1);
        if ((int64_t)scan[i].count != should || !scan[i].exact)
            return differ("window", (int64_t)scan[i].count, should, should);
    }
    return compare_periods(b, t);
}
