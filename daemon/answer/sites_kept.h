/* Floor 4 (answer). The document of all sites as everybody sees it, made once a second
 * however many ask: with many sites it is what costs most to make. The reader thread's. */
#ifndef LUOT_ANSWER_SITES_KEPT_H
#define LUOT_ANSWER_SITES_KEPT_H

#include "answer/destination.h"

struct sites_kept;

struct sites_kept *sites_kept_new(void);    /* NULL: out of memory */
void sites_kept_free(struct sites_kept *k); /* NULL is a no-op   */

/* Answers `to` with what was made in this second, if nothing was counted since and nothing
 * reloaded. False: not answered, make it anew. `k` may be NULL: false. */
bool sites_kept_answer(struct sites_kept *k, const struct destination *to,
                       const struct document *d);
/* Answers `to` with what was made, and keeps a copy. `changes`: sites_kept_changes before
 * the numbers were read. */
void sites_kept_keep(struct sites_kept *k, const struct destination *to,
                     const struct document *d, uint64_t changes, struct slice body);
/* Of all sites: another one when anything was counted or reloaded. */
uint64_t sites_kept_changes(const struct destination *to, const struct document *d);

#endif
