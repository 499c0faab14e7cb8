/* The rules of a table of visitors, one at a time, by one thread. Races: tests/stress. */
#include "count/visitors.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/zone.h"
#include "count/visitors_inner.h"
#include "lib/streamgen.h"
#include "lib/utc_periods.h"
#include "lib/visitors_check.h"
#include "lib/visitors_ledger.h"
#include "lib/visitors_memory.h"

/* 2024-01-01 00:00 UTC, a Monday: a day, a week and a month begin. */
enum { JANUARY_DAY = 19723, JANUARY_MONTH = 648 };
static const int64_t january = (int64_t)JANUARY_DAY * UTC_DAY;

static struct visitors_verdict hit(const struct visitors_table *t, uint64_t visitor,
                                   int64_t slot)
{
    struct visit_periods p;
    utc_periods(slot, &p);
    struct visitors_verdict v = visitors_hit(t, visitors_memory_fp(visitor), slot, &p);
    visitors_memory_grow(t);
    return v;
}

static bool ping(const struct visitors_table *t, uint64_t visitor, int64_t slot)
{
    struct visit_periods p;
    utc_periods(slot, &p);
    return visitors_ping(t, visitors_memory_fp(visitor), slot, &p);
}

static uint64_t tally(const struct visitors_table *t, enum period_kind kind, int64_t slot)
{
    struct visit_periods p;
    bool exact;
    utc_periods(slot, &p);
    return visitors_of_period(t, kind, p.number[kind], &exact);
}

