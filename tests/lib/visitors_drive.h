/* Short hands for tests of a table of visitors by one thread: a keeper that is never late
 * beside each hit. */
#ifndef LUOT_TESTS_LIB_VISITORS_DRIVE_H
#define LUOT_TESTS_LIB_VISITORS_DRIVE_H

#include "count/visitors.h"

/* 2024-01-01 00:00 UTC, a Monday: a day, a week and a month begin. */
enum { DRIVE_JANUARY_DAY = 19723, DRIVE_JANUARY_MONTH = 648 };
#define DRIVE_JANUARY ((int64_t)DRIVE_JANUARY_DAY * 7200)

struct visitors_verdict drive_hit(const struct visitors_table *t, uint64_t visitor,
                                  int64_t slot);
bool drive_ping(const struct visitors_table *t, uint64_t visitor, int64_t slot);
/* The visitors of the period of a kind that `slot` lies in. */
uint64_t drive_number(const struct visitors_table *t, enum period_kind kind,
                      int64_t slot);
/* What the keeper does towards sketched mode; one thread: every grace is over at once. */
void drive_keep(const struct visitors_table *t, int64_t slot);
/* `count` visitors, evenly over [from, until). */
void drive_fill(const struct visitors_table *t, uint64_t count, int64_t from,
                int64_t until);
/* Is an estimate within three standard errors (and one)? */
bool drive_is_near(double is, double should, double standard_error);

#define drive_expect_sound(t)                                                            \
    do {                                                                                 \
        const char *drive_fault = visitors_check((t), 0);                                \
        cr_expect_null(drive_fault, "%s", drive_fault);                                  \
    } while (0)
#define drive_expect_near(what, is, should, standard_error)                              \
    cr_expect(drive_is_near((is), (should), (standard_error)),                           \
              "%s: %.0f, should be %.0f", (what), (double)(is), (double)(should))

#endif
