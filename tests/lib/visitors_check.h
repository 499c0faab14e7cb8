/* What must hold of a table of visitors whenever no writer is at work, also after a
 * kill. */
#ifndef LUOT_TESTS_LIB_VISITORS_CHECK_H
#define LUOT_TESTS_LIB_VISITORS_CHECK_H

#include "count/visitors.h"

/* No fp twice; no EMPTY or SEALED before a word on its path, no EMPTY on its paths in
 * older parts; nothing beyond the open parts; words = what a scan finds. NULL, else the
 * first fault, in static memory. Sketched tables: only that no fp is there twice, but for
 * `duplicates` ones. */
const char *visitors_check(const struct visitors_table *t, uint64_t duplicates);
/* Besides: words = the month's tally. For tables whose hits all lie in one month. */
const char *visitors_check_month(const struct visitors_table *t, uint32_t month);

#endif
