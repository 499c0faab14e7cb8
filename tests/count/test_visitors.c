/* The rules of a hit on a table of visitors, one at a time, by one thread. Races:
 * tests/stress. */
#include "count/visitors.h"

#include <criterion/criterion.h>

#include "count/visitors_inner.h"
#include "lib/repeat.h"
#include "lib/utc_periods.h"
#include "lib/visitors_check.h"
#include "lib/visitors_drive.h"
#include "lib/visitors_ledger.h"
#include "lib/visitors_memory.h"

/* --- Words and parts --- */

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

Test(visitors, grows_through_every_part_and_agrees_with_a_ledger)
{
    enum { VISITORS = 220000 };
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    struct visitors_ledger *l = visitors_ledger_new(VISITORS, DRIVE_JANUARY + 1);
    uint64_t state = 88172645463325252U, known = 0;
    int64_t slot = DRIVE_JANUARY + 1;

    for (size_t i = 0; i < 900000; i++) {
        uint64_t r = random_next(&state);
        if (r % 100 == 0) /* now and then a step of up to 40 min: 500 h in all */
            slot += (int64_t)(r >> 20) % 40;
        bool fresh = known == 0 || (known < VISITORS && r % 4 != 3);
        size_t visitor = fresh ? known++ : (size_t)((r >> 32) % known);
        struct visitors_verdict is = drive_hit(&t, visitor, slot);
        struct visitors_verdict should = visitors_ledger_hit(l, visitor, slot);
        cr_assert_eq(is.placed, should.placed);
        cr_assert_eq(is.new_visit, should.new_visit);
        cr_assert_eq(is.first_seen, should.first_seen);
        cr_assert_eq(is.first_today, should.first_today);
        cr_assert_eq(is.second_view, should.second_view);
        if (i % 50000 == 0 || (fresh && known < 1000 && known % 100 == 0)) {
            const char *difference = visitors_ledger_compare(l, &t, slot);
            cr_assert_null(difference, "%s", difference);
        }
    }
    cr_expect_eq(t.head->cur, 9);
    cr_expect_eq(t.head->unplaced, 0);
    cr_expect_null(visitors_ledger_compare(l, &t, slot));
    drive_expect_sound(&t);
    cr_expect_null(visitors_check_month(&t, DRIVE_JANUARY_MONTH));
    visitors_ledger_free(l);
    visitors_memory_free(&t);
}

/* Where a visitor's word was is only a guess: right, another's, or of a part that is not open. */
Test(visitors, a_hit_at_a_place_says_what_a_hit_says)
{
    enum { VISITORS = 3000 };
    static uint32_t at[VISITORS];
    struct visitors_table a = visitors_memory_new(DRIVE_JANUARY);
    struct visitors_table b = visitors_memory_new(DRIVE_JANUARY);
    uint64_t state = 42;
    size_t right = 0;

    for (size_t i = 0; i < VISITORS; i++)
        at[i] = VISITORS_NOWHERE;
    for (int64_t i = 0; i < 40000; i++) {
        uint64_t r = random_next(&state), fp = visitors_memory_fp(r % VISITORS);
        int64_t slot = DRIVE_JANUARY + 1 + i / 20;
        uint32_t *place = &at[r % VISITORS], before = *place;
        struct visitors_verdict is, should;
        struct visit_periods p;

        utc_periods(slot, &p);
        if (r >> 40 & 1)
            *place = (uint32_t)(r >> 41) % (VISITORS_NOWHERE + 1);
        is = visitors_hit_at(&a, fp, slot, &p, place);
        should = visitors_hit(&b, fp, slot, &p);
        cr_assert_eq(memcmp(&is, &should, sizeof is), 0);
        cr_assert_lt(*place, visitors_part_start((unsigned)a.head->cur + 1));
        cr_assert_eq(word_fp(a.word[*place]), fp);
        right += before == *place;
        visitors_memory_grow(&a);
        visitors_memory_grow(&b);
    }
    cr_expect_gt(right, 30000u, "words do not move");
    drive_expect_sound(&a);
    visitors_memory_free(&a);
    visitors_memory_free(&b);
}

