/* The Redis store against a server that does whatever a server can do: each call ends by
 * its deadline, nothing grows, and a good server afterwards is as good as new. What a real
 * server keeps is tests/e2e/redis.test.mjs. */
#include <criterion/criterion.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "lib/fake_redis.h"
#include "lib/scratch.h"
#include "store/store_redis.h"

enum {
    DEADLINE_MS = 150,
    SAVES = 50,
    GENEROUS_MS = 10 * DEADLINE_MS,
    WAITING_MS = 10000
};

struct place {
    struct scratch dir;
    struct fake_redis *server;
    struct store *store;
};

static struct place place_new(void)
{
    struct place p = {.dir = scratch_new()};
    char where[300], sentence[512];

    cr_assert_eq(hash_start(), 0);
    p.server = fake_redis_new(scratch_path(&p.dir, "redis.sock"));
    snprintf(where, sizeof where, "redis+unix://%s", scratch_path(&p.dir, "redis.sock"));
    cr_assert_eq(store_open(&p.store, where, "node", 7, sentence), 0, "%s", sentence);
    return p;
}

static void place_free(struct place *p)
{
    p->store->ops->close(p->store);
    fake_redis_free(p->server);
    scratch_free(&p->dir);
}

static const struct change one_day = {.kind = CHANGE_DAY,
                                      .site = SLICE("demo"),
                                      .number = 20780,
                                      .views = 5,
                                      .visits = 3,
                                      .visitors = 2,
                                      .exact = true};

static int save_by(struct place *p, unsigned ms)
{
    return p->store->ops->save(p->store, &one_day, 1, deadline_in(ms));
}

/* For what ends by itself: a machine that stands still for a moment is no fault. */
static int save(struct place *p)
{
    return save_by(p, WAITING_MS);
}

static const char *trouble_of(const struct place *p)
{
    unsigned number;

    return p->store->ops->trouble(p->store, &number);
}

/* Until the back-off is over. */
static int save_again(struct place *p)
{
    int64_t until = deadline_in(WAITING_MS).at_ms;
    int rv;

    while ((rv = save(p)) != 0 && deadline_in(0).at_ms < until)
        poll(NULL, 0, 10);
    return rv;
}

static int nothing(void *context, const struct history_row *row)
{
    (void)context;
    (void)row;
    return 0;
}

static int ask_days(struct place *p)
{
    return p->store->ops->history(p->store, SLICE("demo"), CHANGE_DAY, HISTORY_ALL, 20700,
                                  20781, nothing, NULL);
}

Test(store_redis, gives_up_when_it_is_hurried_however_patient_it_was)
{
    struct place p = place_new();
    const struct deadline patience = deadline_in(60000);

    cr_assert_eq(save(&p), 0);
    fake_redis_manner(p.server, FAKE_DEAF, NULL, true);
    p.store->ops->hurry(p.store, deadline_in(20));
    cr_expect_eq(p.store->ops->save(p.store, &one_day, 1, patience), ERR_TIMEOUT);
    cr_expect_lt(deadline_in(0).at_ms, patience.at_ms - 60000 + 1000, "not its own 2 s");
    place_free(&p);
}

/* --- A good server --- */

Test(store_redis, saves_in_one_pipeline_with_scripts_by_their_hash)
{
    struct place p = place_new();
    struct change many[40];

    for (int i = 0; i < 40; i++) {
        many[i] = one_day;
        many[i].number += i;
    }
    cr_assert_eq(p.store->ops->save(p.store, many, 40, deadline_in(WAITING_MS)), 0);
    cr_expect_eq(fake_redis_said(p.server, "EVALSHA"), 3, "16 rows a script");
    cr_expect_eq(fake_redis_said(p.server, "EVAL"), 0);
    cr_expect_eq(fake_redis_clients(p.server), 1);
    cr_expect_str_empty(trouble_of(&p));
    place_free(&p);
}

Test(store_redis, opens_without_a_server_and_works_when_there_is_one)
{
    struct scratch dir = scratch_new();
    struct place p = {.dir = dir};
    char where[300], sentence[512];

    cr_assert_eq(hash_start(), 0);
    snprintf(where, sizeof where, "redis+unix://%s", scratch_path(&dir, "redis.sock"));
    cr_assert_eq(store_open(&p.store, where, "node", 7, sentence), 0);
    cr_expect_eq(save(&p), ERR_IO);
    cr_expect_not_null(strstr(trouble_of(&p), "No such file"));
    p.server = fake_redis_new(scratch_path(&dir, "redis.sock"));
    cr_expect_eq(save_again(&p), 0);
    place_free(&p);
}

