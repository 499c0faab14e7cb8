/* What a start asks of a site, fetched for many sites at once.
 *
 * First all that has a known name: totals, seeds, adjustments, and the indexes of days,
 * weeks, months, tops and runs. Then the hashes that those indexes name. Then the rest of
 * hashes that are longer than one answer. Each is a talk, or a few when there is much:
 * AHEAD_TALK short answers at once, so that one deadline is enough for them.
 *
 * Nothing that fails here is an error: what is not here when it is asked for is asked for
 * then, and whoever asks hears why it cannot be had. */
#include <stdlib.h>

#include "base/date.h"
#include "base/error.h"
#include "store/store_redis.h"
#include "store/store_redis_ahead.h"

enum {
    AHEAD_TALK = 4096,
    LONG = 8,       /* so many short answers is one of quarters, tops or pages */
    ALL_MAX = 1000, /* members of an index, and elements of a list, that are fetched */
    LIST_MAX = 64,
    FIRST = 2 /* of the first day, so that it is known which is the second */
};

struct fetching {
    struct redis_store *s;
    struct redis_ahead *a;
    const struct ahead_site *site;
    uint32_t site_at;
    size_t at;                 /* the first key that is not said yet */
    uint32_t said[AHEAD_TALK]; /* keys of this talk                  */
    size_t count, weight;
    int64_t half_ms; /* no talk begins after this */
};

/* --- Indexes, and what they lead to --- */

enum lead_by { BY_NOTHING, BY_NUMBER, BY_TOP, BY_RUN };

static const struct lead {
    const char *index;
    enum lead_by by;
    enum change_kind kind;
    bool imported;
} leads[] = {
    {"", BY_NOTHING, 0, false},
    {"days", BY_NUMBER, CHANGE_DAY, false},
    {"weeks", BY_NUMBER, CHANGE_WEEK, false},
    {"months", BY_NUMBER, CHANGE_MONTH, false},
    {"quarters", BY_NUMBER, CHANGE_QUARTER, false},
    {"imported:days", BY_NUMBER, CHANGE_DAY, true},
    {"imported:weeks", BY_NUMBER, CHANGE_WEEK, true},
    {"imported:months", BY_NUMBER, CHANGE_MONTH, true},
    {"tops", BY_TOP, 0, false},
    {"top-months", BY_TOP, 0, true},
    {"page-runs", BY_RUN, 0, false},
};

enum {
    LEAD_DAYS = 1,
    LEAD_WEEKS,
    LEAD_MONTHS,
    LEAD_QUARTERS,
    LEAD_IMPORTED_DAYS,
    LEAD_IMPORTED_WEEKS,
    LEAD_IMPORTED_MONTHS,
    LEAD_TOPS,
    LEAD_TOP_MONTHS,
    LEAD_PAGE_RUNS
};

static struct ahead_key *add(struct fetching *f, struct slice name, enum ahead_what what)
{
    struct ahead_key *k = redis_ahead_add(f->a, name, what);

    if (k != NULL) {
        k->site = f->site_at;
        k->weight = 1;
    }
    return k;
}

static void add_hash(struct fetching *f, const char *what)
{
    char key[KEY_MAX];

    (void)add(f, redis_key(key, f->site[f->site_at].site, what), AHEAD_HASH);
}

static void add_index(struct fetching *f, unsigned lead, int64_t from, int64_t until,
                      uint32_t limit)
{
    char key[KEY_MAX];
    struct ahead_key *k =
        add(f, redis_key(key, f->site[f->site_at].site, leads[lead].index), AHEAD_RANGE);

    if (k == NULL)
        return;
    k->leads = lead;
    k->from = from;
    k->until = until;
    k->limit = limit;
}

/* The total first: it says whether anybody else has counted at all. */
static void plan_site(struct fetching *f)
{
    const struct ahead_site *site = &f->site[f->site_at];
    const int64_t top = site->today * REDIS_TOPS_OF_A_DAY;
    char key[KEY_MAX];
    struct ahead_key *list;

    add_hash(f, "total");
    add_hash(f, "site");
    add_hash(f, "seed:views");
    add_hash(f, "seed:visits");
    add_hash(f, "seed:visitors");
    add_hash(f, "page-seeds");
    list = add(f, redis_key(key, site->site, "adjusted"), AHEAD_LIST);
    if (list != NULL)
        list->limit = LIST_MAX;
    add_index(f, LEAD_DAYS, INT64_MIN, INT64_MAX, FIRST);
    add_index(f, LEAD_DAYS, site->day, INT64_MAX, ALL_MAX);
    add_index(f, LEAD_WEEKS, site->week, INT64_MAX, ALL_MAX);
    add_index(f, LEAD_MONTHS, INT64_MIN, INT64_MAX, ALL_MAX);
    if (site->quarter != INT64_MAX)
        add_index(f, LEAD_QUARTERS, site->quarter / 96, INT64_MAX, ALL_MAX);
    add_index(f, LEAD_IMPORTED_DAYS, INT64_MIN, INT64_MAX, ALL_MAX);
    add_index(f, LEAD_IMPORTED_WEEKS, site->week, INT64_MAX, ALL_MAX);
    add_index(f, LEAD_IMPORTED_MONTHS, INT64_MIN, INT64_MAX, ALL_MAX);
    add_index(f, LEAD_TOPS, top, top + REDIS_TOPS_OF_A_DAY, ALL_MAX);
    add_index(f, LEAD_TOP_MONTHS, top, top + REDIS_TOPS_OF_A_DAY, ALL_MAX);
    add_index(f, LEAD_PAGE_RUNS, INT64_MIN, INT64_MAX, ALL_MAX);
}