Test(visitors, what_finds_no_room_is_said_and_makes_the_table_inexact)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    struct visit_periods p;
    uint64_t unplaced = 0;
    bool exact = true;

    utc_periods(DRIVE_JANUARY + 5, &p);
    for (uint64_t i = 0; i < 600; i++) { /* parts 0 and 1 only: nobody backs */
        struct visitors_verdict v =
            visitors_hit(&t, visitors_memory_fp(i), DRIVE_JANUARY + 5, &p);
        unplaced += !v.placed;
        cr_expect(v.placed || (!v.new_visit && !v.first_seen));
    }
    cr_expect_gt(unplaced, 0);
    cr_expect_eq(t.head->unplaced, unplaced);
    cr_expect_eq(t.head->words, 600 - unplaced);
    cr_expect_not(visitors_window(&t, DRIVE_JANUARY + 5, 25).exact);
    visitors_of_period(&t, PERIOD_DAY, DRIVE_JANUARY_DAY, &exact);
    cr_expect_not(exact);
    /* The keeper comes at last: whoever was left out comes in. */
    visitors_memory_grow(&t);
    for (uint64_t i = 0; i < 600; i++)
        cr_expect(visitors_hit(&t, visitors_memory_fp(i), DRIVE_JANUARY + 6, &p).placed);
    cr_expect_eq(t.head->words, 600);
    drive_expect_sound(&t);
    visitors_memory_free(&t);
}

Test(visitors, a_hit_before_the_tables_first_slot_is_not_placed_and_not_unplaced)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    cr_expect_not(drive_hit(&t, 1, DRIVE_JANUARY).placed);
    cr_expect_not(drive_hit(&t, 1, DRIVE_JANUARY - 3).placed);
    cr_expect_not(drive_ping(&t, 1, DRIVE_JANUARY - 3));
    cr_expect_eq(t.head->words, 0);
    cr_expect_eq(t.head->unplaced, 0);
    cr_expect(drive_hit(&t, 1, DRIVE_JANUARY + 1).placed);
    visitors_memory_free(&t);
}

Test(visitors, a_hit_beyond_what_a_word_can_hold_is_unplaced)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    cr_expect(drive_hit(&t, 1, DRIVE_JANUARY + SLOT_LAST).placed);
    cr_expect_not(drive_hit(&t, 2, DRIVE_JANUARY + SLOT_LAST + 1).placed);
    cr_expect_eq(t.head->words, 1);
    cr_expect_eq(t.head->unplaced, 1);
    visitors_memory_free(&t);
}

/* --- Visits --- */

Test(visitors, a_visit_is_new_after_the_idle_time)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    int64_t at = DRIVE_JANUARY + 1000;
    struct visitors_verdict first = drive_hit(&t, 1, at);

    cr_expect(first.placed && first.new_visit && first.first_seen && first.first_today);
    cr_expect_not(drive_hit(&t, 1, at).new_visit);
    cr_expect_not(drive_hit(&t, 1, at + UTC_IDLE - 1).new_visit);
    struct visitors_verdict later = drive_hit(&t, 1, at + 2 * UTC_IDLE - 1);
    cr_expect(later.new_visit && !later.first_seen && !later.first_today);
    visitors_memory_free(&t);
}

Test(visitors, a_visit_ends_at_midnight)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    drive_hit(&t, 1, DRIVE_JANUARY + UTC_DAY - 1);
    struct visitors_verdict v = drive_hit(&t, 1, DRIVE_JANUARY + UTC_DAY);
    cr_expect(v.new_visit && v.first_today && !v.first_seen);
    visitors_memory_free(&t);
}

Test(visitors, a_late_visit_of_a_known_visitor_changes_nothing)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    drive_hit(&t, 1, DRIVE_JANUARY + UTC_DAY + 2);
    uint64_t joins = t.head->joins;
    struct visitors_verdict v = drive_hit(&t, 1, DRIVE_JANUARY + UTC_DAY - 2);
    cr_expect(v.placed && !v.new_visit && !v.first_seen && !v.first_today);
    cr_expect_eq(drive_number(&t, PERIOD_DAY, DRIVE_JANUARY), 0);
    cr_expect_eq(t.head->joins, joins);
    cr_expect_eq(visitors_window(&t, DRIVE_JANUARY + UTC_DAY + 2, 1).count, 1);
    visitors_memory_free(&t);
}

