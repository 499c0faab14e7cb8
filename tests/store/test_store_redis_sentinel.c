/* Sentinels and masters that say whatever they can say: each call ends by its deadline, the
 * next sentinel is asked, and nothing is taken for a master that is none. What real ones do
 * is tests/e2e/sentinel.test.mjs. */
#include <criterion/criterion.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>

#include "base/error.h"
#include "base/hash.h"
#include "lib/fake_redis.h"
#include "store/store_redis.h"

enum {
    SENTINELS = 3,
    DEADLINE_MS = 400,
    GENEROUS_MS = 10 * DEADLINE_MS,
    WAITING_MS = 20000
};

static const char role_master[] = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";
static const char role_slave[] = "*2\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n";

struct place {
    struct fake_redis *sentinel[SENTINELS], *master;
    char named[128]; /* what a sentinel says when it knows the master */
    struct store *store;
};

static void name_master(char ret_said[128], unsigned port)
{
    char text[8];
    int n = snprintf(text, sizeof text, "%u", port);

    snprintf(ret_said, 128, "*2\r\n$9\r\n127.0.0.1\r\n$%d\r\n%s\r\n", n, text);
}

/* All are good. A test makes some worse, and then opens the store. */
static void place_init(struct place *p)
{
    unsigned port;

    cr_assert_eq(hash_start(), 0);
    p->master = fake_redis_on_port(&port);
    fake_redis_answer(p->master, "ROLE", role_master);
    name_master(p->named, port);
}

static void place_open(struct place *p, const char *login, const char *query)
{
    char where[300], sentence[512];
    unsigned port[SENTINELS];

    for (int i = 0; i < SENTINELS; i++) {
        p->sentinel[i] = fake_redis_on_port(&port[i]);
        fake_redis_manner(p->sentinel[i], FAKE_ANSWER, p->named, false);
    }
    snprintf(where, sizeof where,
             "redis+sentinel://%s127.0.0.1:%u,127.0.0.1:%u,127.0.0.1:%u/main%s", login,
             port[0], port[1], port[2], query);
    cr_assert_eq(store_open(&p->store, where, "node", 7, sentence), 0, "%s", sentence);
}

static void place_release(struct place *p)
{
    p->store->ops->close(p->store);
    for (int i = 0; i < SENTINELS; i++)
        fake_redis_free(p->sentinel[i]);
    fake_redis_free(p->master);
}

static int save_by(struct place *p, unsigned ms)
{
    static const struct change day = {.kind = CHANGE_DAY,
                                      .site = SLICE("demo"),
                                      .number = 20780,
                                      .views = 5,
                                      .visits = 3,
                                      .visitors = 2,
                                      .exact = true};

    return p->store->ops->save(p->store, &day, 1, deadline_in(ms));
}

