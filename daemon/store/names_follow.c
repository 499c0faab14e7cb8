/* Keeping one list of what people said: of the store, which other nodes may tell too, of
 * the registry, and of the file that a start reads while the store is away. */
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "store/names.h"

static void keep_file(const char *run_dir, const struct site_names *names)
{
    int rv = names_file_write(run_dir, names);

    if (rv != 0)
        log_warn("event=names_file error=\"%s\" "
                 "next=names_are_read_from_the_store_only",
                 error_text(rv));
}

int names_follow(struct registry *registry, struct store *store, const char *run_dir)
{
    const struct site_names *here; /* good for seconds: not while the store is asked */
    struct site_names *there, *all;
    bool is_news;
    int rv = names_read(store, &there);

    if (rv != 0)
        return rv;
    here = registry_names(registry);
    all = site_names_union(here, there);
    if (all == NULL)
        rv = ERR_NOMEM;
    is_news = rv == 0 && !site_names_equal(all, here);
    if (rv == 0 && !site_names_equal(all, there))
        rv = names_say_all(store, all);
    free(there);
    if (!is_news) {
        free(all);
        return rv;
    }
    keep_file(run_dir, all);
    log_info("event=names facts=%zu", all->count);
    registry_use_names(registry, all);
    return rv;
}

struct site_names *names_at_start(struct store *store, const char *run_dir)
{
    struct site_names *file = NULL, *kept = NULL, *all;
    int rv = names_file_read(run_dir, &file);

    if (rv != 0 && rv != ERR_NOT_FOUND)
        log_warn("event=names_file error=\"%s\" next=what_the_store_has_is_used",
                 error_text(rv));
    if (store != NULL)
        (void)names_read(store, &kept); /* else names_follow comes back */
    all = site_names_union(file, kept);
    free(file);
    free(kept);
    return all;
}