Test(store_redis, tries_a_server_that_is_away_less_and_less_often)
{
    struct place p = place_new();
    uint64_t clients;

    fake_redis_manner(p.server, FAKE_CLOSE, "", true);
    cr_expect_eq(save(&p), ERR_IO);
    clients = fake_redis_clients(p.server);
    for (int i = 0; i < 1000; i++)
        cr_expect_eq(save(&p), ERR_IO);
    cr_expect_leq(fake_redis_clients(p.server), clients + 1);
    place_free(&p);
}

Test(store_redis, says_what_may_be_lost_when_the_connection_is_a_new_one)
{
    struct place p = place_new();
    enum store_lost lost;

    cr_assert_eq(p.store->ops->attend(p.store, deadline_in(WAITING_MS), &lost), 0);
    cr_expect_eq(lost, STORE_LOST_RECENT);
    cr_assert_eq(p.store->ops->attend(p.store, deadline_in(WAITING_MS), &lost), 0);
    cr_expect_eq(lost, STORE_LOST_NOTHING);
    fake_redis_manner(p.server, FAKE_CLOSE, "", false);
    cr_expect_neq(save(&p), 0);
    fake_redis_manner(p.server, FAKE_ANSWER, ":0\r\n", false); /* HEXISTS: no such run */
    while (p.store->ops->attend(p.store, deadline_in(WAITING_MS), &lost) != 0)
        poll(NULL, 0, 10);
    cr_expect_eq(lost, STORE_LOST_ALL);
    place_free(&p);
}

Test(store_redis, sends_scripts_by_their_text_when_the_server_has_forgotten_them)
{
    struct place p = place_new();

    fake_redis_manner(p.server, FAKE_ANSWER, "-NOSCRIPT No matching script.\r\n", false);
    cr_expect_eq(save(&p), ERR_IO);
    cr_expect_eq(fake_redis_said(p.server, "EVALSHA"), 1);
    cr_expect_eq(fake_redis_said(p.server, "EVAL"), 1);
    fake_redis_manner(p.server, FAKE_GOOD, NULL, false);
    cr_expect_eq(save(&p), 0);
    cr_expect_eq(fake_redis_clients(p.server), 1, "the connection was as good as before");
    place_free(&p);
}

/* --- Refusing --- */

Test(store_redis, knows_every_word_that_a_server_refuses_with)
{
    static const struct {
        const char *said;
        int error;
        const char *advice;
    } words[] = {
        {"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
         ERR_CORRUPT, "DEL it"},
        {"-OOM command not allowed when used memory > 'maxmemory'.\r\n", ERR_NOSPACE,
         "maxmemory"},
        {"-READONLY You can't write against a read only replica.\r\n", ERR_DENIED,
         "replica"},
        {"-NOREPLICAS Not enough good replicas to write.\r\n", ERR_IO, "replicas"},
        {"-NOAUTH Authentication required.\r\n", ERR_DENIED, "password"},
        {"-WRONGPASS invalid username-password pair\r\n", ERR_DENIED, "password"},
        {"-NOPERM this user has no permissions to run the 'evalsha' command\r\n",
         ERR_DENIED, "ACL"},
        {"-LOADING Redis is loading the dataset in memory\r\n", ERR_IO, "wait"},
        {"-BUSY Redis is busy running a script.\r\n", ERR_TIMEOUT, "SCRIPT KILL"},
        {"-MISCONF Redis is configured to save RDB snapshots\r\n", ERR_IO, "disk"},
        {"-MASTERDOWN Link with MASTER is down\r\n", ERR_IO, "master"},
        {"-ERR max number of clients reached\r\n", ERR_FULL, "maxclients"},
        {"-ERR Error running script (call to f_1): @user_script:9: -OOM command not "
         "allowed\r\n",
         ERR_NOSPACE, "maxmemory"},
        {"-ERR something nobody has heard of\r\n", ERR_IO, "log"},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct place p = place_new();

        fake_redis_manner(p.server, FAKE_ANSWER, words[i].said, false);
        cr_expect_eq(save(&p), words[i].error, "%s", words[i].said);
        cr_expect_not_null(strstr(trouble_of(&p), words[i].advice), "%s", trouble_of(&p));
        place_free(&p);
    }
}

