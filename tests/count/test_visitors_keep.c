/* What the keeper does to a table of visitors: backing, windows, adoption, filling, a
 * sketched table's numbers. */
#include "count/visitors.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "lib/utc_periods.h"
#include "lib/visitors_check.h"
#include "lib/visitors_drive.h"
#include "lib/visitors_ledger.h"
#include "lib/visitors_memory.h"

/* --- Growth and windows --- */

Test(visitors_keep, backing_is_asked_for_ahead_and_one_part_at_a_time)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    unsigned part;

    atomic_store(&t.head->words, 31);
    cr_expect_not(visitors_wants_part(&t, &part));
    atomic_store(&t.head->words, 32);
    cr_expect(visitors_wants_part(&t, &part));
    cr_expect_eq(part, 2);
    visitors_part_ready(&t, 2);
    visitors_part_ready(&t, 2); /* said twice */
    cr_expect_eq(t.head->ready, 3);
    cr_expect_not(visitors_wants_part(&t, &part));
    for (unsigned k = 3; k < VISITORS_PARTS; k++) {
        atomic_store(&t.head->words, visitors_part_start(k) * 5 / 8 - 1);
        cr_expect_not(visitors_wants_part(&t, &part));
        atomic_store(&t.head->words, visitors_part_start(k) * 5 / 8);
        cr_expect(visitors_wants_part(&t, &part));
        cr_expect_eq(part, k);
        visitors_part_ready(&t, part);
    }
    atomic_store(&t.head->words, VISITORS_WORDS);
    cr_expect_not(visitors_wants_part(&t, &part));
    visitors_memory_free(&t);
}

Test(visitors_keep, joins_keep_a_scan_fresh)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    int64_t at = DRIVE_JANUARY + 1000;

    drive_hit(&t, 1, at);
    drive_hit(&t, 2, at + 20);
    struct visitors_scan scan = visitors_window(&t, at + 20, UTC_ONLINE);
    cr_expect_eq(scan.count, 2);
    cr_expect(scan.exact);
    drive_hit(&t, 2, at + 21); /* in the window already */
    cr_expect_eq(t.head->joins - scan.joins, 0);
    drive_hit(&t, 3, at + 21);
    drive_hit(&t, 1, at + UTC_ONLINE); /* back after just the window's length */
    cr_expect_eq(t.head->joins - scan.joins, 2);
    visitors_memory_free(&t);
}

Test(visitors_keep, windows_are_half_open_and_pass_over_seals)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    static const int64_t windows[8] = {1, 2, 25, 300, 7200, 50400, 3, 1000000};
    struct visitors_scan scans[8];
    int64_t at = DRIVE_JANUARY + 30000;

    for (uint64_t i = 0; i < 1000; i++) /* through part 2: there are seals */
        drive_hit(&t, i, at - (int64_t)i);
    visitors_windows(&t, at, windows, 8, scans);
    for (unsigned i = 0; i < 8; i++)
        cr_expect_eq(scans[i].count, windows[i] < 1000 ? (uint64_t)windows[i] : 1000);
    cr_expect_eq(visitors_window(&t, at + 5, 5).count, 0);
    visitors_memory_free(&t);
}

/* --- Adoption --- */

Test(visitors_keep, adoption_counts_what_a_kill_left_uncounted)
{
    enum { VISITORS = 5000 };
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    struct visitors_ledger *l = visitors_ledger_new(VISITORS, DRIVE_JANUARY + 1);
    int64_t at = DRIVE_JANUARY + UTC_DAY + 400;

    for (size_t i = 0; i < VISITORS; i++) {
        drive_hit(&t, i, DRIVE_JANUARY + 7000);
        visitors_ledger_hit(l, i, DRIVE_JANUARY + 7000);
    }
    for (size_t i = 0; i < VISITORS / 2; i++) {
        drive_hit(&t, i, at);
        visitors_ledger_hit(l, i, at);
    }
    /* Killed after the CAS, before any counter, by three workers. */
    atomic_fetch_sub(&t.head->words, 3);
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++) {
        struct visit_periods p;
        utc_periods(at, &p);
        atomic_fetch_sub(&t.head->tally[kind][p.number[kind] % 4], 3);
    }
    for (unsigned again = 0; again < 2; again++) { /* killed and adopted twice */
        visitors_adopt(&t, utc_periods_at, NULL, false);
        const char *difference = visitors_ledger_compare(l, &t, at);
        cr_expect_null(difference, "%s", difference);
        drive_expect_sound(&t);
    }
    visitors_ledger_free(l);
    visitors_memory_free(&t);
}