Test(visitors, a_late_first_visit_belongs_to_the_period_it_is_dated_in)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    drive_hit(&t, 1, DRIVE_JANUARY + UTC_DAY + 2);
    cr_expect(drive_hit(&t, 2, DRIVE_JANUARY + UTC_DAY - 2).new_visit);
    cr_expect_eq(drive_number(&t, PERIOD_DAY, DRIVE_JANUARY), 1);
    cr_expect_eq(drive_number(&t, PERIOD_DAY, DRIVE_JANUARY + UTC_DAY), 1);
    /* The midnight between. */
    cr_expect(drive_hit(&t, 2, DRIVE_JANUARY + UTC_DAY + 2).new_visit);
    cr_expect_eq(drive_number(&t, PERIOD_DAY, DRIVE_JANUARY + UTC_DAY), 2);
    cr_expect_eq(drive_number(&t, PERIOD_WEEK, DRIVE_JANUARY), 2);
    visitors_memory_free(&t);
}

Test(visitors, the_second_view_of_a_visit_is_said_once)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    int64_t at = DRIVE_JANUARY + 1000;

    cr_expect_not(drive_hit(&t, 1, at).second_view);
    cr_expect(drive_hit(&t, 1, at + 3).second_view);
    cr_expect_not(drive_hit(&t, 1, at + 3).second_view);
    cr_expect_not(drive_hit(&t, 1, at + 9).second_view);
    at += 9 + UTC_IDLE; /* the next visit has one of its own, in its first slot */
    struct visitors_verdict v = drive_hit(&t, 1, at);
    cr_expect(v.new_visit && !v.second_view);
    v = drive_hit(&t, 1, at);
    cr_expect(v.second_view && !v.new_visit && !v.first_today);
    cr_expect_not(drive_hit(&t, 1, at).second_view);
    cr_expect_eq(visitors_window(&t, at, 1).count, 1);
    cr_expect_eq(t.head->words, 1);
    visitors_memory_free(&t);
}

Test(visitors, a_second_view_may_be_dated_before_the_first_one_within_the_hour)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    int64_t hour = DRIVE_JANUARY + UTC_DAY;

    drive_hit(&t, 1, hour + 9);
    cr_expect(drive_hit(&t, 1, hour + 7).second_view);
    cr_expect_not(drive_hit(&t, 1, hour + 10).second_view);
    /* The one that is there is of another day's visit. */
    drive_hit(&t, 2, hour + 2);
    cr_expect_not(drive_hit(&t, 2, hour - 2).second_view);
    cr_expect(drive_hit(&t, 2, hour + 3).second_view);
    cr_expect_eq(visitors_window(&t, hour + 10, 1).count, 1);
    visitors_memory_free(&t);
}

Test(visitors, a_ping_is_no_view_of_a_visit)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    int64_t at = DRIVE_JANUARY + 1000;

    drive_hit(&t, 1, at);
    drive_ping(&t, 1, at);
    drive_ping(&t, 1, at + 100);
    cr_expect(drive_hit(&t, 1, at + 150).second_view);
    drive_ping(&t, 1, at + 200);
    cr_expect_not(drive_hit(&t, 1, at + 250).second_view);
    /* It takes a visit over midnight: today has not counted the visit. */
    drive_hit(&t, 2, DRIVE_JANUARY + UTC_DAY - 5);
    drive_ping(&t, 2, DRIVE_JANUARY + UTC_DAY + 5);
    struct visitors_verdict v = drive_hit(&t, 2, DRIVE_JANUARY + UTC_DAY + 6);
    cr_expect(!v.new_visit && !v.second_view);
    visitors_memory_free(&t);
}

Test(visitors, other_nodes_are_told_nothing_of_second_views)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    uint64_t word[2];
    int64_t since, seen;

    drive_hit(&t, 1, DRIVE_JANUARY + 9);
    drive_hit(&t, 1, DRIVE_JANUARY + 9);
    cr_assert_eq(visitors_newest(&t, 1, word, &since), 1);
    cr_expect_eq(word[0], visitors_memory_fp(1) << 20 | 9);
    cr_expect(visitors_last_seen(&t, visitors_memory_fp(1), &seen));
    cr_expect_eq(seen, DRIVE_JANUARY + 9);
    visitors_memory_free(&t);
}