Test(store_redis, says_a_refusal_of_the_first_words_as_it_is)
{
    struct place p = place_new();

    fake_redis_manner(p.server, FAKE_CLOSE, "-ERR max number of clients reached\r\n",
                      true);
    cr_expect_eq(save(&p), ERR_FULL);
    cr_expect_not_null(strstr(trouble_of(&p), "max number of clients"));
    place_free(&p);
}

Test(store_redis, has_another_number_for_another_trouble_and_the_same_for_the_same)
{
    struct place p = place_new();
    unsigned first, second, third;

    fake_redis_manner(p.server, FAKE_ANSWER, "-WRONGTYPE one\r\n", false);
    (void)save(&p);
    (void)p.store->ops->trouble(p.store, &first);
    fake_redis_manner(p.server, FAKE_ANSWER, "-WRONGTYPE two\r\n", false);
    (void)save(&p);
    (void)p.store->ops->trouble(p.store, &second);
    fake_redis_manner(p.server, FAKE_ANSWER, "-OOM\r\n", false);
    (void)save(&p);
    (void)p.store->ops->trouble(p.store, &third);
    cr_expect_eq(first, second);
    cr_expect_neq(first, third);
    place_free(&p);
}

Test(store_redis, puts_nothing_into_a_log_line_that_a_server_made_up)
{
    struct place p = place_new();
    const char *said;

    fake_redis_manner(p.server, FAKE_ANSWER,
                      "-ERR \x1b[2J\" event=forged \\ \xff\xfe\x01 end\r\n", false);
    (void)save(&p);
    said = trouble_of(&p);
    for (const char *c = said; *c != '\0'; c++)
        cr_expect(*c >= 0x20 && *c < 0x7f && *c != '"' && *c != '\\', "%s", said);
    place_free(&p);
}

/* --- Hostile, slow, gone --- */

