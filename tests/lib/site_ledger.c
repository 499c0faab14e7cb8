#include "lib/site_ledger.h"

#include <stdlib.h>
#include <string.h>

enum { WEEK_SLOTS = 50400 };

/* --- The calendar, once more --- */

static int64_t day_at(const struct site_ledger *l, int64_t slot)
{
    return zone_day(l->zone, slot * 12);
}

static int64_t day_from(const struct site_ledger *l, int64_t day)
{
    return zone_day_start(l->zone, day) / 12;
}

static int64_t week_at(const struct site_ledger *l, int64_t day)
{
    return week_first_day(day, l->first_weekday);
}

static int64_t key_at(const struct site_ledger *l, int64_t slot)
{
    int64_t day = day_at(l, slot);

    return l->identity == IDENTITY_DAY ? day - l->first_day
                                       : month_of_day(day) - month_of_day(l->first_day);
}

static int64_t key_from(const struct site_ledger *l, int64_t key)
{
    return day_from(l, l->identity == IDENTITY_DAY
                           ? l->first_day + key
                           : month_first_day(month_of_day(l->first_day) + key));
}

/* The key before this slot's, while it goes on beside it; -1. */
static int64_t key_beside(const struct site_ledger *l, int64_t slot)
{
    int64_t key = key_at(l, slot);
    int64_t until = l->identity == IDENTITY_DAY ? key_from(l, key + 1)
                                                : key_from(l, key) + WEEK_SLOTS;

    return slot < until ? key - 1 : -1;
}

static struct ledger_period *period_of(struct site_ledger *l, int64_t day)
{
    if (day < l->first_day || day >= l->first_day + LEDGER_DAYS)
        abort();
    return &l->day[day - l->first_day];
}

static int week_row(const struct site_ledger *l, int64_t day)
{
    return (int)((week_at(l, day) - week_at(l, l->first_day)) / 7);
}

/* The key that answers a day's week; of a week that began before all, the first. */
static int64_t week_key(const struct site_ledger *l, int64_t day)
{
    int64_t key = key_at(l, day_from(l, week_at(l, day)));

    return key > 0 ? key : 0;
}

static int month_row(const struct site_ledger *l, int64_t day)
{
    return (int)(month_of_day(day) - month_of_day(l->first_day));
}

/* --- What happens --- */

void ledger_init(struct site_ledger *l, const struct zone *zone, unsigned first_weekday,
                 enum identity identity, int64_t online_s, int64_t idle_s,
                 struct instant start)
{
    memset(l, 0, sizeof *l);
    l->zone = zone;
    l->first_weekday = first_weekday;
    l->identity = identity;
    l->online_slots = (online_s + 11) / 12;
    l->idle_slots = (idle_s + 11) / 12;
    l->first_day = zone_day(zone, start.ms / 1000);
}

/* Under one key: everything that began while it was the newest is its to answer. */
static void see(struct site_ledger *l, int64_t key, unsigned v, int64_t slot)
{
    int64_t day = day_at(l, slot);

    l->last[key][v] = slot;
    if (key_at(l, day_from(l, day)) == key)
        period_of(l, day)->seen[v] = true;
    if (l->identity == IDENTITY_DAY)
        return;
    if (week_key(l, day) == key)
        l->week[week_row(l, day)][v] = true;
    if (month_row(l, day) == key)
        l->month[key][v] = true;
}

static bool is_new_under(const struct site_ledger *l, int64_t key, unsigned v,
                         int64_t slot)
{
    int64_t last = l->last[key][v];

    return last == 0 || slot - last >= l->idle_slots ||
           day_at(l, last) != day_at(l, slot);
}

void ledger_view(struct site_ledger *l, unsigned v, struct instant now)
{
    int64_t slot = now.ms / SLOT_MS, keys[2] = {key_at(l, slot), key_beside(l, slot)};
    struct ledger_period *day = period_of(l, day_at(l, slot));
    bool new_visit = true;

    for (int i = 0; i < 2; i++)
        if (keys[i] >= 0) {
            new_visit = new_visit && is_new_under(l, keys[i], v, slot);
            see(l, keys[i], v, slot);
        }
    if (new_visit) {
        l->opened[v] = day_at(l, slot);
        l->second[v] = false;
    } else if (!l->second[v]) {
        l->second[v] = true;
        day->engaged += l->opened[v] == day_at(l, slot);
    }
    l->views++;
    day->views++;
    l->visits += new_visit;
    day->visits += new_visit;
}