/* --- Periods and windows --- */

Test(visitors, a_closed_period_stays_right_when_its_visitors_return)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    for (uint64_t i = 0; i < 1000; i++)
        drive_hit(&t, i, DRIVE_JANUARY + 100);
    for (uint64_t i = 0; i < 1500; i++)
        drive_hit(&t, i, DRIVE_JANUARY + UTC_DAY + 50);
    cr_expect_eq(drive_number(&t, PERIOD_DAY, DRIVE_JANUARY), 1000);
    cr_expect_eq(drive_number(&t, PERIOD_DAY, DRIVE_JANUARY + UTC_DAY), 1500);
    for (uint64_t i = 0; i < 1500; i++)
        drive_hit(&t, i, DRIVE_JANUARY + 7 * UTC_DAY + 50);
    cr_expect_eq(drive_number(&t, PERIOD_WEEK, DRIVE_JANUARY), 1500);
    cr_expect_eq(drive_number(&t, PERIOD_WEEK, DRIVE_JANUARY + 7 * UTC_DAY), 1500);
    cr_expect_eq(drive_number(&t, PERIOD_MONTH, DRIVE_JANUARY), 1500);
    visitors_memory_free(&t);
}

Test(visitors, four_periods_back_a_tally_is_gone)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    drive_hit(&t, 1, DRIVE_JANUARY + 1);
    drive_hit(&t, 1, DRIVE_JANUARY + 3 * UTC_DAY);
    cr_expect_eq(drive_number(&t, PERIOD_DAY, DRIVE_JANUARY), 1);
    drive_hit(&t, 1, DRIVE_JANUARY + 4 * UTC_DAY);
    cr_expect_eq(drive_number(&t, PERIOD_DAY, DRIVE_JANUARY), 0);
    cr_expect_eq(drive_number(&t, PERIOD_DAY, DRIVE_JANUARY + 4 * UTC_DAY), 1);
    /* Too late for its day's tally, which is another's now. */
    drive_hit(&t, 2, DRIVE_JANUARY + 1);
    cr_expect_eq(drive_number(&t, PERIOD_DAY, DRIVE_JANUARY + 4 * UTC_DAY), 1);
    visitors_memory_free(&t);
}

/* --- Pings --- */

Test(visitors, a_ping_moves_a_known_visitor_and_opens_nothing)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    int64_t at = DRIVE_JANUARY + 1000;

    cr_expect_not(drive_ping(&t, 1, at));
    cr_expect_eq(t.head->words, 0);
    drive_hit(&t, 1, at);
    cr_expect(drive_ping(&t, 1, at + 100));
    cr_expect_eq(visitors_window(&t, at + 100, 1).count, 1);
    /* The visit was kept alive. */
    cr_expect_not(drive_hit(&t, 1, at + 100 + UTC_IDLE - 1).new_visit);
    visitors_memory_free(&t);
}

Test(visitors, a_ping_makes_a_visitor_of_the_period_it_comes_in)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    drive_hit(&t, 1, DRIVE_JANUARY + UTC_DAY - 5);
    cr_expect(drive_ping(&t, 1, DRIVE_JANUARY + UTC_DAY + 5));
    cr_expect_eq(drive_number(&t, PERIOD_DAY, DRIVE_JANUARY + UTC_DAY), 1);
    cr_expect_eq(drive_number(&t, PERIOD_HOUR, DRIVE_JANUARY + UTC_DAY), 1);
    cr_expect_eq(drive_number(&t, PERIOD_WEEK, DRIVE_JANUARY), 1);
    visitors_memory_free(&t);
}

Test(visitors, a_ping_after_the_visits_end_hides_no_new_visit)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    int64_t at = DRIVE_JANUARY + 1000;
    drive_hit(&t, 1, at);
    cr_expect(drive_ping(&t, 1, at + UTC_IDLE));
    cr_expect(drive_hit(&t, 1, at + UTC_IDLE + 1).new_visit);
    visitors_memory_free(&t);
}
