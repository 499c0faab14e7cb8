/* Floor 3 (store). What a store knows of a site and of all that was merged into it, as of
 * one: rows are asked for under each key and added up by number. So a merger moves nothing,
 * and what another node still counts under the old key is in the sum too.
 *
 * All that was counted under another key is other runs' for the site itself, our own run's
 * too. Visitors of several keys are a sum: nobody who came under both is known again. */
#ifndef LUOT_STORE_MERGED_H
#define LUOT_STORE_MERGED_H

#include "count/site.h"
#include "store/store.h"

/* As the store's own `history`, and with CHANGE_HOUR its `imported_hours`; ERR_NOMEM
 * besides. */
int merged_history(struct store *store, const struct site *site, enum change_kind kind,
                   unsigned parts, int64_t from, int64_t until, history_row_fn *row,
                   void *context);
/* Since when, of any of them. As `site_first`. */
int merged_site_first(struct store *store, const struct site *site,
                      int64_t *ret_created_s, int64_t *ret_first_live_s);
/* Adds what the merged sites' totals come to, their seeds and adjustments in `adjusted`.
 * What a seed of the site says was counted by then has in it what was merged before:
 * `seeded_s` is when it was said, 0: never. */
int merged_totals(struct store *store, const struct site *site, const struct zone *zone,
                  const struct site_seed seed[METRIC_KINDS],
                  const int64_t seeded_s[METRIC_KINDS], struct site_totals *totals);

#endif