Test(visitors_keep, adoption_of_an_empty_table_is_nothing)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    visitors_adopt(&t, utc_periods_at, NULL, false);
    cr_expect_eq(t.head->words, 0);
    cr_expect(drive_hit(&t, 1, DRIVE_JANUARY + 1).first_seen);
    visitors_memory_free(&t);
}

Test(visitors_keep, adoption_in_the_middle_of_growth_has_nothing_to_finish)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    for (uint64_t i = 0; i < 3000; i++)
        drive_hit(&t, i, DRIVE_JANUARY + 10);
    uint32_t cur = t.head->cur;
    visitors_adopt(&t, utc_periods_at, NULL, false);
    cr_expect_eq(t.head->cur, cur);
    cr_expect_eq(t.head->words, 3000);
    for (uint64_t i = 0; i < 6000; i++)
        cr_expect_eq(drive_hit(&t, i, DRIVE_JANUARY + 11).first_seen, i >= 3000);
    drive_expect_sound(&t);
    visitors_memory_free(&t);
}

/* --- Filling and sketched --- */

Test(visitors_keep, filling_is_asked_for_at_eleven_sixteenths_and_again_after_a_kill)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    struct visit_periods p;

    utc_periods(DRIVE_JANUARY + 1, &p);
    atomic_store(&t.head->words, VISITORS_WORDS / 16 * 11 - 1);
    cr_expect_not(visitors_wants_filling(&t));
    atomic_store(&t.head->words, VISITORS_WORDS / 16 * 11);
    cr_expect(visitors_wants_filling(&t));
    visitors_fill_begin(&t, &p);
    cr_expect_not(visitors_wants_filling(&t));
    atomic_store(&t.head->words, VISITORS_WORDS / 4 * 3);
    cr_expect_not(visitors_wants_sketched(&t)); /* not filled yet */
    visitors_adopt(&t, utc_periods_at, NULL, false);
    cr_expect(visitors_wants_filling(&t));
    visitors_fill_begin(&t, &p);
    visitors_fill_finish(&t, DRIVE_JANUARY + 1, &p);
    cr_expect_not(visitors_wants_filling(&t));
    cr_expect_not(visitors_wants_sketched(&t));
    atomic_store(&t.head->words, VISITORS_WORDS / 4 * 3);
    cr_expect(visitors_wants_sketched(&t));
    visitors_memory_free(&t);
}

Test(visitors_keep, the_replay_makes_the_sketches_know_who_was_there_before)
{
    enum { VISITORS = 20000 };
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    struct hll *of_words = calloc(1, sizeof *of_words);
    int64_t at = DRIVE_JANUARY + 2 * UTC_DAY;
    struct visit_periods p;

    for (uint64_t i = 0; i < VISITORS; i++)
        drive_hit(&t, i, i % 2 == 0 ? at - 6000 : at + 10);
    utc_periods(at + 20, &p);
    visitors_fill_begin(&t, &p);
    for (uint64_t i = VISITORS; i < VISITORS + 1000; i++)
        drive_hit(&t, i, at + 20);
    visitors_fill_finish(&t, at + 20, &p);
    drive_expect_near("matrix", distinct_estimate(t.matrix, at + 20, 7200),
                      VISITORS + 1000, 0.0102);
    drive_expect_near("matrix today", distinct_estimate(t.matrix, at + 20, 21),
                      VISITORS / 2 + 1000, 0.0102);
    drive_expect_near("month", hll_estimate(t.month), VISITORS + 1000, 0.0081);
    drive_expect_near("day", hll_estimate(t.day[p.number[PERIOD_DAY] % 2]),
                      VISITORS / 2 + 1000, 0.0081);
    visitors_hll(&t, at, of_words); /* filling is still exact: from the words */
    cr_expect(hll_estimate(of_words) == hll_estimate(t.day[p.number[PERIOD_DAY] % 2]));
    visitors_hll(&t, DRIVE_JANUARY, of_words);
    cr_expect(hll_estimate(of_words) == hll_estimate(t.month));
    bool exact = false;
    cr_expect_eq(visitors_of_period(&t, PERIOD_DAY, p.number[PERIOD_DAY], &exact),
                 VISITORS / 2 + 1000);
    cr_expect(exact);
    free(of_words);
    visitors_memory_free(&t);
}

