/* Getting the keys that nodes share, round by round, from a store in memory. The thread and
 * a real server: tests/e2e/keys.test.mjs. */
#include "keep/sharer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "lib/world.h" /* world_time */

enum { TEXTS = 16 };

struct kept { /* by the server that all nodes share */
    char name[80], text[SHARED_MAX];
    int64_t life_ms;
};

struct server {
    struct kept kept[TEXTS];
    unsigned count, asked;
    int error; /* every question fails so; 0: none does */
};

struct client {
    struct store store; /* first: what the sharer holds */
    struct server *server;
    unsigned closed;
};

static int share(struct store *store, const char *name, const char *offer,
                 int64_t life_ms, char ret_text[SHARED_MAX], struct deadline d)
{
    struct server *s = ((struct client *)store)->server;
    unsigned i = 0;

    (void)d;
    s->asked++;
    if (s->error != 0)
        return s->error;
    while (i < s->count && strcmp(s->kept[i].name, name) != 0)
        i++;
    if (i == s->count) {
        cr_assert_lt(s->count++, TEXTS);
        snprintf(s->kept[i].name, sizeof s->kept[i].name, "%s", name);
        snprintf(s->kept[i].text, sizeof s->kept[i].text, "%s", offer);
        s->kept[i].life_ms = life_ms;
    }
    memcpy(ret_text, s->kept[i].text, SHARED_MAX);
    return 0;
}

static void close_client(struct store *store)
{
    ((struct client *)store)->closed++;
}

static const struct store_ops client_ops = {.share = share, .close = close_client};

struct node {
    struct client client;
    struct key_ring *ring;
    struct sharer *sharer;
};

static void node_open(struct node *n, struct server *server, const char *secret)
{
    struct secret *s = NULL;

    cr_assert_eq(hash_start(), 0);
    *n = (struct node){.client = {{&client_ops}, server, 0}, .ring = key_ring_new()};
    cr_assert_eq(sharer_new(&n->sharer, &n->client.store, n->ring), 0);
    if (secret != NULL)
        cr_assert_eq(secret_new(&s, slice_of(secret)), 0);
    sharer_use(n->sharer, s);
}

static void node_close(struct node *n)
{
    sharer_stop(n->sharer);
    cr_expect_eq(n->client.closed, 1);
    key_ring_free(n->ring);
}

static struct config *config_of(const char *text)
{
    struct config_error error;
    struct config *c;

    cr_assert_eq(config_parse(&c, slice_of(text), "test", &error), 0, "%s", error.text);
    return c;
}

#define SITES  "[site a]\n[site b]\n[site c]\n" /* Asia/Ho_Chi_Minh, by the month */
#define SECRET "a secret that both nodes have"

static void round_at(struct node *n, const char *config, const char *at)
{
    struct config *c = config_of(config);

    sharer_round(n->sharer, c, NULL, world_time(at), deadline_in(1000));
    config_free(c);
}

static int64_t slot_of(const char *at)
{
    return world_time(at).ms / SLOT_MS;
}

static bool has(const struct node *n, const char *from)
{
    return key_ring_has(n->ring, PERIOD_MONTH, slot_of(from));
}

static bool agree(const struct node *one, const struct node *other, const char *from)
{
    struct hash_key a, b;

    return key_ring_find(one->ring, PERIOD_MONTH, slot_of(from), &a) &&
           key_ring_find(other->ring, PERIOD_MONTH, slot_of(from), &b) &&
           memcmp(&a, &b, sizeof a) == 0;
}

#define NOVEMBER "2026-10-31 17:00:00"
#define DECEMBER "2026-11-30 17:00:00"

