/* check: what luotd found damaged when it started, and what is not well because of it. */
#include "answer/checking.h"

static void check_arena(struct checking *c)
{
    if (c->status.arena_damaged > 0)
        checking_say(
            c, false, "damage",
            "%llu numbers in %s/arena failed their check when luotd started: its "
            "log (event=arena_damaged) says of which sites and days; check this "
            "machine's memory and who can write there",
            (unsigned long long)c->status.arena_damaged, c->job->service->run_dir);
}

/* Without a word of the store itself: daemon_look_for_lost_saves. */
static void check_stores(struct checking *c)
{
    for (unsigned i = 0; i < c->status.store_count; i++) {
        const struct store_state *s = &c->status.stores[i];

        if (s->lost_s > 0)
            checking_say(c, false, "damage",
                         "%s lacked the last %lld s that it had confirmed when luotd "
                         "started: it was damaged, or replaced by a copy from before. "
                         "What was counted then is saved again; seeds, adjustments and "
                         "imports of then are not: look at `luotctl audit`, and at that "
                         "disk",
                         s->where, (long long)s->lost_s);
    }
}

/* What was lost of it was had again without these (store/history.h). */
static void check_unread(struct checking *c, const struct site *site)
{
    const struct service *service = c->job->service;

    for (unsigned i = 0; i < service->stores; i++) {
        char where[256];
        struct buffer b;

        if ((site->damage.unread >> i & 1) == 0)
            continue;
        buffer_init(&b, where, sizeof where - 1);
        store_where_write(&b, slice_of(service->store[i]));
        where[b.length] = '\0';
        checking_say(c, false, "damage",
                     "%s lost numbers, and %s could not be read when what was saved of "
                     "it was had again: what only that store has is missing in its "
                     "total; compare the two, and `luotctl adjust` puts it right",
                     site_shown_key(site), where);
    }
}

static void check_site(struct checking *c, const struct site *site)
{
    if (site_awaits_saved(site))
        checking_say(c, false, "damage",
                     "%s lost numbers, and no store has said yet what was saved of it; "
                     "nothing of it is saved before one does: put right what luotd's "
                     "log says of the stores",
                     site_shown_key(site));
    check_unread(c, site);
}

void checking_damage(struct checking *c)
{
    const struct registry *r = c->job->service->registry;

    check_arena(c);
    check_stores(c);
    for (size_t i = 0; i < registry_limit(r); i++)
        if (registry_kept_at(r, i) != NULL)
            check_site(c, registry_kept_at(r, i));
}
