/* What is fetched before it is asked for: kept, found and let go; bounded; and a server that
 * says anything else than answers. With a real server: tests/e2e/start_redis.test.mjs. */
#include "store/store_redis_ahead.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <stdio.h>

#include "base/error.h"
#include "base/hash.h"
#include "lib/fake_redis.h"
#include "lib/scratch.h"
#include "store/store_redis.h"

/* --- Memory --- */

enum { TEXTS = 64 };

struct reply { /* an array of texts */
    redisReply array, text[TEXTS], *element[TEXTS];
};

static const redisReply *reply(struct reply *r, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        r->text[i] =
            (redisReply){.type = REDIS_REPLY_STRING, .str = (char *)(uintptr_t)texts[i]};
        r->text[i].len = strlen(texts[i]);
        r->element[i] = &r->text[i];
    }
    r->array =
        (redisReply){.type = REDIS_REPLY_ARRAY, .elements = n, .element = r->element};
    return &r->array;
}

static struct ahead_key *keep(struct redis_ahead *a, const char *name,
                              enum ahead_what what, const char *const *texts, size_t n)
{
    struct ahead_key *k = redis_ahead_add(a, slice_of(name), what);
    struct reply r;

    cr_assert_not_null(k);
    cr_assert(redis_ahead_keep(a, k, reply(&r, texts, n)));
    return k;
}

static void expect_texts(struct ahead_texts *t, const char *const *texts, size_t n)
{
    struct slice text;

    for (size_t i = 0; i < n; i++) {
        cr_assert(redis_ahead_next(t, &text));
        cr_expect(slice_equal(text, slice_of(texts[i])), "%.*s", (int)text.length,
                  text.at);
    }
    cr_expect_not(redis_ahead_next(t, &text));
}

static struct redis_ahead *ahead_new(void)
{
    struct redis_ahead *a;

    cr_assert_eq(hash_start(), 0);
    a = redis_ahead_new();
    cr_assert_not_null(a);
    return a;
}

Test(store_redis_ahead, keeps_hashes_of_several_answers_and_says_where_they_go_on)
{
    static const char *const texts[] = {"a", "1", "b", "", "c", "3"};
    struct redis_ahead *a = ahead_new();
    struct ahead_key *k = keep(a, "one", AHEAD_HASH, texts, 4);
    struct ahead_texts t;
    struct reply r;
    uint64_t cursor = 1;

    (void)keep(a, "two", AHEAD_ALL, texts, 2);
    cr_assert(redis_ahead_keep(a, k, reply(&r, texts + 4, 2)));
    k->cursor = 77;
    cr_assert(redis_ahead_hash(a, SLICE("one"), &t, &cursor));
    cr_expect_eq(cursor, 77);
    expect_texts(&t, texts, 6);
    cr_assert(redis_ahead_hash(a, SLICE("two"), &t, &cursor));
    cr_expect_eq(cursor, 0);
    expect_texts(&t, texts, 2);
    cr_expect_not(redis_ahead_hash(a, SLICE("three"), &t, &cursor));
    cr_expect_not(redis_ahead_hash(NULL, SLICE("one"), &t, &cursor));
    redis_ahead_clear(a);
    cr_expect_not(redis_ahead_hash(a, SLICE("one"), &t, &cursor));
    redis_ahead_free(a);
}

Test(store_redis_ahead, knows_what_is_not_there_and_does_not_know_what_was_not_answered)
{
    struct redis_ahead *a = ahead_new();
    struct ahead_texts t;
    size_t limit;
    uint64_t cursor;

    (void)keep(a, "empty", AHEAD_HASH, NULL, 0);
    (void)redis_ahead_add(a, SLICE("asked"), AHEAD_HASH);
    keep(a, "list", AHEAD_LIST, NULL, 0)->limit = 64;
    cr_assert(redis_ahead_hash(a, SLICE("empty"), &t, &cursor));
    expect_texts(&t, NULL, 0);
    cr_expect_not(redis_ahead_hash(a, SLICE("asked"), &t, &cursor));
    cr_assert(redis_ahead_list(a, SLICE("list"), &t, &limit));
    cr_expect_eq(limit, 64);
    cr_expect_not(redis_ahead_list(a, SLICE("empty"), &t, &limit), "a hash is no list");
    redis_ahead_free(a);
}