Test(visitors_keep, calendar_numbers_never_fall_and_stay_when_their_period_closes)
{
    enum { KNOWN = 395000 };
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    int64_t at = DRIVE_JANUARY + 5 * UTC_DAY + 300;
    uint64_t before[PERIOD_KINDS] = {0}, day_end = 0, visitor = KNOWN;
    bool exact = true;

    drive_fill(&t, KNOWN, DRIVE_JANUARY + 1, DRIVE_JANUARY + 5 * UTC_DAY);
    cr_assert_eq(t.head->mode, VISITORS_SKETCHED);
    for (int64_t slot = at; slot < DRIVE_JANUARY + 6 * UTC_DAY; slot += 10) {
        for (unsigned i = 0; i < 100; i++)
            drive_hit(&t, visitor++, slot);
        drive_keep(&t, slot);
        for (unsigned kind = PERIOD_DAY; kind < PERIOD_KINDS; kind++) {
            uint64_t now = drive_number(&t, kind, slot);
            cr_assert_geq(now, before[kind]);
            before[kind] = now;
        }
    }
    day_end = before[PERIOD_DAY];
    drive_expect_near("day", (double)day_end, (double)(visitor - KNOWN), 0.0102);
    drive_expect_near("week", (double)before[PERIOD_WEEK], (double)visitor, 0.0102);
    drive_expect_near("month", (double)before[PERIOD_MONTH], (double)visitor, 0.0102);
    for (unsigned i = 0; i < 500; i++)
        drive_hit(&t, KNOWN + i, DRIVE_JANUARY + 6 * UTC_DAY + 100);
    drive_keep(&t, DRIVE_JANUARY + 6 * UTC_DAY + 400);
    cr_expect_eq(drive_number(&t, PERIOD_DAY, at), day_end);
    drive_expect_near("next day",
                      (double)drive_number(&t, PERIOD_DAY, DRIVE_JANUARY + 6 * UTC_DAY),
                      500, 0.0102);
    visitors_of_period(&t, PERIOD_DAY, DRIVE_JANUARY_DAY + 6, &exact);
    cr_expect_not(exact);
    /* Closed before the switch. */
    visitors_of_period(&t, PERIOD_DAY, DRIVE_JANUARY_DAY + 3, &exact);
    cr_expect(exact);
    visitors_memory_free(&t);
}

Test(visitors_keep, the_days_hyperloglog_is_readied_a_day_ahead)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    struct hll *hll = calloc(1, sizeof *hll);
    int64_t day[4] = {DRIVE_JANUARY + 10 * UTC_DAY, DRIVE_JANUARY + 11 * UTC_DAY,
                      DRIVE_JANUARY + 12 * UTC_DAY, DRIVE_JANUARY + 13 * UTC_DAY};
    uint64_t visitor = 1000000;

    drive_fill(&t, 395000, DRIVE_JANUARY + 1, day[0] - 1);
    for (unsigned d = 0; d < 4; d++) {
        for (uint64_t i = 0; i < 3000; i++)
            drive_hit(&t, visitor++, day[d]); /* before the keeper comes that day */
        drive_keep(&t, day[d] + 1);
        visitors_hll(&t, day[d], hll);
        drive_expect_near("today", hll_estimate(hll), 3000, 0.0081);
        if (d > 0) {
            visitors_hll(&t, day[d - 1], hll);
            drive_expect_near("since yesterday", hll_estimate(hll), 6000, 0.0081);
        }
        drive_keep(&t, day[d] + 400);
    }
    visitors_hll(&t, DRIVE_JANUARY + 1, hll);
    drive_expect_near("key", hll_estimate(hll), 395000 + 12000, 0.0081);
    drive_keep(&t, DRIVE_JANUARY + 20 * UTC_DAY + 5); /* the daemon was away for days */
    visitors_hll(&t, DRIVE_JANUARY + 20 * UTC_DAY, hll);
    cr_expect(hll_estimate(hll) == 0);
    free(hll);
    visitors_memory_free(&t);
}

Test(visitors_keep, adoption_of_a_sketched_table_changes_no_number)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    int64_t at = DRIVE_JANUARY + 5 * UTC_DAY + 20;

    drive_fill(&t, 395000, DRIVE_JANUARY + 1, DRIVE_JANUARY + 5 * UTC_DAY);
    for (uint64_t i = 0; i < 5000; i++)
        drive_hit(&t, 500000 + i, at);
    drive_keep(&t, at);
    uint64_t day = drive_number(&t, PERIOD_DAY, at),
             week = drive_number(&t, PERIOD_WEEK, at);
    uint64_t words = t.head->words;
    visitors_adopt(&t, utc_periods_at, NULL, false);
    cr_expect_eq(t.head->mode, VISITORS_SKETCHED);
    cr_expect_eq(t.head->words, words);
    cr_expect_eq(drive_number(&t, PERIOD_DAY, at), day);
    cr_expect_eq(drive_number(&t, PERIOD_WEEK, at), week);
    visitors_memory_free(&t);
}
