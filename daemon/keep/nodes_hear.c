/* Hearing what the others said: which sheets came since, the sheets, and then what readers
 * are to have of each site that changed. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "keep/nodes_inner.h"

enum {
    SINCE_MAX = 256, /* sheets of a run in a page         */
    BACK_MS = 2000,  /* that are asked for again          */
    REST_MS = 60000, /* rows of silent runs are read anew */
    AWAIT_MS = 5000, /* and so while a sheet is to come   */
    AWAIT_S = 10,    /* of a run that wrote so lately     */
    STALE_MS = 10000,
    BUILD_MAX = 512,
    REFUSED_MS = 60000
};

/* --- Memory --- */

/* Those of sites that nobody looks at now: whoever comes later finds a newer one. */
void nodes_free_retired(struct nodes *n)
{
    struct site_peers **at = &n->retired, *p;

    while ((p = *at) != NULL) {
        if (!site_peers_unread(p->site)) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        n->bytes -= p->bytes;
        site_peers_free(p);
    }
}

void nodes_drop(struct nodes *n, struct heard *h)
{
    n->bytes -= h->length;
    free(h->at);
    *h = (struct heard){0};
}

/* Its place is another's from now on: nobody may look at what it said. */
void nodes_forget_run(struct nodes *n, unsigned run)
{
    for (size_t i = 0; i < n->limit; i++)
        if (n->told[i] != NULL && n->told[i]->run[run].at != NULL) {
            nodes_drop(n, &n->told[i]->run[run]);
            n->told[i]->dirty = true;
            n->told[i]->rest_ms = 0;
        }
    for (size_t i = 0; i < n->limit; i++)
        if (n->told[i] != NULL)
            n->told[i]->refused[run] = false;
}

static void refuse(struct nodes *n, const struct peer_run *p, struct slice site,
                   const char *why)
{
    n->refused++;
    if (n->said_refused_ms != 0 && n->now_ms - n->said_refused_ms < REFUSED_MS)
        return;
    n->said_refused_ms = n->now_ms;
    log_warn("event=sheet_refused node=%s site=%.*s error=\"%s\" next=that_node_is_left_"
             "out_of_sliding_windows_see_luotctl_nodes",
             p->node, (int)site.length, site.at, why);
}

/* --- Sheets --- */

struct asked {
    struct nodes *n;
    struct peer_run *peer;
    int64_t at;
    struct sheet_row place[SINCE_MAX];
    struct told *told[SINCE_MAX];
    struct site *site[SINCE_MAX];
    size_t listed, count; /* in this page; of sites that are ours too */
    uint64_t *word;
};

static void note_site(void *context, struct slice key, int64_t at)
{
    struct asked *a = context;
    struct site *site = registry_by_key(a->n->options.registry, key);
    struct told *t;

    if (at > a->at)
        a->at = at;
    a->listed++;
    t = site == NULL ? NULL : nodes_told(a->n, site);
    if (t == NULL || a->count == SINCE_MAX)
        return;
    a->told[a->count] = t;
    a->site[a->count] = site;
    a->place[a->count++] = (struct sheet_row){.site = slice_of(site->block->key),
                                              .run = slice_of(a->peer->run)};
}

static void take_sheet(struct asked *a, size_t index, struct slice bytes,
                       const struct sheet *sheet)
{
    struct heard *h = &a->told[index]->run[a->peer - a->n->peer];
    char *copy;

    if (h->at != NULL && h->length == bytes.length &&
        memcmp(h->at, bytes.at, bytes.length) == 0)
        return;
    if (a->n->bytes + bytes.length > a->n->options.memory ||
        (copy = malloc(bytes.length)) == NULL) {
        a->told[index]->refused[a->peer - a->n->peer] = true;
        refuse(a->n, a->peer, a->place[index].site, "no room for more sheets");
        return;
    }
    memcpy(copy, bytes.at, bytes.length);
    if (h->at == NULL)
        a->told[index]->rest_ms = 0; /* its row is no rest any more */
    if (sheet->total.views + sheet->total.visits != h->total || sheet->state != h->state)
        atomic_store_explicit(&a->site[index]->peer_stale_ms, a->n->now_ms + STALE_MS,
                              memory_order_relaxed);
    nodes_drop(a->n, h);
    *h = (struct heard){.at = copy,
                        .length = bytes.length,
                        .total = sheet->total.views + sheet->total.visits,
                        .state = sheet->state};
    a->n->bytes += bytes.length;
    a->peer->shares = site_shares_key(a->site[index], sheet);
    a->told[index]->dirty = true;
    a->n->heard++;
}