Test(sharer, nodes_with_one_secret_have_one_key_and_others_have_not)
{
    struct server server = {.count = 0};
    struct node one, two, three;

    node_open(&one, &server, SECRET);
    node_open(&two, &server, SECRET);
    node_open(&three, &server, "a secret of somebody else");
    round_at(&one, SITES, "2026-11-15 00:00:00");
    round_at(&two, SITES, "2026-11-15 00:00:01");
    round_at(&three, SITES, "2026-11-15 00:00:02");
    cr_expect(agree(&one, &two, NOVEMBER));
    cr_expect(has(&three, NOVEMBER));
    cr_expect_not(agree(&one, &three, NOVEMBER));
    cr_expect_eq(server.count, 1);
    node_close(&one);
    node_close(&two);
    node_close(&three);
}

Test(sharer, asks_once_for_all_sites_of_a_calendar_and_not_again)
{
    struct server server = {.count = 0};
    struct node n;

    node_open(&n, &server, SECRET);
    for (int i = 0; i < 5; i++)
        round_at(&n, SITES, "2026-11-15 00:00:00");
    cr_expect_eq(server.asked, 1);
    cr_expect_str_eq(server.kept[0].name, "key:month:2026-10-31T17:00Z");
    round_at(&n, SITES "[site d]\ntimezone = UTC\n[site e]\nidentity = day\n",
             "2026-11-15 00:00:00");
    cr_expect_eq(server.asked, 3);
    cr_expect_str_eq(server.kept[1].name, "key:month:2026-11-01T00:00Z");
    cr_expect_str_eq(server.kept[2].name, "key:day:2026-11-14T17:00Z");
    node_close(&n);
}

Test(sharer, what_is_in_the_store_goes_away_as_its_period_ends)
{
    struct server server = {.count = 0};
    struct node n;

    node_open(&n, &server, SECRET);
    round_at(&n, SITES, "2026-11-30 16:59:59"); /* and the next one */
    cr_assert_eq(server.count, 2);
    cr_expect_eq(server.kept[0].life_ms, 1000);
    cr_expect_eq(server.kept[1].life_ms, (31 * 86400 + 1) * INT64_C(1000));
    node_close(&n);
}

Test(sharer, the_next_key_is_there_long_before_the_keeper_makes_it)
{
    struct server server = {.count = 0};
    struct node n;

    node_open(&n, &server, SECRET);
    round_at(&n, SITES, "2026-11-30 10:59:00");
    cr_expect_not(has(&n, DECEMBER));
    round_at(&n, SITES, "2026-11-30 11:00:00");
    cr_expect(has(&n, DECEMBER));
    node_close(&n);
}

Test(sharer, a_store_that_is_away_is_asked_again)
{
    struct server server = {.error = ERR_IO};
    struct node n;

    node_open(&n, &server, SECRET);
    round_at(&n, SITES, "2026-11-15 00:00:00");
    cr_expect_not(has(&n, NOVEMBER));
    server.error = 0;
    round_at(&n, SITES, "2026-11-15 00:00:01");
    cr_expect(has(&n, NOVEMBER));
    node_close(&n);
}

Test(sharer, what_is_none_of_our_texts_is_no_key)
{
    static const char *const bad[] = {
        "", "hello", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeefg"};
    struct server server = {.count = 1};
    struct node n;

    snprintf(server.kept[0].name, sizeof server.kept[0].name,
             "key:month:2026-10-31T17:00Z");
    node_open(&n, &server, SECRET);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(server.kept[0].text, SHARED_MAX, "%s", bad[i]);
        round_at(&n, SITES, "2026-11-15 00:00:00");
        cr_expect_not(has(&n, NOVEMBER), "%s", bad[i]);
    }
    node_close(&n);
}

Test(sharer, without_a_secret_nothing_is_asked)
{
    struct server server = {.count = 0};
    struct secret *secret;
    struct node n;

    node_open(&n, &server, NULL);
    round_at(&n, SITES, "2026-11-15 00:00:00");
    cr_expect_eq(server.asked, 0);
    cr_assert_eq(secret_new(&secret, SLICE(SECRET)), 0);
    sharer_use(n.sharer, secret); /* a reload brought one */
    round_at(&n, SITES, "2026-11-15 00:00:01");
    cr_expect(has(&n, NOVEMBER));
    node_close(&n);
}