void ledger_sign(struct site_ledger *l, unsigned v, struct instant now)
{
    int64_t slot = now.ms / SLOT_MS, keys[2] = {key_at(l, slot), key_beside(l, slot)};

    for (int i = 0; i < 2; i++)
        if (keys[i] >= 0 && l->last[keys[i]][v] != 0 &&
            slot - l->last[keys[i]][v] < l->idle_slots)
            see(l, keys[i], v, slot);
}

/* --- What it should answer --- */

static uint64_t count(const bool seen[LEDGER_VISITORS])
{
    uint64_t n = 0;

    for (int v = 0; v < LEDGER_VISITORS; v++)
        n += seen[v];
    return n;
}

static uint64_t sum_days(const struct site_ledger *l, int64_t from, int64_t until,
                         enum metric metric)
{
    uint64_t sum = 0;

    for (int64_t d = from; d < until; d++) {
        const struct ledger_period *day;

        if (d < l->first_day || d >= l->first_day + LEDGER_DAYS)
            continue;
        day = &l->day[d - l->first_day];
        sum += metric == METRIC_VIEWS    ? day->views
               : metric == METRIC_VISITS ? day->visits
                                         : count(day->seen);
    }
    return sum;
}

static uint64_t week_visitors(const struct site_ledger *l, int64_t first)
{
    if (l->identity == IDENTITY_DAY)
        return sum_days(l, first, first + 7, METRIC_VISITORS);
    return first + 7 <= l->first_day ? 0 : count(l->week[week_row(l, first)]);
}

static uint64_t month_visitors(const struct site_ledger *l, int64_t month)
{
    if (l->identity == IDENTITY_DAY)
        return sum_days(l, month_first_day(month), month_first_day(month + 1),
                        METRIC_VISITORS);
    return month < month_of_day(l->first_day)
               ? 0
               : count(l->month[month - month_of_day(l->first_day)]);
}

static uint64_t total_visitors(const struct site_ledger *l, int64_t today)
{
    uint64_t sum = 0;

    for (int64_t m = month_of_day(l->first_day); m <= month_of_day(today); m++)
        sum += month_visitors(l, m);
    return sum;
}

uint64_t ledger_metric(const struct site_ledger *l, enum site_span span,
                       enum metric metric, struct instant now)
{
    int64_t today = day_at(l, now.ms / SLOT_MS), week = week_at(l, today);
    int64_t month = month_of_day(today);
    bool visitors = metric == METRIC_VISITORS;

    switch (span) {
    case SPAN_TODAY:
        return sum_days(l, today, today + 1, metric);
    case SPAN_YESTERDAY:
        return sum_days(l, today - 1, today, metric);
    case SPAN_LAST_WEEK:
        week -= 7; /* fall through */
    case SPAN_WEEK:
        return visitors ? week_visitors(l, week) : sum_days(l, week, week + 7, metric);
    case SPAN_LAST_MONTH:
        month--; /* fall through */
    case SPAN_MONTH:
        return visitors ? month_visitors(l, month)
                        : sum_days(l, month_first_day(month), month_first_day(month + 1),
                                   metric);
    case SPAN_TOTAL:
        return visitors                 ? total_visitors(l, today)
               : metric == METRIC_VIEWS ? l->views
                                        : l->visits;
    default:
        abort();
    }
}

uint64_t ledger_engaged(const struct site_ledger *l, int64_t day)
{
    return day < l->first_day || day >= l->first_day + LEDGER_DAYS
               ? 0
               : l->day[day - l->first_day].engaged;
}

uint64_t ledger_window(const struct site_ledger *l, int64_t slots, struct instant now)
{
    int64_t slot = now.ms / SLOT_MS, from = slot - slots + 1;
    int64_t key = key_at(l, slot);
    uint64_t n = 0;

    /* The key that the window began under, while it is there. */
    if (from < key_from(l, key) && key > 0 && key_beside(l, slot) >= 0)
        key--;
    for (int v = 0; v < LEDGER_VISITORS; v++)
        n += l->last[key][v] >= from && l->last[key][v] != 0;
    return n;
}