Test(store_redis_ahead, knows_a_range_of_a_set_and_no_more_of_it)
{
    static const char *const first[] = {"x", "10", "y", "20"}, *const last[] = {
                                                                   "y",  "20", "z",
                                                                   "30", "zz", "40"};
    struct redis_ahead *a = ahead_new();
    struct ahead_key *k = keep(a, "set", AHEAD_RANGE, first, 4);
    struct ahead_texts t;

    k->from = INT64_MIN; /* cut: all that is before 20 */
    k->until = 20;
    k = keep(a, "set", AHEAD_RANGE, last, 6);
    k->from = 15;
    k->until = INT64_MAX;
    cr_assert(redis_ahead_range(a, SLICE("set"), INT64_MIN, 20, SIZE_MAX, &t));
    expect_texts(&t, first, 4);
    cr_assert(redis_ahead_range(a, SLICE("set"), 15, INT64_MAX, SIZE_MAX, &t));
    expect_texts(&t, last, 6);
    cr_expect(redis_ahead_range(a, SLICE("set"), 16, 25, SIZE_MAX, &t));
    cr_expect_not(redis_ahead_range(a, SLICE("set"), INT64_MIN, 21, SIZE_MAX, &t));
    cr_expect_not(redis_ahead_range(a, SLICE("set"), 14, INT64_MAX, SIZE_MAX, &t));
    /* The first one is known, whatever comes later; the second is not. */
    cr_expect(redis_ahead_range(a, SLICE("set"), INT64_MIN, INT64_MAX, 1, &t));
    cr_expect_not(redis_ahead_range(a, SLICE("set"), INT64_MIN, INT64_MAX, 2, &t));
    cr_expect_not(redis_ahead_range(a, SLICE("set"), 11, INT64_MAX, 1, &t));
    cr_expect_not(redis_ahead_range(a, SLICE("other"), 15, 16, SIZE_MAX, &t));
    redis_ahead_free(a);
}

Test(store_redis_ahead, has_no_room_for_more_than_it_says_and_keeps_what_it_has)
{
    static char long_text[10001];
    const char *const pair[] = {"f", long_text};
    struct redis_ahead *a = ahead_new();
    struct ahead_texts t;
    struct reply r;
    uint64_t cursor;
    char name[32];
    unsigned kept = 0;

    memset(long_text, 'x', sizeof long_text - 1);
    (void)reply(&r, pair, 2);
    while (!a->full) {
        struct ahead_key *k;

        snprintf(name, sizeof name, "key %u", kept);
        k = redis_ahead_add(a, slice_of(name), AHEAD_HASH);
        if (k == NULL || !redis_ahead_keep(a, k, &r.array))
            break;
        kept++;
    }
    cr_expect(a->full);
    cr_expect_gt(kept, AHEAD_BYTES / 10100);
    cr_expect_leq(a->used, (size_t)AHEAD_BYTES);
    cr_expect_not(redis_ahead_hash(a, slice_of(name), &t, &cursor));
    cr_expect(redis_ahead_hash(a, SLICE("key 0"), &t, &cursor));
    expect_texts(&t, pair, 2);
    redis_ahead_clear(a);
    for (kept = 0; redis_ahead_add(a, SLICE("k"), AHEAD_HASH) != NULL;)
        kept++;
    cr_expect_eq(kept, AHEAD_KEYS);
    redis_ahead_free(a);
}

/* --- Fetching --- */

enum { GENEROUS_MS = 1500, GROWS_KB = 12 * 1024, SITES = 100 };