static int save(struct place *p)
{
    return save_by(p, DEADLINE_MS);
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

static const char *trouble_of(const struct place *p)
{
    unsigned number;

    return p->store->ops->trouble(p->store, &number);
}

static uint64_t asked(const struct place *p, int i)
{
    return fake_redis_said(p->sentinel[i], "SENTINEL");
}

Test(store_redis_sentinel, writes_to_the_master_that_the_first_sentinel_names)
{
    struct place p;

    place_init(&p);
    place_open(&p, "", "");
    cr_assert_eq(save_by(&p, WAITING_MS), 0, "%s", trouble_of(&p));
    cr_expect_eq(asked(&p, 0), 1);
    cr_expect_eq(asked(&p, 1) + asked(&p, 2), 0);
    cr_expect_eq(fake_redis_said(p.sentinel[0], "AUTH"), 0, "nobody said a password");
    cr_expect_eq(fake_redis_said(p.master, "ROLE"), 1);
    cr_expect_eq(fake_redis_said(p.master, "EVALSHA"), 1);
    cr_assert_eq(save_by(&p, WAITING_MS), 0);
    cr_expect_eq(asked(&p, 0), 1, "a connection that is good asks nobody");
    place_release(&p);
}

Test(store_redis_sentinel, signs_in_at_each_with_its_own_password)
{
    struct place p;

    place_init(&p);
    place_open(&p, "me:secret@", "?sentinel=:other");
    cr_assert_eq(save_by(&p, WAITING_MS), 0, "%s", trouble_of(&p));
    cr_expect_eq(fake_redis_said(p.sentinel[0], "AUTH"), 1);
    cr_expect_eq(fake_redis_said(p.master, "AUTH"), 1);
    fake_redis_answer(p.master, "AUTH", "-WRONGPASS invalid\r\n");
    fake_redis_manner(p.master, FAKE_CLOSE, "", false);
    cr_expect_neq(save(&p), 0);
    cr_expect_eq(save(&p), ERR_DENIED);
    cr_expect_not_null(strstr(trouble_of(&p), "main at 127.0.0.1"), "%s", trouble_of(&p));
    cr_expect_null(strstr(trouble_of(&p), "secret"));
    cr_expect_null(strstr(trouble_of(&p), "other"));
    place_release(&p);
}

Test(store_redis_sentinel, remembers_the_sentinel_that_knew)
{
    struct place p;

    place_init(&p);
    place_open(&p, "", "");
    fake_redis_manner(p.sentinel[0], FAKE_CLOSE, "", false);
    cr_assert_eq(save_by(&p, WAITING_MS), 0, "%s", trouble_of(&p));
    cr_expect_eq(asked(&p, 0), 1);
    cr_expect_eq(asked(&p, 1), 1);
    fake_redis_push(p.master, "+go away\r\n");
    for (int64_t until = deadline_in(WAITING_MS).at_ms;
         asked(&p, 1) < 2 && deadline_in(0).at_ms < until; poll(NULL, 0, 20))
        (void)save_by(&p, WAITING_MS);
    cr_expect_eq(asked(&p, 1), 2);
    cr_expect_eq(asked(&p, 0), 1, "it was no use before");
    place_release(&p);
}

static const struct wrong {
    const char *what;
    enum fake_manner manner;
    const char *bytes;
    const char *trouble; /* what is said of it when all are like that */
} wrong[] = {
    {"no such master", FAKE_ANSWER, "*-1\r\n", "knows no master named main"},
    {"no such master, as a text", FAKE_ANSWER, "$-1\r\n", "knows no master named main"},
    {"an error", FAKE_ANSWER, "-ERR unknown command\r\n", "unknown command"},
    {"a password, please", FAKE_ANSWER, "-NOAUTH Authentication required.\r\n", "NOAUTH"},
    {"a status", FAKE_ANSWER, "+OK\r\n", "only ours"},
    {"a number", FAKE_ANSWER, ":1\r\n", "only ours"},
    {"one text", FAKE_ANSWER, "*1\r\n$9\r\n127.0.0.1\r\n", "only ours"},
    {"three texts", FAKE_ANSWER, "*3\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\n1\r\n", "only ours"},
    {"two numbers", FAKE_ANSWER, "*2\r\n:1\r\n:1\r\n", "only ours"},
    {"an empty host", FAKE_ANSWER, "*2\r\n$0\r\n\r\n$1\r\n1\r\n", "only ours"},
    {"a host of garbage", FAKE_ANSWER, "*2\r\n$3\r\na/b\r\n$1\r\n1\r\n", "only ours"},
    {"a host with a line in it", FAKE_ANSWER, "*2\r\n$3\r\na\nb\r\n$1\r\n1\r\n",
     "only ours"},
    {"port 0", FAKE_ANSWER, "*2\r\n$9\r\n127.0.0.1\r\n$1\r\n0\r\n", "only ours"},
    {"port 65536", FAKE_ANSWER, "*2\r\n$9\r\n127.0.0.1\r\n$5\r\n65536\r\n", "only ours"},
    {"port minus one", FAKE_ANSWER, "*2\r\n$9\r\n127.0.0.1\r\n$2\r\n-1\r\n", "only ours"},
    {"an extra reply", FAKE_ANSWER, "*-1\r\n:1\r\n", "only ours"},
    {"a giant array", FAKE_ONCE, "*1000000000\r\n", "only ours"},
    {"a giant text", FAKE_FLOOD, "*2\r\n$70000\r\n0123456789abcdef0123456789abcdef",
     "only ours"},
    {"a line without end", FAKE_FLOOD, "+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "only ours"},
    {"nesting", FAKE_ANSWER, "*2\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\n1\r\n",
     "only ours"},
    {"garbage", FAKE_ONCE, "@x\r\n", "only ours"},
    {"nothing", FAKE_ONCE, "", "no answer in time"},
    {"a byte now and then", FAKE_DRIP, "$64\r\n0123456789abcdef0123456789abcdef",
     "no answer in time"},
    {"the end", FAKE_CLOSE, "", "closed the connection"},
    {"half an end", FAKE_HALF, "", "closed the connection"},
};
enum { WRONGS = sizeof wrong / sizeof wrong[0] };

Test(store_redis_sentinel, asks_the_next_one_whatever_a_sentinel_says, .timeout = 120)
{
    for (int i = 0; i < WRONGS; i++) {
        struct place p;

        place_init(&p);
        place_open(&p, "", "");
        fake_redis_manner(p.sentinel[0], wrong[i].manner, wrong[i].bytes, false);
        fake_redis_manner(p.sentinel[1], wrong[i].manner, wrong[i].bytes, false);
        cr_expect_eq(save_by(&p, 800), 0, "%s: %s", wrong[i].what, trouble_of(&p));
        cr_expect_eq(asked(&p, 2), 1, "%s", wrong[i].what);
        place_release(&p);
    }
}

Test(store_redis_sentinel, ends_by_its_deadline_whatever_all_sentinels_say,
     .timeout = 120)
{
    for (int i = 0; i < WRONGS; i++) {
        struct place p;
        struct mallinfo2 before, after;
        int64_t begun_ms;

        place_init(&p);
        place_open(&p, "", "");
        for (int k = 0; k < SENTINELS; k++)
            fake_redis_manner(p.sentinel[k], wrong[i].manner, wrong[i].bytes, false);
        before = mallinfo2();
        begun_ms = deadline_in(0).at_ms;
        cr_expect_neq(save(&p), 0, "%s", wrong[i].what);
        cr_expect_leq(deadline_in(0).at_ms - begun_ms, GENEROUS_MS, "%s", wrong[i].what);
        cr_expect_not_null(strstr(trouble_of(&p), wrong[i].trouble), "%s: %s",
                           wrong[i].what, trouble_of(&p));
        cr_expect_not_null(strstr(trouble_of(&p), "the sentinel 127.0.0.1:"), "%s",
                           trouble_of(&p));
        after = mallinfo2();
        cr_expect_leq(after.uordblks + after.hblkhd,
                      before.uordblks + before.hblkhd + (1 << 20), "%s", wrong[i].what);
        cr_expect_eq(fake_redis_clients(p.master), 0, "%s", wrong[i].what);
        place_release(&p);
    }
}

Test(store_redis_sentinel, writes_nothing_to_what_is_no_master, .timeout = 60)
{
    static const char *const roles[] = {
        role_slave,
        "*1\r\n$8\r\nsentinel\r\n",
        "*0\r\n",
        "*-1\r\n",
        "+master\r\n",
        "*1\r\n:1\r\n",
        "-NOPERM this user has no permissions to run the 'role' command\r\n",
    };

    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct place p;

        place_init(&p);
        fake_redis_answer(p.master, "ROLE", roles[i]);
        place_open(&p, "", "");
        cr_expect_neq(save(&p), 0, "%s", roles[i]);
        cr_expect_not_null(strstr(trouble_of(&p), "main at 127.0.0.1:"), "%s",
                           trouble_of(&p));
        cr_expect_eq(fake_redis_said(p.master, "EVALSHA"), 0, "%s", roles[i]);
        fake_redis_answer(p.master, "ROLE", role_master);
        cr_expect_eq(save_again(&p), 0, "%s", trouble_of(&p));
        place_release(&p);
    }
}

/* One sentinel is behind: what it names is a replica by now, and the next one knows better. */
Test(store_redis_sentinel, goes_on_to_the_master_that_another_sentinel_names)
{
    struct place p;
    struct fake_redis *old;
    char stale[128];
    unsigned port;

    place_init(&p);
    old = fake_redis_on_port(&port);
    fake_redis_answer(old, "ROLE", role_slave);
    name_master(stale, port);
    place_open(&p, "", "");
    fake_redis_manner(p.sentinel[0], FAKE_ANSWER, stale, false);
    cr_expect_eq(save_by(&p, WAITING_MS), 0, "%s", trouble_of(&p));
    cr_expect_eq(fake_redis_said(old, "ROLE"), 1);
    cr_expect_eq(fake_redis_said(old, "EVALSHA"), 0);
    place_release(&p);
    fake_redis_free(old);
}

Test(store_redis_sentinel, asks_again_at_once_when_a_master_was_demoted)
{
    struct place p;
    struct fake_redis *next;
    char named[128];
    unsigned port;

    place_init(&p);
    place_open(&p, "", "");
    cr_assert_eq(save_by(&p, WAITING_MS), 0, "%s", trouble_of(&p));
    next = fake_redis_on_port(&port);
    fake_redis_answer(next, "ROLE", role_master);
    name_master(named, port);
    fake_redis_manner(p.master, FAKE_ANSWER,
                      "-READONLY You can't write against a read only replica.\r\n",
                      false);
    cr_expect_eq(save(&p), ERR_DENIED);
    cr_expect_not_null(strstr(trouble_of(&p), "the sentinels are asked again"), "%s",
                       trouble_of(&p));
    for (int i = 0; i < SENTINELS; i++)
        fake_redis_manner(p.sentinel[i], FAKE_ANSWER, named, false);
    cr_expect_eq(save_by(&p, WAITING_MS), 0, "%s", trouble_of(&p));
    cr_expect_eq(fake_redis_said(next, "EVALSHA"), 1);
    cr_expect_eq(asked(&p, 0), 2);
    place_release(&p);
    fake_redis_free(next);
}

Test(store_redis_sentinel, asks_less_often_when_none_is_of_use)
{
    struct place p;
    uint64_t before;

    place_init(&p);
    place_open(&p, "", "");
    for (int i = 0; i < SENTINELS; i++)
        fake_redis_manner(p.sentinel[i], FAKE_ANSWER, "*-1\r\n", false);
    cr_expect_eq(save(&p), ERR_IO);
    cr_expect_eq(save(&p), ERR_IO, "once more, at once");
    before = asked(&p, 0);
    for (int i = 0; i < 1000; i++)
        cr_expect_eq(save(&p), ERR_IO);
    cr_expect_leq(asked(&p, 0), before + 1);
    place_release(&p);
}

Test(store_redis_sentinel, says_what_may_be_lost_after_a_failover)
{
    struct place p;
    enum store_lost lost;

    place_init(&p);
    place_open(&p, "", "");
    cr_assert_eq(p.store->ops->attend(p.store, deadline_in(WAITING_MS), &lost), 0);
    cr_assert_eq(p.store->ops->attend(p.store, deadline_in(WAITING_MS), &lost), 0);
    cr_expect_eq(lost, STORE_LOST_NOTHING);
    fake_redis_manner(p.master, FAKE_CLOSE, "", false);
    cr_expect_neq(save(&p), 0);
    fake_redis_manner(p.master, FAKE_GOOD, NULL, false);
    cr_assert_eq(p.store->ops->attend(p.store, deadline_in(WAITING_MS), &lost), 0);
    cr_expect_eq(lost, STORE_LOST_RECENT);
    place_release(&p);
}