static void add_long(struct fetching *f, struct slice name, enum ahead_what what,
                     bool is_long)
{
    struct ahead_key *k = add(f, name, what);

    if (k != NULL && is_long)
        k->weight = LONG;
}

static void follow_number(struct fetching *f, const struct lead *l, int64_t number)
{
    const struct slice site = f->site[f->site_at].site;
    char key[KEY_MAX], what[32], label[16];

    snprintf(what, sizeof what, "%s%s", l->imported ? "imported:" : "",
             redis_kind(l->kind));
    redis_label(l->kind, number, label);
    add_long(f, redis_key_of(key, site, what, label), AHEAD_HASH,
             l->kind == CHANGE_QUARTER);
}

/* "2026-11-23 pages NODE:INCARNATION"; what our own run has is not asked. */
static void follow_top(struct fetching *f, const struct lead *l, struct slice member)
{
    struct slice rest = member, day = slice_cut(&rest, ' '), of = slice_cut(&rest, ' ');
    struct redis_top_words w;
    int64_t number;

    if (date_parse(day, &number) == 0 && !slice_equal(rest, slice_of(f->s->run)) &&
        redis_top_words(&w, f->site[f->site_at].site, l->imported, number, of, rest, 0) ==
            0)
        add_long(f, slice_of(w.key), AHEAD_ALL, true);
}

static void follow_run(struct fetching *f, struct slice run)
{
    char key[KEY_MAX], index[KEY_MAX];

    if (!slice_equal(run, slice_of(f->s->run)) &&
        redis_page_words(key, index, f->site[f->site_at].site, run) == 0)
        add_long(f, slice_of(key), AHEAD_HASH, true);
}

/* --- Hearing --- */

static void follow(struct fetching *f, const struct lead *l, const redisReply *members)
{
    const struct ahead_site *site = &f->site[f->site_at];
    int64_t score;

    if (l->by == BY_NUMBER && !l->imported && !site->own &&
        redis_ahead_parts(f->s, site->site, HISTORY_LIVE_OTHER) == 0)
        return;
    for (size_t i = 0; i + 1 < members->elements; i += 2) {
        const struct slice member = redis_text(members->element[i]);

        if (slice_signed(redis_text(members->element[i + 1]), &score) != 0)
            continue;
        if (l->by == BY_NUMBER)
            follow_number(f, l, score);
        else if (l->by == BY_TOP)
            follow_top(f, l, member);
        else
            follow_run(f, member);
    }
}

/* Of a range that is cut all members before the last one's score are known. */
static int hear_range(struct fetching *f, struct ahead_key *k, const redisReply *members)
{
    int64_t last;
    bool cut = members->elements / 2 >= k->limit;

    if (cut && slice_signed(redis_text(members->element[members->elements - 1]), &last))
        return ERR_MALFORMED;
    if (!redis_ahead_keep(f->a, k, members))
        return 0;
    if (cut)
        k->until = last;
    f->site_at = k->site;
    follow(f, &leads[k->leads], members);
    return 0;
}

static int hear_hash(struct fetching *f, struct ahead_key *k, const redisReply *reply)
{
    uint64_t cursor;

    if (reply->elements != 2 || reply->element[1]->type != REDIS_REPLY_ARRAY ||
        slice_number(redis_text(reply->element[0]), &cursor) != 0)
        return ERR_MALFORMED;
    if (redis_ahead_keep(f->a, k, reply->element[1]))
        k->cursor = cursor;
    return 0;
}

static int hear(void *context, size_t number, const redisReply *reply)
{
    struct fetching *f = context;
    struct ahead_key *k;

    if (number >= f->count || reply->type != REDIS_REPLY_ARRAY)
        return ERR_MALFORMED;
    k = &f->a->key[f->said[number]];
    if (k->what == AHEAD_RANGE)
        return hear_range(f, k, reply);
    if (k->what == AHEAD_HASH)
        return hear_hash(f, k, reply);
    (void)redis_ahead_keep(f->a, k, reply);
    return 0;
}

/* --- Asking --- */