static void hear_sheet(void *context, size_t index, struct slice bytes)
{
    struct asked *a = context;
    struct sheet sheet;
    int rv;

    if (bytes.length == 0)
        return;
    rv = sheet_parse(&sheet, bytes, a->word, SHEET_KEYS * SHEET_WORDS);
    if (rv == 0)
        take_sheet(a, index, bytes, &sheet);
    else {
        a->told[index]->refused[a->peer - a->n->peer] = true;
        refuse(a->n, a->peer, a->place[index].site, error_text(rv));
    }
}

/* The sheets that came from then on, at most a page of them; a->at: when the last did. */
static int hear_page(struct asked *a, int64_t from)
{
    struct nodes *n = a->n;
    struct store *store = n->options.store;
    int rv;

    a->count = a->listed = 0;
    a->at = from;
    rv = store->ops->sheets_since(store, a->peer->run, from, SINCE_MAX, note_site, a,
                                  n->deadline);
    if (rv == 0 && a->count > 0)
        rv =
            store->ops->sheets_get(store, a->place, a->count, hear_sheet, a, n->deadline);
    return rv;
}

/* All that came, a page at a time; what a round has no time for comes with the next. */
static int hear_run(struct nodes *n, struct asked *a, struct peer_run *p)
{
    int64_t from = p->since > BACK_MS ? p->since - BACK_MS : 0;
    int rv;

    a->n = n;
    a->peer = p;
    do {
        rv = hear_page(a, from);
        if (rv != 0)
            break;
        from = a->at > from ? a->at : from + 1; /* a page of one moment: on from there */
        if (a->at > p->since)
            p->since = a->at;
    } while (a->listed == SINCE_MAX);
    return rv;
}

/* --- What readers have --- */

struct summing {
    const struct nodes *n;
    struct told *told;
    struct peers_rest *rest;
    uint64_t seen[64];
    unsigned seen_count;
};

/* A run saves its rows before its first sheet of a site comes: as a sum with ours they would
 * be more than the truth for that moment. One that the roll has not yet is such a run too;
 * one under our own name is what we were before the arena was lost, and says nothing more. */
static bool is_awaited(const struct nodes *n, const struct told *t, struct slice run)
{
    const struct nodes_status *roll = &n->status; /* ours alone to write */

    for (unsigned i = 0; i < PEERS_MAX; i++)
        if (slice_equal(run, slice_of(n->peer[i].run)))
            return n->peer[i].silent_s <= AWAIT_S && !t->refused[i] &&
                   strcmp(n->peer[i].node, n->own_node) != 0;
    for (unsigned i = 0; i < roll->count; i++)
        if (slice_equal(run, slice_of(roll->row[i].run)))
            return false;
    return roll->count < NODES_LISTED;
}

static void add_rest(void *context, struct slice run, uint64_t visitors, bool exact)
{
    struct summing *m = context;
    uint64_t hash = hash_fast(run.at, run.length);

    for (unsigned i = 0; i < PEERS_MAX; i++)
        if (m->told->run[i].at != NULL && slice_equal(run, slice_of(m->n->peer[i].run)))
            return;
    if (is_awaited(m->n, m->told, run)) {
        m->told->awaits = m->rest->awaits = true;
        return;
    }
    for (unsigned i = 0; i < m->seen_count; i++)
        if (m->seen[i] == hash)
            return; /* a page may say a field twice */
    if (m->seen_count < 64)
        m->seen[m->seen_count++] = hash;
    m->rest->visitors += visitors;
    m->rest->exact = m->rest->exact && exact;
}

