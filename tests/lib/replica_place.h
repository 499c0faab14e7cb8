/* Two SQLite stores and what a site may have, for tests of copies between stores. */
#ifndef LUOT_TESTS_REPLICA_PLACE_H
#define LUOT_TESTS_REPLICA_PLACE_H

#include "lib/scratch.h"
#include "store/store.h"

enum { REPLICA_DOCUMENT = 1 << 20, REPLICA_DAY = 20780 };

/* A store in a file of a scratch directory. */
struct store *replica_open(const struct scratch *dir, const char *file,
                           uint64_t incarnation);
/* What a run of `s` counts in a site on two days, 100 and 50 times `views`. */
void replica_count(struct store *s, const char *site, uint64_t views);
/* What people say and bring: two equal adjustments, a seed, an import of 40 days. */
void replica_say(struct store *s, const char *site);
/* The lines of its dump but the last, sorted, because stores have runs in their own order.
 * Good until the next call but one: two may be compared. */
const char *replica_document(struct store *s, const char *site);
uint64_t replica_views(struct store *s, const char *site); /* of all parts */

#endif
