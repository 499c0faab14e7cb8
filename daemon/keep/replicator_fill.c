/* What is done before the thread begins. */
#include "base/error.h"
#include "base/log.h"
#include "keep/replicator.h"
#include "keep/replicator_sites.h"
#include "store/replicate.h"

int replicator_fill(struct store *near, struct store *far, struct instant now,
                    struct deadline d, unsigned *ret_sites)
{
    const struct replicate_options options = {.from = far, .to = near};
    struct site_states there = {.limit = SIZE_MAX}, here = {.limit = SIZE_MAX};
    struct replicate *r = NULL;
    int rv = site_states_find(&here, near, false);

    *ret_sites = 0;
    if (rv == 0 && here.count == 0)
        rv = site_states_find(&there, far, false);
    if (rv == 0 && there.count > 0)
        rv = replicate_new(&r, &options);
    if (rv == 0 && there.count > 0)
        log_info("event=refill_begins what=the_disk_has_nothing sites=%zu "
                 "next=it_gets_what_redis_has",
                 there.count);
    if (rv == 0 && r != NULL)
        rv = replicate_names(r);
    if (rv == 0 && r != NULL)
        rv = replicate_gaps(r);
    for (size_t i = 0; i < there.count && rv == 0 && deadline_in(0).at_ms < d.at_ms;
         i++) {
        rv = replicate_site(r, slice_of(there.at[i]->key), REPLICATE_ALL, now);
        if (rv == 0)
            rv = replicate_flush(r);
        *ret_sites += rv == 0;
    }
    if (there.count > 0)
        log_info("event=refill_ends sites=%u of=%zu rows=%llu next=%s", *ret_sites,
                 there.count, r == NULL ? 0ULL : (unsigned long long)replicate_rows(r),
                 *ret_sites == there.count ? "none" : "the_rest_comes_while_counting");
    site_states_release(&there);
    site_states_release(&here);
    replicate_free(r);
    return rv;
}