static int say_range(struct redis_link *l, struct slice name, const struct ahead_key *k)
{
    char low[32], high[32], limit[16];

    redis_write_range(low, high, k->from, k->until);
    snprintf(limit, sizeof limit, "%u", k->limit);
    return redis_say(l,
                     (const struct slice[]){SLICE("ZRANGEBYSCORE"), name, slice_of(low),
                                            slice_of(high), SLICE("WITHSCORES"),
                                            SLICE("LIMIT"), SLICE("0"), slice_of(limit)},
                     8);
}

static int say_hash(struct redis_link *l, struct slice name, uint64_t cursor)
{
    char from[24], count[16];

    snprintf(from, sizeof from, "%llu", (unsigned long long)cursor);
    snprintf(count, sizeof count, "%d", SCAN_COUNT);
    return redis_say(l,
                     (const struct slice[]){SLICE("HSCAN"), name, slice_of(from),
                                            SLICE("COUNT"), slice_of(count)},
                     5);
}

static int say_key(struct redis_link *l, struct slice name, const struct ahead_key *k)
{
    char last[16];

    switch (k->what) {
    case AHEAD_HASH:
        return say_hash(l, name, k->cursor);
    case AHEAD_ALL:
        return redis_say(l, (const struct slice[]){SLICE("HGETALL"), name}, 2);
    case AHEAD_LIST:
        snprintf(last, sizeof last, "%u", k->limit - 1);
        return redis_say(
            l, (const struct slice[]){SLICE("LRANGE"), name, SLICE("0"), slice_of(last)},
            4);
    case AHEAD_RANGE:
        return say_range(l, name, k);
    }
    return ERR_NOT_FOUND;
}

static bool is_open(const struct ahead_key *k)
{
    return !k->heard || k->cursor != 0;
}

static int say(void *context, struct redis_link *l)
{
    struct fetching *f = context;
    const struct ahead_key *k;

    while (f->at < f->a->keys && !is_open(&f->a->key[f->at]))
        f->at++;
    if (f->at == f->a->keys || f->weight >= AHEAD_TALK || f->a->full)
        return ERR_NOT_FOUND;
    k = &f->a->key[f->at];
    f->weight += k->weight;
    f->said[f->count++] = (uint32_t)f->at++;
    return say_key(l, redis_ahead_name(f->a, k), k);
}

/* --- All of it --- */

/* Until nothing is open any more, or there is no room, or it takes too long. */
static void fetch(struct fetching *f, int64_t give_up_ms)
{
    const struct redis_talk talk = {.ask = say, .answer = hear, .context = f};

    for (int rv = 0; rv == 0 && !f->a->full && deadline_in(0).at_ms < f->half_ms;) {
        f->count = f->weight = 0;
        rv = redis_link_talk(f->s->link, &talk, give_up_ms);
        if (f->at == f->a->keys)
            f->at = 0; /* long hashes go on */
        if (f->count == 0)
            return;
    }
}

/* How many sites from the first on have nothing that is still open. */
static size_t whole_sites(const struct redis_ahead *a, size_t n)
{
    for (size_t i = 0; i < a->keys; i++)
        if (is_open(&a->key[i]) && a->key[i].site < n)
            n = a->key[i].site;
    return n;
}

size_t redis_ahead(struct store *store, const struct ahead_site *sites, size_t n)
{
    struct redis_store *s = redis_store_of(store);
    struct fetching f = {.s = s, .site = sites};
    int64_t give_up_ms;
    size_t planned;

    if (n == 0) {
        redis_ahead_free(s->ahead);
        s->ahead = NULL;
        return 0;
    }
    if (s->ahead == NULL)
        s->ahead = redis_ahead_new();
    if (s->ahead == NULL || redis_ready(s, (struct deadline){0}, &give_up_ms) != 0)
        return n; /* and each question hears why */
    f.a = s->ahead;
    f.half_ms = deadline_in(FLUSH_MS / 2).at_ms;
    redis_ahead_clear(f.a);
    for (f.site_at = 0; f.site_at < n && !f.a->full; f.site_at++)
        plan_site(&f);
    planned = f.site_at;
    fetch(&f, give_up_ms);
    n = whole_sites(f.a, f.a->full && planned < n ? planned : n);
    return n == 0 ? 1 : n;
}

/* A run that counted has a total, which is written with what it counted. */
unsigned redis_ahead_parts(const struct redis_store *s, struct slice site, unsigned parts)
{
    struct ahead_texts texts;
    struct slice run, value;
    char key[KEY_MAX];
    uint64_t cursor;

    if ((parts & HISTORY_LIVE_OTHER) == 0 ||
        !redis_ahead_hash(s->ahead, redis_key(key, site, "total"), &texts, &cursor) ||
        cursor != 0)
        return parts;
    while (redis_ahead_next(&texts, &run) && redis_ahead_next(&texts, &value))
        if (!slice_equal(run, slice_of(s->run)))
            return parts;
    return parts & ~(unsigned)HISTORY_LIVE_OTHER;
}