struct place {
    struct scratch dir;
    struct fake_redis *server;
    struct store *store;
    struct ahead_site site[SITES];
    char key[SITES][8];
};

static const char *const no_hash = "*2\r\n$1\r\n0\r\n*0\r\n";

/* A server that has nothing. */
static struct place *place_new(void)
{
    struct place *p = calloc(1, sizeof *p);
    char where[300], sentence[512];

    cr_assert_eq(hash_start(), 0);
    p->dir = scratch_new();
    p->server = fake_redis_new(scratch_path(&p->dir, "redis.sock"));
    fake_redis_manner(p->server, FAKE_ANSWER, "*0\r\n", false);
    fake_redis_answer(p->server, "HSCAN", no_hash);
    snprintf(where, sizeof where, "redis+unix://%s", scratch_path(&p->dir, "redis.sock"));
    cr_assert_eq(store_open(&p->store, where, "node", 7, sentence), 0, "%s", sentence);
    for (int i = 0; i < SITES; i++) {
        snprintf(p->key[i], sizeof p->key[i], "s%d", i);
        p->site[i] = (struct ahead_site){.site = slice_of(p->key[i]),
                                         .today = 20780,
                                         .day = 20701,
                                         .week = 2960,
                                         .quarter = INT64_MAX};
    }
    return p;
}

static void place_free(struct place *p)
{
    p->store->ops->close(p->store);
    fake_redis_free(p->server);
    scratch_free(&p->dir);
    free(p);
}

static size_t fetch(struct place *p)
{
    return p->store->ops->ahead(p->store, p->site, SITES);
}

static int no_row(void *context, const struct history_row *row)
{
    (void)context;
    (void)row;
    cr_expect(false, "there is none");
    return 0;
}

static int no_top(void *context, const struct top_row *row)
{
    (void)context;
    (void)row;
    cr_expect(false, "there is none");
    return 0;
}

/* As a start asks. */
static void ask_all(struct place *p, struct slice site)
{
    const struct store_ops *ops = p->store->ops;
    struct history_row total;
    struct seed_row seed;
    int64_t created, live;

    cr_expect_eq(ops->history(p->store, site, CHANGE_DAY, HISTORY_LIVE_OTHER, 20701,
                              20781, no_row, NULL),
                 0);
    cr_expect_eq(ops->history(p->store, site, CHANGE_DAY, HISTORY_ADJUSTED, 18800, 20786,
                              no_row, NULL),
                 0);
    cr_expect_eq(ops->history(p->store, site, CHANGE_WEEK, HISTORY_IMPORTED, 2961, 2969,
                              no_row, NULL),
                 0);
    cr_expect_eq(ops->history(p->store, site, CHANGE_MONTH, HISTORY_LIVE_OTHER, 620, 683,
                              no_row, NULL),
                 0);
    cr_expect_eq(ops->history(p->store, site, CHANGE_DAY,
                              HISTORY_LIVE_OTHER | HISTORY_IMPORTED, INT64_MIN, INT64_MAX,
                              no_row, NULL),
                 0);
    cr_expect_eq(ops->total(p->store, site, HISTORY_ALL, INT64_MIN, &total), 0);
    cr_expect_eq(ops->total(p->store, site, HISTORY_IMPORTED, 20000, &total), 0);
    for (int metric = 0; metric < 3; metric++)
        cr_expect_eq(ops->seed_get(p->store, site, metric, &seed), ERR_NOT_FOUND);
    cr_expect_eq(ops->site_first(p->store, site, &created, &live), ERR_NOT_FOUND);
    cr_expect_eq(ops->tops(p->store, site, "pages", HISTORY_LIVE_OTHER, 20780, 20781,
                           no_top, NULL),
                 0);
    cr_expect_eq(ops->pages(p->store, site, 100, no_top, NULL), 0);
}

