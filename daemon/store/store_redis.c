/* The shared store: a Redis server, which several nodes may write to. Every number is kept
 * by (site, day, node, incarnation) and only ever raised, so a save may arrive twice, late,
 * or after a failover to a server that is behind: nothing is lowered or doubled, and what
 * that server has not seen is written again (store_lost). conf/redis.md says which keys
 * there are and how to look at them.
 *
 * It is never fatal that a server is away: it opens, says ERR_IO at once until the
 * back-off is over, and is there again when it is. */
#include "store/store_redis.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "store/store_redis_ahead.h"
#include "store/store_redis_dump.h"

int redis_ready(struct redis_store *s, struct deadline d, int64_t *ret_give_up_ms)
{
    int64_t give_up_ms = deadline_in(FLUSH_MS).at_ms;
    int rv;

    if (d.at_ms != 0 && d.at_ms < give_up_ms)
        give_up_ms = d.at_ms;
    rv = redis_link_ready(s->link, give_up_ms);
    *ret_give_up_ms = give_up_ms;
    return rv;
}

/* A connection that is new may be one to another server, or to one that has forgotten. */
static int attend(struct store *store, struct deadline d, enum store_lost *ret_lost)
{
    struct redis_store *s = redis_store_of(store);
    int64_t give_up_ms;
    bool knows = true;
    int rv = redis_ready(s, d, &give_up_ms);

    *ret_lost = STORE_LOST_NOTHING;
    if (rv != 0 || s->connections == redis_link_connections(s->link))
        return rv;
    rv = redis_knows_run(s, give_up_ms, &knows);
    if (rv != 0)
        return rv;
    s->connections = redis_link_connections(s->link);
    *ret_lost = knows ? STORE_LOST_RECENT : STORE_LOST_ALL;
    return 0;
}

static const char *trouble(const struct store *store, unsigned *ret_number)
{
    const struct redis_store *s = (const struct redis_store *)(const void *)store;

    return redis_link_trouble(s->link, ret_number);
}

static void hurry(struct store *store, struct deadline d)
{
    redis_link_hurry(redis_store_of(store)->link, d.at_ms);
}

static void close_store(struct store *store)
{
    struct redis_store *s = redis_store_of(store);

    redis_link_free(s->link);
    redis_release_kept(s);
    redis_ahead_free(s->ahead);
    free(s);
}

static const struct store_ops redis_ops = {
    .save = redis_save,
    .history = redis_history,
    .total = redis_total,
    .imported_hours = redis_imported_hours,
    .seed_set = redis_seed_set,
    .seed_get = redis_seed_get,
    .adjust_add = redis_adjust_add,
    .audit = redis_audit,
    .audit_add = redis_audit_add,
    .source_get = redis_source_get,
    .import = redis_import,
    .gap_add = redis_gap_add,
    .gaps = redis_gaps,
    .last_alive = redis_last_alive,
    .site_first = redis_site_first,
    .sites = redis_sites,
    .attend = attend,
    .trouble = trouble,
    .close = close_store,
    .hurry = hurry,
    .own = redis_own,
    .share = redis_share,
    .dump = redis_dump,
    .load = redis_load,
    .look = redis_look,
    .mark = redis_mark,
    .sheets_put = redis_sheets_put,
    .sheets_get = redis_sheets_get,
    .sheets_since = redis_sheets_since,
    .nodes = redis_nodes,
    .run_visitors = redis_run_visitors,
    .tops = redis_tops,
    .pages = redis_pages,
    .page_seed = redis_page_seed,
    .ahead = redis_ahead,
};

int redis_store_open(struct store **ret_store, const char *where, const char *node,
                     uint64_t incarnation, char ret_sentence[512])
{
    struct redis_store *s = calloc(1, sizeof *s);
    struct redis_where place;
    int rv;

    if (s == NULL)
        return ERR_NOMEM;
    s->store.ops = &redis_ops;
    snprintf(s->node, sizeof s->node, "%s", node);
    snprintf(s->incarnation, sizeof s->incarnation, "%016llx",
             (unsigned long long)incarnation);
    snprintf(s->run, sizeof s->run, "%s:%s", s->node, s->incarnation);
    rv = redis_where_parse(&place, slice_of(where));
    if (rv != 0)
        snprintf(ret_sentence, 512,
                 "a redis store is written redis://[user:pass@]host:port/db, "
                 "redis+unix://PATH or redis+sentinel://HOST,HOST/NAME");
    else
        rv = redis_link_new(&s->link, &place);
    explicit_bzero(&place, sizeof place);
    if (rv != 0) {
        free(s);
        return rv;
    }
    *ret_store = &s->store;
    return 0;
}