/* Rows of runs that have no sheet. */
static int read_rest(struct nodes *n, const struct site *s, struct told *t)
{
    static const enum change_kind kinds[SHEET_PERIODS] = {CHANGE_DAY, CHANGE_WEEK,
                                                          CHANGE_MONTH};
    const struct site_terms *terms =
        atomic_load_explicit(&s->terms, memory_order_acquire);
    struct store *store = n->options.store;
    struct peers_rest rest[SHEET_PERIODS];
    int rv = 0;

    if (t->rest_ms != 0 && n->now_ms - t->rest_ms < (t->awaits ? AWAIT_MS : REST_MS))
        return 0;
    t->awaits = false;
    for (int i = 0; i < SHEET_PERIODS && rv == 0; i++) {
        struct period p = period_at(&terms->calendar, (enum period_kind)(PERIOD_DAY + i),
                                    instant_slot(n->now));
        struct summing m = {.n = n, .told = t, .rest = &rest[i]};

        rest[i] = (struct peers_rest){.number = p.number, .exact = true};
        rv = store->ops->run_visitors(store, slice_of(s->block->key), kinds[i], p.number,
                                      add_rest, &m, n->deadline);
    }
    if (rv != 0)
        return rv;
    memcpy(t->rest, rest, sizeof rest);
    t->rest_ms = n->now_ms;
    return 0;
}

static int build(struct nodes *n, struct site *s, struct told *t)
{
    struct sheet_bytes sheet[PEERS_MAX];
    struct site_peers *p, *old;
    unsigned refused;
    size_t count = 0;
    int rv = read_rest(n, s, t);

    if (rv != 0)
        return rv;
    for (unsigned i = 0; i < PEERS_MAX; i++)
        if (t->run[i].at != NULL)
            sheet[count++] = (struct sheet_bytes){{t->run[i].at, t->run[i].length},
                                                  &n->peer[i].heard_slot};
    p = site_peers_new(sheet, count, t->rest, &refused);
    if (p == NULL)
        return ERR_NOMEM;
    site_peers_join(p, s, n->now);
    n->bytes += p->bytes;
    old = site_peers_install(s, p);
    if (old != NULL) {
        old->next = n->retired;
        n->retired = old;
    }
    t->dirty = false;
    nodes_free_retired(n);
    return 0;
}

static bool is_due(const struct nodes *n, const struct told *t)
{
    return t->dirty || (t->awaits && n->now_ms - t->rest_ms >= AWAIT_MS);
}

static int build_all(struct nodes *n)
{
    unsigned built = 0;
    int rv = 0;

    for (size_t i = 0; i < n->limit && rv == 0 && built < BUILD_MAX; i++) {
        struct site *s = registry_at(n->options.registry, i);

        if (s == NULL || n->told[i] == NULL || !is_due(n, n->told[i]))
            continue;
        rv = build(n, s, n->told[i]);
        built++;
    }
    return rv;
}

/* A site that came since is asked for from the start: its sheets went by. */
static void look_for_new_sites(struct nodes *n)
{
    unsigned live = 0;

    for (size_t i = 0; i < n->limit; i++)
        live += registry_at(n->options.registry, i) != NULL;
    for (unsigned i = 0; i < PEERS_MAX && live != n->live_sites; i++)
        n->peer[i].since = 0;
    n->live_sites = live;
}

int nodes_hear(struct nodes *n)
{
    struct asked *a = calloc(1, sizeof *a);
    int rv = 0;

    if (a != NULL)
        a->word = malloc(SHEET_KEYS * SHEET_WORDS * sizeof *a->word);
    if (a == NULL || a->word == NULL)
        rv = ERR_NOMEM;
    else
        look_for_new_sites(n);
    for (unsigned i = 0; i < PEERS_MAX && rv == 0; i++)
        if (n->peer[i].run[0] != '\0' && (n->peer[i].here || n->peer[i].since == 0))
            rv = hear_run(n, a, &n->peer[i]);
    if (a != NULL)
        free(a->word);
    free(a);
    return rv != 0 ? rv : build_all(n);
}
