/* Streams of the corpus with known distinct counts, and a greater one that makes the
 * table sketched. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/zone.h"
#include "count/visitors.h"
#include "lib/streamgen.h"
#include "lib/utc_periods.h"
#include "lib/visitors_check.h"
#include "lib/visitors_drive.h"
#include "lib/visitors_memory.h"

#define STREAMS "../shared/corpus/streams/"

static json_t *truth_of(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, STREAMS "%s.truth.json", name);
    json_t *truth = json_load_file(path, 0, NULL);
    if (truth == NULL)
        printf("skipped: no %s\n", path);
    return truth;
}

/* Visitors of a window by slots, from the events up to t: what the table can and must
 * know. */
static uint64_t window_truth(const struct stream *s, int64_t t, int64_t slots)
{
    uint64_t *seen = malloc(s->count * sizeof *seen), count = 0, room = 1;
    size_t n = 0;

    for (size_t i = 0; i < s->count && s->event[i].t <= t; i++)
        if (s->event[i].t / 12 > t / 12 - slots)
            seen[n++] = s->event[i].visitor;
    while (room < 2 * n + 2)
        room *= 2;
    uint64_t *set = calloc(room, sizeof *set);
    for (size_t i = 0; i < n; i++) {
        size_t at = seen[i] & (room - 1);
        while (set[at] != 0 && set[at] != seen[i])
            at = (at + 1) & (room - 1);
        count += set[at] == 0;
        set[at] = seen[i];
    }
    free(set);
    free(seen);
    return count;
}

static uint64_t number_in(const json_t *truth, const char *table, int64_t day)
{
    char text[11];
    date_write(day, text);
    return (uint64_t)json_integer_value(
        json_object_get(json_object_get(truth, table), text));
}

static void expect_day(const struct visitors_table *t, const json_t *truth, int64_t day)
{
    bool exact = false;
    cr_expect_eq(visitors_of_period(t, PERIOD_DAY, (uint32_t)day, &exact),
                 number_in(truth, "by_day_utc", day));
    cr_expect(exact);
}

static void follow_stream(const struct stream *s, const json_t *truth)
{
    struct visitors_table t = visitors_memory_new(STREAM_T0 / 12 - 1);
    const json_t *online = json_object_get(truth, "online");
    int64_t first_day = STREAM_T0 / 86400, day = first_day;
    size_t asked = 0;

    for (size_t i = 0; i <= s->count; i++) {
        int64_t now = i < s->count ? s->event[i].t : INT64_MAX;
        while (asked < json_array_size(online)) {
            int64_t at =
                json_integer_value(json_object_get(json_array_get(online, asked), "t"));
            if (now <= at)
                break;
            struct visitors_scan scan = visitors_window(&t, at / 12, UTC_ONLINE);
            cr_expect_eq(scan.count, window_truth(s, at, UTC_ONLINE));
            cr_expect(scan.exact);
            asked++;
        }
        if (i == s->count || now / 86400 != day) {
            expect_day(&t, truth, day);
            if (day > first_day)
                expect_day(&t, truth, day - 1); /* its visitors have returned since */
            day++;
        }
        if (i < s->count) {
            struct visit_periods p;
            utc_periods(now / 12, &p);
            visitors_hit(&t, visitors_fingerprint(s->event[i].visitor), now / 12, &p);
            visitors_memory_grow(&t);
        }
    }
    for (int64_t week = (first_day + 3) / 7; week <= (day + 2) / 7; week++) {
        bool exact;
        cr_expect_eq(visitors_of_period(&t, PERIOD_WEEK, (uint32_t)week, &exact),
                     number_in(truth, "by_week_utc_monday", week * 7 - 3));
    }
    cr_expect_eq(t.head->words, (uint64_t)json_integer_value(
                                    json_object_get(truth, "distinct_visitors")));
    drive_expect_sound(&t);
    visitors_memory_free(&t);
}

Test(visitors_streams, the_stream_of_20000_events_is_exact)
{
    struct stream s;
    json_t *truth = truth_of("s20k_v5k");

    if (truth == NULL || stream_load(&s, STREAMS "s20k_v5k.tsv") != 0) {
        json_decref(truth);
        return;
    }
    cr_assert_eq(s.count, 20000);
    stream_sort(&s);
    follow_stream(&s, truth);
    stream_free(&s);
    json_decref(truth);
}

static void follow_generated(const char *name, size_t events, size_t visitors,
                             unsigned zipf, uint64_t seed)
{
    struct stream s;
    json_t *truth = truth_of(name);

    if (truth == NULL)
        return;
    stream_generate(&s, events, visitors, zipf, seed);
    stream_sort(&s);
    follow_stream(&s, truth);
    stream_free(&s);
    json_decref(truth);
}

Test(visitors_streams, a_generated_stream_of_100000_ranks_is_exact)
{
    follow_generated("gen_200000_100000_900_2", 200000, 100000, 900, 2);
}

Test(visitors_streams, a_generated_stream_of_300000_ranks_is_exact)
{
    follow_generated("gen_300000_300000_0_3", 300000, 300000, 0, 3);
}

Test(visitors_streams, a_sketched_stream_is_within_three_standard_errors)
{
    struct visitors_table t = visitors_memory_new(STREAM_T0 / 12 - 1);
    static const int64_t windows[3] = {UTC_ONLINE, UTC_DAY, UTC_WEEK};
    struct visitors_scan scans[3];
    struct stream s;
    unsigned checked = 0;

    /* 600,000 visitors; sketched from day 8 on. */
    stream_generate(&s, 1000000, 900000, 0, 7);
    stream_sort(&s);
    for (size_t i = 0; i < s.count; i++) {
        int64_t slot = s.event[i].t / 12;
        struct visit_periods p;
        utc_periods(slot, &p);
        visitors_hit(&t, visitors_fingerprint(s.event[i].visitor), slot, &p);
        if (i % 256 == 0) {
            visitors_memory_grow(&t);
            drive_keep(&t, slot);
        }
        if (t.head->mode != VISITORS_SKETCHED || (i + 1) % 100000 != 0)
            continue;
        visitors_windows(&t, slot, windows, 3, scans);
        for (unsigned w = 0; w < 3; w++) {
            drive_expect_near("window", (double)scans[w].count,
                              (double)window_truth(&s, s.event[i].t, windows[w]), 0.0102);
            cr_expect_not(scans[w].exact);
        }
        checked++;
    }
    cr_expect_geq(checked, 4);
    cr_expect_eq(t.head->unplaced, 0);
    stream_free(&s);
    visitors_memory_free(&t);
}