static void expect_sound(const struct visitors_table *t)
{
    const char *fault = visitors_check(t, 0);
    cr_expect_null(fault, "%s", fault);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* --- Words and parts
 * ------------------------------------------------------------------------------------------------
 */

Test(visitors, a_fingerprint_is_never_a_mark)
{
    uint64_t all = ((uint64_t)1 << 44) - 1;
    cr_expect_eq(visitors_fingerprint(0), 1);
    cr_expect_eq(visitors_fingerprint((uint64_t)7 << 44), 1);
    cr_expect_eq(visitors_fingerprint(UINT64_MAX), all - 1);
    cr_expect_eq(visitors_fingerprint(0xFFFF123456789ABCU), 0x0000023456789ABCU & all);
}

Test(visitors, parts_end_where_the_contract_says)
{
    static const size_t start[] = {0,     64,    512,    4096,   8192,  16384,
                                   32768, 65536, 131072, 262144, 524288};
    for (unsigned part = 0; part <= VISITORS_PARTS; part++)
        cr_expect_eq(visitors_part_start(part), start[part]);
}

Test(visitors, a_path_stays_in_its_part)
{
    for (uint64_t i = 0; i < 20000; i++)
        for (unsigned part = 0; part < VISITORS_PARTS; part++) {
            struct path path = visitors_path(visitors_memory_fp(i), part);
            size_t last = path_index(&path, path.length - 1);
            cr_assert_lt(path.home, path.size);
            cr_assert(last >= visitors_part_start(part));
            cr_assert(last < visitors_part_start(part + 1));
        }
}

Test(visitors, backing_is_asked_for_ahead_and_one_part_at_a_time)
{
    struct visitors_table t = visitors_memory_new(january);
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

Test(visitors, grows_through_every_part_and_agrees_with_a_ledger)
{
    enum { VISITORS = 220000 };
    struct visitors_table t = visitors_memory_new(january);
    struct visitors_ledger *l = visitors_ledger_new(VISITORS, january + 1);
    uint64_t state = 88172645463325252U, known = 0;
    int64_t slot = january + 1;

    for (size_t i = 0; i < 900000; i++) {
        uint64_t r = next_random(&state);
        if (r % 100 == 0) /* now and then a step of up to 40 min: 500 h in all */
            slot += (int64_t)(r >> 20) % 40;
        bool fresh = known < VISITORS && r % 4 != 3;
        size_t visitor = fresh ? known++ : (size_t)((r >> 32) % known);
        struct visitors_verdict is = hit(&t, visitor, slot);
        struct visitors_verdict should = visitors_ledger_hit(l, visitor, slot);
        cr_assert_eq(is.placed, should.placed);
        cr_assert_eq(is.new_visit, should.new_visit);
        cr_assert_eq(is.first_seen, should.first_seen);
        cr_assert_eq(is.first_today, should.first_today);
        if (i % 50000 == 0 || (fresh && known < 1000 && known % 100 == 0)) {
            const char *difference = visitors_ledger_compare(l, &t, slot);
            cr_assert_null(difference, "%s", difference);
        }
    }
    cr_expect_eq(t.head->cur, 9);
    cr_expect_eq(t.head->unplaced, 0);
    cr_expect_null(visitors_ledger_compare(l, &t, slot));
    expect_sound(&t);
    cr_expect_null(visitors_check_month(&t, JANUARY_MONTH));
    visitors_ledger_free(l);
    visitors_memory_free(&t);
}

Test(visitors, what_finds_no_room_is_said_and_makes_the_table_inexact)
{
    struct visitors_table t = visitors_memory_new(january);
    struct visit_periods p;
    uint64_t unplaced = 0;
    bool exact = true;

    utc_periods(january + 5, &p);
    for (uint64_t i = 0; i < 600; i++) { /* parts 0 and 1 only: nobody backs */
        struct visitors_verdict v =
            visitors_hit(&t, visitors_memory_fp(i), january + 5, &p);
        unplaced += !v.placed;
        cr_expect(v.placed || (!v.new_visit && !v.first_seen));
    }
    cr_expect_gt(unplaced, 0);
    cr_expect_eq(t.head->unplaced, unplaced);
    cr_expect_eq(t.head->words, 600 - unplaced);
    cr_expect_not(visitors_window(&t, january + 5, 25).exact);
    visitors_of_period(&t, PERIOD_DAY, JANUARY_DAY, &exact);
    cr_expect_not(exact);
    visitors_memory_grow(
        &t); /* the keeper comes at last: whoever was left out comes in */
    for (uint64_t i = 0; i < 600; i++)
        cr_expect(visitors_hit(&t, visitors_memory_fp(i), january + 6, &p).placed);
    cr_expect_eq(t.head->words, 600);
    expect_sound(&t);
    visitors_memory_free(&t);
}

Test(visitors, a_hit_before_the_tables_first_slot_is_not_placed_and_not_unplaced)
{
    struct visitors_table t = visitors_memory_new(january);
    cr_expect_not(hit(&t, 1, january).placed);
    cr_expect_not(hit(&t, 1, january - 3).placed);
    cr_expect_not(ping(&t, 1, january - 3));
    cr_expect_eq(t.head->words, 0);
    cr_expect_eq(t.head->unplaced, 0);
    cr_expect(hit(&t, 1, january + 1).placed);
    visitors_memory_free(&t);
}

Test(visitors, a_hit_beyond_what_a_word_can_hold_is_unplaced)
{
    struct visitors_table t = visitors_memory_new(january);
    cr_expect(hit(&t, 1, january + SLOT_LAST).placed);
    cr_expect_not(hit(&t, 2, january + SLOT_LAST + 1).placed);
    cr_expect_eq(t.head->words, 1);
    cr_expect_eq(t.head->unplaced, 1);
    visitors_memory_free(&t);
}

/* --- Visits
 * ---------------------------------------------------------------------------------------------------------
 */

Test(visitors, a_visit_is_new_after_the_idle_time)
{
    struct visitors_table t = visitors_memory_new(january);
    int64_t at = january + 1000;
    struct visitors_verdict first = hit(&t, 1, at);

    cr_expect(first.placed && first.new_visit && first.first_seen && first.first_today);
    cr_expect_not(hit(&t, 1, at).new_visit);
    cr_expect_not(hit(&t, 1, at + UTC_IDLE - 1).new_visit);
    struct visitors_verdict later = hit(&t, 1, at + 2 * UTC_IDLE - 1);
    cr_expect(later.new_visit && !later.first_seen && !later.first_today);
    visitors_memory_free(&t);
}

Test(visitors, a_visit_ends_at_midnight)
{
    struct visitors_table t = visitors_memory_new(january);
    hit(&t, 1, january + UTC_DAY - 1);
    struct visitors_verdict v = hit(&t, 1, january + UTC_DAY);
    cr_expect(v.new_visit && v.first_today && !v.first_seen);
    visitors_memory_free(&t);
}

Test(visitors, a_late_visit_of_a_known_visitor_changes_nothing)
{
    struct visitors_table t = visitors_memory_new(january);
    hit(&t, 1, january + UTC_DAY + 2);
    uint64_t joins = t.head->joins;
    struct visitors_verdict v = hit(&t, 1, january + UTC_DAY - 2);
    cr_expect(v.placed && !v.new_visit && !v.first_seen && !v.first_today);
    cr_expect_eq(tally(&t, PERIOD_DAY, january), 0);
    cr_expect_eq(t.head->joins, joins);
    cr_expect_eq(visitors_window(&t, january + UTC_DAY + 2, 1).count, 1);
    visitors_memory_free(&t);
}

Test(visitors, a_late_first_visit_belongs_to_the_period_it_is_dated_in)
{
    struct visitors_table t = visitors_memory_new(january);
    hit(&t, 1, january + UTC_DAY + 2);
    cr_expect(hit(&t, 2, january + UTC_DAY - 2).new_visit);
    cr_expect_eq(tally(&t, PERIOD_DAY, january), 1);
    cr_expect_eq(tally(&t, PERIOD_DAY, january + UTC_DAY), 1);
    cr_expect(hit(&t, 2, january + UTC_DAY + 2).new_visit); /* the midnight between */
    cr_expect_eq(tally(&t, PERIOD_DAY, january + UTC_DAY), 2);
    cr_expect_eq(tally(&t, PERIOD_WEEK, january), 2);
    visitors_memory_free(&t);
}

/* --- Periods and windows
 * ----------------------------------------------------------------------------------------------
 */

Test(visitors, a_closed_period_stays_right_when_its_visitors_return)
{
    struct visitors_table t = visitors_memory_new(january);
    for (uint64_t i = 0; i < 1000; i++)
        hit(&t, i, january + 100);
    for (uint64_t i = 0; i < 1500; i++)
        hit(&t, i, january + UTC_DAY + 50);
    cr_expect_eq(tally(&t, PERIOD_DAY, january), 1000);
    cr_expect_eq(tally(&t, PERIOD_DAY, january + UTC_DAY), 1500);
    for (uint64_t i = 0; i < 1500; i++)
        hit(&t, i, january + 7 * UTC_DAY + 50);
    cr_expect_eq(tally(&t, PERIOD_WEEK, january), 1500);
    cr_expect_eq(tally(&t, PERIOD_WEEK, january + 7 * UTC_DAY), 1500);
    cr_expect_eq(tally(&t, PERIOD_MONTH, january), 1500);
    visitors_memory_free(&t);
}

Test(visitors, four_periods_back_a_tally_is_gone)
{
    struct visitors_table t = visitors_memory_new(january);
    hit(&t, 1, january + 1);
    hit(&t, 1, january + 3 * UTC_DAY);
    cr_expect_eq(tally(&t, PERIOD_DAY, january), 1);
    hit(&t, 1, january + 4 * UTC_DAY);
    cr_expect_eq(tally(&t, PERIOD_DAY, january), 0);
    cr_expect_eq(tally(&t, PERIOD_DAY, january + 4 * UTC_DAY), 1);
    hit(&t, 2, january + 1); /* too late for its day's tally, which is another's now */
    cr_expect_eq(tally(&t, PERIOD_DAY, january + 4 * UTC_DAY), 1);
    visitors_memory_free(&t);
}

Test(visitors, joins_keep_a_scan_fresh)
{
    struct visitors_table t = visitors_memory_new(january);
    int64_t at = january + 1000;

    hit(&t, 1, at);
    hit(&t, 2, at + 20);
    struct visitors_scan scan = visitors_window(&t, at + 20, UTC_ONLINE);
    cr_expect_eq(scan.count, 2);
    cr_expect(scan.exact);
    hit(&t, 2, at + 21); /* in the window already */
    cr_expect_eq(t.head->joins - scan.joins, 0);
    hit(&t, 3, at + 21);
    hit(&t, 1, at + UTC_ONLINE); /* back after just the window's length */
    cr_expect_eq(t.head->joins - scan.joins, 2);
    visitors_memory_free(&t);
}

Test(visitors, windows_are_half_open_and_pass_over_seals)
{
    struct visitors_table t = visitors_memory_new(january);
    static const int64_t windows[8] = {1, 2, 25, 300, 7200, 50400, 3, 1000000};
    struct visitors_scan scans[8];
    int64_t at = january + 30000;

    for (uint64_t i = 0; i < 1000; i++) /* through part 2: there are seals */
        hit(&t, i, at - (int64_t)i);
    visitors_windows(&t, at, windows, 8, scans);
    for (unsigned i = 0; i < 8; i++)
        cr_expect_eq(scans[i].count, windows[i] < 1000 ? (uint64_t)windows[i] : 1000);
    cr_expect_eq(visitors_window(&t, at + 5, 5).count, 0);
    visitors_memory_free(&t);
}

/* --- Pings
 * ----------------------------------------------------------------------------------------------------------------
 */

Test(visitors, a_ping_moves_a_known_visitor_and_opens_nothing)
{
    struct visitors_table t = visitors_memory_new(january);
    int64_t at = january + 1000;

    cr_expect_not(ping(&t, 1, at));
    cr_expect_eq(t.head->words, 0);
    hit(&t, 1, at);
    cr_expect(ping(&t, 1, at + 100));
    cr_expect_eq(visitors_window(&t, at + 100, 1).count, 1);
    cr_expect_not(
        hit(&t, 1, at + 100 + UTC_IDLE - 1).new_visit); /* the visit was kept alive */
    visitors_memory_free(&t);
}

Test(visitors, a_ping_makes_a_visitor_of_the_period_it_comes_in)
{
    struct visitors_table t = visitors_memory_new(january);
    hit(&t, 1, january + UTC_DAY - 5);
    cr_expect(ping(&t, 1, january + UTC_DAY + 5));
    cr_expect_eq(tally(&t, PERIOD_DAY, january + UTC_DAY), 1);
    cr_expect_eq(tally(&t, PERIOD_HOUR, january + UTC_DAY), 1);
    cr_expect_eq(tally(&t, PERIOD_WEEK, january), 1);
    visitors_memory_free(&t);
}

Test(visitors, a_ping_after_the_visits_end_hides_no_new_visit)
{
    struct visitors_table t = visitors_memory_new(january);
    int64_t at = january + 1000;
    hit(&t, 1, at);
    cr_expect(ping(&t, 1, at + UTC_IDLE));
    cr_expect(hit(&t, 1, at + UTC_IDLE + 1).new_visit);
    visitors_memory_free(&t);
}

/* --- Adoption
 * ---------------------------------------------------------------------------------------------------------------
 */

Test(visitors, adoption_counts_what_a_kill_left_uncounted)
{
    enum { VISITORS = 5000 };
    struct visitors_table t = visitors_memory_new(january);
    struct visitors_ledger *l = visitors_ledger_new(VISITORS, january + 1);
    int64_t at = january + UTC_DAY + 400;

    for (size_t i = 0; i < VISITORS; i++) {
        hit(&t, i, january + 7000);
        visitors_ledger_hit(l, i, january + 7000);
    }
    for (size_t i = 0; i < VISITORS / 2; i++) {
        hit(&t, i, at);
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
        visitors_adopt(&t, utc_periods_at, NULL);
        const char *difference = visitors_ledger_compare(l, &t, at);
        cr_expect_null(difference, "%s", difference);
        expect_sound(&t);
    }
    visitors_ledger_free(l);
    visitors_memory_free(&t);
}

Test(visitors, adoption_of_an_empty_table_is_nothing)
{
    struct visitors_table t = visitors_memory_new(january);
    visitors_adopt(&t, utc_periods_at, NULL);
    cr_expect_eq(t.head->words, 0);
    cr_expect(hit(&t, 1, january + 1).first_seen);
    visitors_memory_free(&t);
}

Test(visitors, adoption_in_the_middle_of_growth_has_nothing_to_finish)
{
    struct visitors_table t = visitors_memory_new(january);
    for (uint64_t i = 0; i < 3000; i++)
        hit(&t, i, january + 10);
    uint32_t cur = t.head->cur;
    visitors_adopt(&t, utc_periods_at, NULL);
    cr_expect_eq(t.head->cur, cur);
    cr_expect_eq(t.head->words, 3000);
    for (uint64_t i = 0; i < 6000; i++)
        cr_expect_eq(hit(&t, i, january + 11).first_seen, i >= 3000);
    expect_sound(&t);
    visitors_memory_free(&t);
}

/* --- Filling and sketched
 * ------------------------------------------------------------------------------------------------------
 */

static void keep_sketched(const struct visitors_table *t, int64_t slot)
{
    struct visit_periods p;
    utc_periods(slot, &p);
    if (visitors_wants_filling(t)) {
        visitors_fill_begin(t, &p);
        visitors_fill_finish(t, slot, &p); /* one thread: every turn is over */
    }
    if (visitors_wants_sketched(t))
        visitors_sketched(t);
    visitors_tick(t, slot, &p);
}

/* `count` visitors, evenly over [from, until). */
static void fill_table(const struct visitors_table *t, uint64_t count, int64_t from,
                       int64_t until)
{
    for (uint64_t i = 0; i < count; i++) {
        int64_t slot = from + (int64_t)(i * (uint64_t)(until - from) / count);
        hit(t, i, slot);
        if (i % 16384 == 0 || i + 1 == count)
            keep_sketched(t, slot);
    }
}

static void expect_near(const char *what, double is, double should, double standard_error)
{
    cr_expect(fabs(is - should) <= 3 * standard_error * should + 1,
              "%s: %.0f, should be %.0f", what, is, should);
}

Test(visitors, filling_is_asked_for_at_eleven_sixteenths_and_again_after_a_kill)
{
    struct visitors_table t = visitors_memory_new(january);
    struct visit_periods p;

    utc_periods(january + 1, &p);
    atomic_store(&t.head->words, VISITORS_WORDS / 16 * 11 - 1);
    cr_expect_not(visitors_wants_filling(&t));
    atomic_store(&t.head->words, VISITORS_WORDS / 16 * 11);
    cr_expect(visitors_wants_filling(&t));
    visitors_fill_begin(&t, &p);
    cr_expect_not(visitors_wants_filling(&t));
    atomic_store(&t.head->words, VISITORS_WORDS / 4 * 3);
    cr_expect_not(visitors_wants_sketched(&t)); /* not filled yet */
    visitors_adopt(&t, utc_periods_at, NULL);
    cr_expect(visitors_wants_filling(&t));
    visitors_fill_begin(&t, &p);
    visitors_fill_finish(&t, january + 1, &p);
    cr_expect_not(visitors_wants_filling(&t));
    cr_expect_not(visitors_wants_sketched(&t));
    atomic_store(&t.head->words, VISITORS_WORDS / 4 * 3);
    cr_expect(visitors_wants_sketched(&t));
    visitors_memory_free(&t);
}

Test(visitors, the_replay_makes_the_sketches_know_who_was_there_before)
{
    enum { VISITORS = 20000 };
    struct visitors_table t = visitors_memory_new(january);
    struct hll *of_words = calloc(1, sizeof *of_words);
    int64_t at = january + 2 * UTC_DAY;
    struct visit_periods p;

    for (uint64_t i = 0; i < VISITORS; i++)
        hit(&t, i, i % 2 == 0 ? at - 6000 : at + 10);
    utc_periods(at + 20, &p);
    visitors_fill_begin(&t, &p);
    for (uint64_t i = VISITORS; i < VISITORS + 1000; i++)
        hit(&t, i, at + 20);
    visitors_fill_finish(&t, at + 20, &p);
    expect_near("matrix", distinct_estimate(t.matrix, at + 20, 7200), VISITORS + 1000,
                0.0102);
    expect_near("matrix today", distinct_estimate(t.matrix, at + 20, 21),
                VISITORS / 2 + 1000, 0.0102);
    expect_near("month", hll_estimate(t.month), VISITORS + 1000, 0.0081);
    expect_near("day", hll_estimate(t.day[p.number[PERIOD_DAY] % 2]), VISITORS / 2 + 1000,
                0.0081);
    visitors_hll(&t, at, of_words); /* filling is still exact: from the words */
    cr_expect(hll_estimate(of_words) == hll_estimate(t.day[p.number[PERIOD_DAY] % 2]));
    visitors_hll(&t, january, of_words);
    cr_expect(hll_estimate(of_words) == hll_estimate(t.month));
    bool exact = false;
    cr_expect_eq(visitors_of_period(&t, PERIOD_DAY, p.number[PERIOD_DAY], &exact),
                 VISITORS / 2 + 1000);
    cr_expect(exact);
    free(of_words);
    visitors_memory_free(&t);
}

Test(visitors, sketched_mode_keeps_the_visits_of_active_visitors)
{
    enum { KNOWN = 400000, ACTIVE = 20000 };
    struct visitors_table t = visitors_memory_new(january);
    int64_t at = january + 5 * UTC_DAY + 1000;
    uint64_t new_visits = 0, lost = 0;

    fill_table(&t, KNOWN, january + 1, january + 5 * UTC_DAY);
    cr_assert_eq(t.head->mode, VISITORS_SKETCHED);
    for (uint64_t i = 0; i < ACTIVE; i++)
        new_visits += hit(&t, KNOWN + i, at).new_visit;
    cr_expect_eq(new_visits, ACTIVE);
    for (unsigned round = 1; round <= 4; round++) /* 100 min, a view each 25 */
        for (uint64_t i = 0; i < ACTIVE; i++)
            lost += hit(&t, KNOWN + i, at + round * 125).new_visit;
    cr_expect_lt(lost, ACTIVE / 1000, "%llu visits cut", (unsigned long long)lost);
    cr_expect(ping(&t, KNOWN + 1, at + 501));
    new_visits = 0;
    for (uint64_t i = 0; i < ACTIVE; i++)
        new_visits += hit(&t, KNOWN + i, at + 500 + UTC_IDLE + 1).new_visit;
    cr_expect_geq(new_visits, ACTIVE - 1); /* the pinged one is still here */
    new_visits = 0;
    for (uint64_t i = 0; i < 1000; i++) /* found by its path, idle: its visit is new */
        new_visits += hit(&t, i, at + 900).new_visit;
    cr_expect_eq(new_visits, 1000);
    expect_sound(&t);
    visitors_memory_free(&t);
}

Test(visitors, a_session_line_of_live_visits_keeps_no_more)
{
    struct visitors_table t = visitors_memory_new(january);
    struct path home = visitors_path(visitors_memory_fp(0), LAST_PART);
    uint64_t same_line[SESSION_WORDS + 1] = {0}, found = 1;
    struct visit_periods p;
    int64_t at = january + 1000;

    for (uint64_t v = 1; found < SESSION_WORDS + 1; v++)
        if (visitors_path(visitors_memory_fp(v), LAST_PART).home / SESSION_WORDS ==
            home.home / SESSION_WORDS)
            same_line[found++] = v;
    utc_periods(at, &p);
    atomic_store(&t.head->ready, VISITORS_PARTS);
    atomic_store(&t.head->cur, LAST_PART);
    visitors_fill_begin(&t, &p);
    visitors_fill_finish(&t, at, &p);
    visitors_sketched(&t);
    for (unsigned i = 0; i < SESSION_WORDS; i++)
        cr_expect(hit(&t, same_line[i], at + i).new_visit);
    cr_expect_eq(t.head->words, SESSION_WORDS);
    cr_expect(hit(&t, same_line[SESSION_WORDS], at + 10).new_visit);
    cr_expect(hit(&t, same_line[SESSION_WORDS], at + 11).new_visit); /* not kept */
    for (unsigned i = 0; i < SESSION_WORDS; i++)
        cr_expect_not(hit(&t, same_line[i], at + 12).new_visit);
    for (unsigned i = 1; i < SESSION_WORDS; i++)
        hit(&t, same_line[i], at + 100);
    cr_expect(hit(&t, same_line[SESSION_WORDS], at + 12 + UTC_IDLE).new_visit);
    cr_expect_not(
        hit(&t, same_line[SESSION_WORDS], at + 13 + UTC_IDLE).new_visit); /* kept */
    cr_expect(
        hit(&t, same_line[0], at + 14 + UTC_IDLE).new_visit); /* the idle one made room */
    visitors_memory_free(&t);
}

Test(visitors, calendar_numbers_never_fall_and_stay_when_their_period_closes)
{
    enum { KNOWN = 395000 };
    struct visitors_table t = visitors_memory_new(january);
    int64_t at = january + 5 * UTC_DAY + 300;
    uint64_t before[PERIOD_KINDS] = {0}, day_end = 0, visitor = KNOWN;
    bool exact = true;

    fill_table(&t, KNOWN, january + 1, january + 5 * UTC_DAY);
    cr_assert_eq(t.head->mode, VISITORS_SKETCHED);
    for (int64_t slot = at; slot < january + 6 * UTC_DAY; slot += 10) {
        for (unsigned i = 0; i < 100; i++)
            hit(&t, visitor++, slot);
        keep_sketched(&t, slot);
        for (unsigned kind = PERIOD_DAY; kind < PERIOD_KINDS; kind++) {
            uint64_t now = tally(&t, kind, slot);
            cr_assert_geq(now, before[kind]);
            before[kind] = now;
        }
    }
    day_end = before[PERIOD_DAY];
    expect_near("day", (double)day_end, (double)(visitor - KNOWN), 0.0102);
    expect_near("week", (double)before[PERIOD_WEEK], (double)visitor, 0.0102);
    expect_near("month", (double)before[PERIOD_MONTH], (double)visitor, 0.0102);
    for (unsigned i = 0; i < 500; i++)
        hit(&t, KNOWN + i, january + 6 * UTC_DAY + 100);
    keep_sketched(&t, january + 6 * UTC_DAY + 400);
    cr_expect_eq(tally(&t, PERIOD_DAY, at), day_end);
    expect_near("next day", (double)tally(&t, PERIOD_DAY, january + 6 * UTC_DAY), 500,
                0.0102);
    visitors_of_period(&t, PERIOD_DAY, JANUARY_DAY + 6, &exact);
    cr_expect_not(exact);
    visitors_of_period(&t, PERIOD_DAY, JANUARY_DAY + 3,
                       &exact); /* closed before the switch */
    cr_expect(exact);
    visitors_memory_free(&t);
}

Test(visitors, the_days_hyperloglog_is_readied_a_day_ahead)
{
    struct visitors_table t = visitors_memory_new(january);
    struct hll *hll = calloc(1, sizeof *hll);
    int64_t day[4] = {january + 10 * UTC_DAY, january + 11 * UTC_DAY,
                      january + 12 * UTC_DAY, january + 13 * UTC_DAY};
    uint64_t visitor = 1000000;

    fill_table(&t, 395000, january + 1, day[0] - 1);
    for (unsigned d = 0; d < 4; d++) {
        for (uint64_t i = 0; i < 3000; i++)
            hit(&t, visitor++, day[d]); /* before the keeper comes that day */
        keep_sketched(&t, day[d] + 1);
        visitors_hll(&t, day[d], hll);
        expect_near("today", hll_estimate(hll), 3000, 0.0081);
        if (d > 0) {
            visitors_hll(&t, day[d - 1], hll);
            expect_near("since yesterday", hll_estimate(hll), 6000, 0.0081);
        }
        keep_sketched(&t, day[d] + 400);
    }
    visitors_hll(&t, january + 1, hll);
    expect_near("key", hll_estimate(hll), 395000 + 12000, 0.0081);
    keep_sketched(&t, january + 20 * UTC_DAY + 5); /* the daemon was away for days */
    visitors_hll(&t, january + 20 * UTC_DAY, hll);
    cr_expect(hll_estimate(hll) == 0);
    free(hll);
    visitors_memory_free(&t);
}

Test(visitors, adoption_of_a_sketched_table_changes_no_number)
{
    struct visitors_table t = visitors_memory_new(january);
    int64_t at = january + 5 * UTC_DAY + 20;

    fill_table(&t, 395000, january + 1, january + 5 * UTC_DAY);
    for (uint64_t i = 0; i < 5000; i++)
        hit(&t, 500000 + i, at);
    keep_sketched(&t, at);
    uint64_t day = tally(&t, PERIOD_DAY, at), week = tally(&t, PERIOD_WEEK, at);
    uint64_t words = t.head->words;
    visitors_adopt(&t, utc_periods_at, NULL);
    cr_expect_eq(t.head->mode, VISITORS_SKETCHED);
    cr_expect_eq(t.head->words, words);
    cr_expect_eq(tally(&t, PERIOD_DAY, at), day);
    cr_expect_eq(tally(&t, PERIOD_WEEK, at), week);
    visitors_memory_free(&t);
}

/* --- Streams of the corpus
 * ------------------------------------------------------------------------------------------------------
 */

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
    expect_sound(&t);
    visitors_memory_free(&t);
}

Test(visitors, the_stream_of_20000_events_is_exact)
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

Test(visitors, a_generated_stream_of_100000_ranks_is_exact)
{
    follow_generated("gen_200000_100000_900_2", 200000, 100000, 900, 2);
}

Test(visitors, a_generated_stream_of_300000_ranks_is_exact)
{
    follow_generated("gen_300000_300000_0_3", 300000, 300000, 0, 3);
}

Test(visitors, a_sketched_stream_is_within_three_standard_errors)
{
    struct visitors_table t = visitors_memory_new(STREAM_T0 / 12 - 1);
    static const int64_t windows[3] = {UTC_ONLINE, UTC_DAY, UTC_WEEK};
    struct visitors_scan scans[3];
    struct stream s;
    unsigned checked = 0;

    stream_generate(&s, 1000000, 900000, 0,
                    7); /* 600,000 visitors; sketched from day 8 on */
    stream_sort(&s);
    for (size_t i = 0; i < s.count; i++) {
        int64_t slot = s.event[i].t / 12;
        struct visit_periods p;
        utc_periods(slot, &p);
        visitors_hit(&t, visitors_fingerprint(s.event[i].visitor), slot, &p);
        if (i % 256 == 0) {
            visitors_memory_grow(&t);
            keep_sketched(&t, slot);
        }
        if (t.head->mode != VISITORS_SKETCHED || (i + 1) % 100000 != 0)
            continue;
        visitors_windows(&t, slot, windows, 3, scans);
        for (unsigned w = 0; w < 3; w++) {
            expect_near("window", (double)scans[w].count,
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