Test(store_redis_ahead, is_not_asked_again_for_what_it_said_until_it_is_let_go_or_written)
{
    struct place *p = place_new();
    const struct change day = {
        .kind = CHANGE_DAY, .site = SLICE("s0"), .number = 20780, .views = 5};
    uint64_t said;

    cr_assert_eq(fetch(p), SITES);
    said = fake_redis_commands(p->server);
    for (int i = 0; i < SITES; i++)
        ask_all(p, p->site[i].site);
    cr_expect_eq(fake_redis_commands(p->server), said);
    ask_all(p, SLICE("another"));
    cr_expect_gt(fake_redis_commands(p->server), said);

    cr_assert_eq(fetch(p), SITES);
    fake_redis_manner(p->server, FAKE_GOOD, NULL, false);
    cr_assert_eq(p->store->ops->save(p->store, &day, 1, (struct deadline){0}), 0);
    fake_redis_manner(p->server, FAKE_ANSWER, "*0\r\n", false);
    said = fake_redis_commands(p->server);
    ask_all(p, p->site[0].site);
    cr_expect_gt(fake_redis_commands(p->server), said, "it may be another one now");

    cr_assert_eq(fetch(p), SITES);
    cr_expect_eq(p->store->ops->ahead(p->store, NULL, 0), 0);
    said = fake_redis_commands(p->server);
    ask_all(p, p->site[0].site);
    cr_expect_gt(fake_redis_commands(p->server), said);
    place_free(p);
}

static int64_t resident_kb(void)
{
    struct mallinfo2 m = mallinfo2();

    return (int64_t)((m.uordblks + m.hblkhd) / 1024);
}

Test(store_redis_ahead, ends_by_its_deadline_and_is_bounded_whatever_is_answered,
     .timeout = 60)
{
    static const struct {
        const char *what;
        enum fake_manner manner;
        const char *bytes;
    } hostile[] = {
        {"a number", FAKE_ANSWER, ":1\r\n"},
        {"an error", FAKE_ANSWER, "-WRONGTYPE of another kind\r\n"},
        {"an odd page", FAKE_ANSWER, "*2\r\n$1\r\n0\r\n*1\r\n$1\r\na\r\n"},
        {"a page of nulls", FAKE_ANSWER, "*2\r\n$-1\r\n*-1\r\n"},
        {"a cursor without end", FAKE_ANSWER,
         "*2\r\n$1\r\n7\r\n*2\r\n$40\r\n0123456789012345678901234567890123456789\r\n"
         "$1\r\n1\r\n"},
        {"an extra reply", FAKE_ANSWER, "*0\r\n*0\r\n"},
        {"a giant array", FAKE_ONCE, "*1000000000\r\n"},
        {"replies without end", FAKE_FLOOD, "*0\r\n"},
        {"nothing", FAKE_ONCE, ""},
        {"the end in a reply", FAKE_CLOSE, "*2\r\n$1\r\n0"},
        {"a byte now and then", FAKE_DRIP, "*2\r\n$1\r\n0\r\n*0\r\n"},
        {"deafness", FAKE_DEAF, ""},
    };

    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct place *p = place_new();
        int64_t begun_ms, before_kb = resident_kb(), created, live;
        size_t known;

        fake_redis_answer(p->server, "HSCAN", NULL);
        fake_redis_manner(p->server, hostile[i].manner, hostile[i].bytes, false);
        begun_ms = deadline_in(0).at_ms;
        known = fetch(p);
        cr_expect(known >= 1 && known <= SITES, "%s: %zu", hostile[i].what, known);
        cr_expect_leq(deadline_in(0).at_ms - begun_ms, FLUSH_MS + GENEROUS_MS, "%s",
                      hostile[i].what);
        cr_expect_leq(resident_kb() - before_kb, GROWS_KB, "%s", hostile[i].what);
        cr_expect_neq(
            p->store->ops->site_first(p->store, SLICE("strange"), &created, &live), 0,
            "%s: and whoever asks hears of it", hostile[i].what);
        place_free(p);
    }
}