static const struct hostile {
    const char *what;
    enum fake_manner manner;
    const char *bytes;
} hostile[] = {
    {"an extra reply", FAKE_ANSWER, ":1\r\n:1\r\n"},
    {"an extra text", FAKE_ANSWER, ":1\r\n+EXTRA\r\n"},
    {"half an extra reply", FAKE_ANSWER, ":1\r\n:"},
    {"a giant array", FAKE_ONCE, "*1000000000\r\n"},
    {"an impossible array", FAKE_ONCE, "*4294967297\r\n"},
    {"a giant text", FAKE_ONCE, "$9223372036854775806\r\n"},
    {"a text too long", FAKE_FLOOD, "$70000\r\n0123456789abcdef0123456789abcdef"},
    {"a text of minus two", FAKE_ONCE, "$-2\r\n"},
    {"nesting", FAKE_ANSWER,
     "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"},
    {"a number too large", FAKE_ONCE, ":99999999999999999999\r\n"},
    {"garbage", FAKE_ONCE, "@x\r\n"},
    {"an answer of HTTP", FAKE_CLOSE, "HTTP/1.1 400 Bad Request\r\n\r\n"},
    {"a line without end", FAKE_FLOOD, "+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    {"an array without end", FAKE_FLOOD, "*8000\r\n:1\r\n"},
    {"replies without end", FAKE_FLOOD, ":1\r\n"},
    {"a half reply", FAKE_ONCE, "$5\r\nab"},
    {"nothing", FAKE_ONCE, ""},
    {"the end", FAKE_CLOSE, ""},
    {"the end in a reply", FAKE_CLOSE, "$5\r\nab"},
    {"half an end", FAKE_HALF, ""},
    {"a byte now and then", FAKE_DRIP, "$64\r\n0123456789abcdef0123456789abcdef"},
    {"deafness", FAKE_DEAF, ""},
};
enum { HOSTILES = sizeof hostile / sizeof hostile[0] };

static int64_t resident_kb(void)
{
    struct mallinfo2 m = mallinfo2();

    return (int64_t)((m.uordblks + m.hblkhd) / 1024);
}

static void expect_ends(const struct hostile *h, bool greeting)
{
    struct place p = place_new();
    int64_t begun_ms = deadline_in(0).at_ms, before_kb, grew_kb;
    int rv;

    cr_assert_eq(save(&p), 0);
    before_kb = resident_kb();
    fake_redis_manner(p.server, h->manner, h->bytes, greeting);
    if (greeting) { /* so that it greets again */
        fake_redis_push(p.server, "+go away\r\n");
        poll(NULL, 0, 50);
    }
    begun_ms = deadline_in(0).at_ms;
    rv = save_by(&p, DEADLINE_MS);
    /* An extra reply that came after the end of it is seen by the next one, or, on a
     * machine that is busy elsewhere, by one after that. */
    for (int i = 0; i < SAVES && rv == 0; i++)
        rv = save_by(&p, DEADLINE_MS);
    cr_expect_neq(rv, 0, "%s", h->what);
    cr_expect_leq(deadline_in(0).at_ms - begun_ms, GENEROUS_MS, "%s", h->what);
    grew_kb = resident_kb() - before_kb;
    cr_expect_leq(grew_kb, 1024, "%s: %lld KiB", h->what, (long long)grew_kb);
    if (h - hostile < 2) { /* the others end the same way, and it takes a second */
        fake_redis_manner(p.server, FAKE_GOOD, NULL, false);
        cr_expect_eq(save_again(&p), 0, "%s: and then well again", h->what);
    }
    place_free(&p);
}

Test(store_redis, ends_by_its_deadline_whatever_is_answered, .timeout = 120)
{
    for (int i = 0; i < HOSTILES; i++)
        expect_ends(&hostile[i], false);
}

Test(store_redis, ends_by_its_deadline_whatever_the_first_words_are_answered,
     .timeout = 120)
{
    for (int i = 0; i < HOSTILES; i++)
        expect_ends(&hostile[i], true);
}

Test(store_redis, reads_by_its_deadline_whatever_is_answered, .timeout = 120)
{
    static const struct hostile wrong[] = {
        {"a number for a page", FAKE_ANSWER, ":1\r\n"},
        {"an empty page", FAKE_ANSWER, "*0\r\n"},
        {"a page of one", FAKE_ANSWER, "*1\r\n$1\r\n0\r\n"},
        {"a page of texts", FAKE_ANSWER, "*2\r\n$1\r\n0\r\n$1\r\n0\r\n"},
        {"a page without a cursor", FAKE_ANSWER, "*2\r\n*0\r\n*0\r\n"},
        {"a page of nulls", FAKE_ANSWER, "*2\r\n$-1\r\n*-1\r\n"},
        {"a cursor without end", FAKE_ANSWER, "*2\r\n$1\r\n7\r\n*0\r\n"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct place p = place_new();
        int64_t begun_ms = deadline_in(0).at_ms;

        fake_redis_manner(p.server, wrong[i].manner, wrong[i].bytes, false);
        cr_expect_neq(ask_days(&p), 0, "%s", wrong[i].what);
        cr_expect_leq(deadline_in(0).at_ms - begun_ms, 2 * FLUSH_MS + GENEROUS_MS, "%s",
                      wrong[i].what);
        place_free(&p);
    }
}

/* Fields that no luotd wrote are not numbers, and not the end of the world. */
Test(store_redis, says_what_is_kept_of_our_run_in_one_question)
{
    struct place p = place_new();
    struct own_hits row[3] = {{.site = SLICE("a"), .day = 20780},
                              {.site = SLICE("b"), .day = 20780},
                              {.site = SLICE("c"), .day = 20780}};

    fake_redis_manner(p.server, FAKE_ANSWER, "$5\r\n12 34\r\n", false);
    cr_assert_eq(p.store->ops->own(p.store, row, 3, deadline_in(WAITING_MS)), 0);
    cr_expect_eq(fake_redis_said(p.server, "HGET"), 6);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(row[i].views, 12);
        cr_expect_eq(row[i].visits, 34);
        cr_expect_eq(row[i].day_views, 12);
        cr_expect_eq(row[i].day_visits, 34);
    }
    fake_redis_manner(p.server, FAKE_ANSWER, "$-1\r\n", false);
    cr_assert_eq(p.store->ops->own(p.store, row, 3, deadline_in(WAITING_MS)), 0);
    cr_expect_eq(row[2].views, 0);
    cr_expect_eq(row[2].day_views, 0);
    fake_redis_manner(p.server, FAKE_GOOD, NULL, false); /* a number is no field */
    cr_expect_neq(p.store->ops->own(p.store, row, 3, deadline_in(WAITING_MS)), 0);
    place_free(&p);
}

Test(store_redis, reads_around_fields_that_are_not_ours)
{
    struct place p = place_new();

    fake_redis_manner(p.server, FAKE_ANSWER,
                      "*2\r\n$1\r\n0\r\n*8\r\n$4\r\nnode\r\n$3\r\nabc\r\n$0\r\n\r\n$0\r\n"
                      "\r\n$5\r\nn:1 2\r\n$9\r\n1 x 3 4 5\r\n$1\r\nx\r\n:5\r\n",
                      false);
    cr_expect_eq(ask_days(&p), 0);
    place_free(&p);
}

static void add_run(void *context, struct slice run, uint64_t visitors, bool exact)
{
    (void)run;
    cr_expect(exact);
    *(uint64_t *)context += visitors;
}

/* Also while the roll does not have it: a server that was emptied hears the rows first. */
Test(store_redis, says_visitors_of_other_runs_and_never_our_own)
{
    struct place p = place_new();
    uint64_t visitors = 0;

    fake_redis_manner(p.server, FAKE_ANSWER,
                      "*2\r\n$1\r\n0\r\n*4\r\n"
                      "$21\r\nnode:0000000000000007\r\n$7\r\n9 8 7 0\r\n"
                      "$21\r\nnode:0000000000000002\r\n$7\r\n6 5 4 0\r\n",
                      false);
    cr_assert_eq(p.store->ops->run_visitors(p.store, SLICE("demo"), CHANGE_DAY, 20780,
                                            add_run, &visitors, deadline_in(WAITING_MS)),
                 0);
    cr_expect_eq(visitors, 4);
    place_free(&p);
}

static void add_moment(void *context, struct slice site, int64_t at)
{
    (void)site;
    *(int64_t *)context += at;
}

Test(store_redis, takes_no_moment_of_a_sheet_that_cannot_be)
{
    static const struct {
        const char *said;
        int64_t at;
    } moments[] = {{"*2\r\n$4\r\ndemo\r\n$13\r\n1795659479000\r\n", 1795659479000},
                   {"*2\r\n$4\r\ndemo\r\n$19\r\n9223372036854775807\r\n", 0},
                   {"*2\r\n$4\r\ndemo\r\n$2\r\n-5\r\n", 0},
                   {"*2\r\n$4\r\ndemo\r\n$4\r\n1e18\r\n", 0}};
    struct place p = place_new();

    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        int64_t at = 0;

        fake_redis_manner(p.server, FAKE_ANSWER, moments[i].said, false);
        cr_expect_eq(p.store->ops->sheets_since(p.store, "n:0000000000000001", 0, 256,
                                                add_moment, &at, deadline_in(WAITING_MS)),
                     moments[i].at != 0 ? 0 : ERR_MALFORMED);
        cr_expect_eq(at, moments[i].at);
    }
    place_free(&p);
}

Test(store_redis, notices_words_that_came_while_nobody_asked)
{
    struct place p = place_new();

    cr_assert_eq(save(&p), 0);
    fake_redis_push(p.server, "+PONG\r\n");
    for (int64_t until = deadline_in(WAITING_MS).at_ms;
         fake_redis_clients(p.server) < 2 && deadline_in(0).at_ms < until;)
        (void)save(&p);
    cr_expect_eq(save_again(&p), 0);
    cr_expect_eq(fake_redis_clients(p.server), 2);
    place_free(&p);
}

Test(store_redis, refuses_a_site_or_a_note_that_is_too_long_without_harm)
{
    struct place p = place_new();
    char key[200];
    struct change c = one_day;

    memset(key, 'k', sizeof key);
    c.site = (struct slice){key, sizeof key};
    cr_expect_eq(p.store->ops->history(p.store, c.site, CHANGE_DAY, HISTORY_ALL, 0, 1,
                                       nothing, NULL),
                 ERR_TOO_LONG);
    place_free(&p);
}
