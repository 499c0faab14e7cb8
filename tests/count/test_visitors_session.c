/* The session line of a sketched table: whose visit goes on. */
#include "count/visitors.h"

#include <criterion/criterion.h>

#include "count/visitors_inner.h"
#include "lib/utc_periods.h"
#include "lib/visitors_check.h"
#include "lib/visitors_drive.h"
#include "lib/visitors_memory.h"

Test(visitors_session, sketched_mode_keeps_the_visits_of_active_visitors)
{
    enum { KNOWN = 400000, ACTIVE = 20000 };
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    int64_t at = DRIVE_JANUARY + 5 * UTC_DAY + 1000;
    uint64_t new_visits = 0, lost = 0;

    drive_fill(&t, KNOWN, DRIVE_JANUARY + 1, DRIVE_JANUARY + 5 * UTC_DAY);
    cr_assert_eq(t.head->mode, VISITORS_SKETCHED);
    for (uint64_t i = 0; i < ACTIVE; i++)
        new_visits += drive_hit(&t, KNOWN + i, at).new_visit;
    cr_expect_eq(new_visits, ACTIVE);
    for (unsigned round = 1; round <= 4; round++) /* 100 min, a view each 25 */
        for (uint64_t i = 0; i < ACTIVE; i++)
            lost += drive_hit(&t, KNOWN + i, at + round * 125).new_visit;
    cr_expect_lt(lost, ACTIVE / 1000, "%llu visits cut", (unsigned long long)lost);
    cr_expect(drive_ping(&t, KNOWN + 1, at + 501));
    new_visits = 0;
    for (uint64_t i = 0; i < ACTIVE; i++)
        new_visits += drive_hit(&t, KNOWN + i, at + 500 + UTC_IDLE + 1).new_visit;
    cr_expect_geq(new_visits, ACTIVE - 1); /* the pinged one is still here */
    new_visits = 0;
    for (uint64_t i = 0; i < 1000; i++) /* found by its path, idle: its visit is new */
        new_visits += drive_hit(&t, i, at + 900).new_visit;
    cr_expect_eq(new_visits, 1000);
    drive_expect_sound(&t);
    visitors_memory_free(&t);
}

Test(visitors_session, a_session_line_of_live_visits_keeps_no_more)
{
    struct visitors_table t = visitors_memory_new(DRIVE_JANUARY);
    struct path home = visitors_path(visitors_memory_fp(0), LAST_PART);
    uint64_t same_line[SESSION_WORDS + 1] = {0}, found = 1;
    struct visit_periods p;
    int64_t at = DRIVE_JANUARY + 1000;

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
        cr_expect(drive_hit(&t, same_line[i], at + i).new_visit);
    cr_expect_eq(t.head->words, SESSION_WORDS);
    cr_expect(drive_hit(&t, same_line[SESSION_WORDS], at + 10).new_visit);
    cr_expect(drive_hit(&t, same_line[SESSION_WORDS], at + 11).new_visit); /* not kept */
    for (unsigned i = 0; i < SESSION_WORDS; i++)
        cr_expect_not(drive_hit(&t, same_line[i], at + 12).new_visit);
    for (unsigned i = 1; i < SESSION_WORDS; i++)
        drive_hit(&t, same_line[i], at + 100);
    cr_expect(drive_hit(&t, same_line[SESSION_WORDS], at + 12 + UTC_IDLE).new_visit);
    /* Kept. */
    cr_expect_not(drive_hit(&t, same_line[SESSION_WORDS], at + 13 + UTC_IDLE).new_visit);
    /* The idle one made room. */
    cr_expect(drive_hit(&t, same_line[0], at + 14 + UTC_IDLE).new_visit);
    visitors_memory_free(&t);
}
