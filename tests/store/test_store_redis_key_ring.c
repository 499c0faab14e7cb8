/* What nodes agree on, against a server that answers whatever it likes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "lib/fake_redis.h"
#include "lib/scratch.h"
#include "store/store_redis.h"

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

static int share(struct place *p, char ret_text[SHARED_MAX])
{
    return p->store->ops->share(p->store, "key:month:x", "mine", 1000, ret_text,
                                deadline_in(10000));
}

Test(store_redis_key_ring, whoever_was_first_wins_the_race)
{
    struct place p = place_new();
    char text[SHARED_MAX] = "";

    fake_redis_manner(p.server, FAKE_ANSWER, "$6\r\ntheirs\r\n", false);
    cr_assert_eq(share(&p, text), 0);
    cr_expect_str_eq(text, "theirs");
    cr_expect_eq(fake_redis_said(p.server, "SET"), 1);
    cr_expect_eq(fake_redis_said(p.server, "GET"), 1);
    place_free(&p);
}

Test(store_redis_key_ring, a_text_that_went_away_in_between_is_not_found)
{
    struct place p = place_new();
    char text[SHARED_MAX] = "as it was";

    fake_redis_manner(p.server, FAKE_ANSWER, "$-1\r\n", false);
    cr_expect_eq(share(&p, text), ERR_NOT_FOUND);
    cr_expect_str_eq(text, "as it was");
    place_free(&p);
}

static void expect_refused(const char *bytes)
{
    struct place p = place_new();
    char text[SHARED_MAX] = "as it was";

    fake_redis_manner(p.server, FAKE_ANSWER, bytes, false);
    cr_expect_neq(share(&p, text), 0, "%s", bytes);
    cr_expect_str_eq(text, "as it was");
    place_free(&p);
}

Test(store_redis_key_ring, what_is_no_text_of_a_fit_length_is_refused)
{
    char most[SHARED_MAX + 32], text[SHARED_MAX + 1];
    struct place p = place_new();

    memset(text, 'a', sizeof text);
    snprintf(most, sizeof most, "$%d\r\n%.*s\r\n", SHARED_MAX - 1, SHARED_MAX - 1, text);
    fake_redis_manner(p.server, FAKE_ANSWER, most, false);
    cr_expect_eq(share(&p, text), 0);
    cr_expect_eq(strlen(text), SHARED_MAX - 1);
    place_free(&p);
    memset(text, 'a', sizeof text);
    snprintf(most, sizeof most, "$%d\r\n%.*s\r\n", SHARED_MAX, SHARED_MAX, text);
    expect_refused(most);
    expect_refused("$0\r\n\r\n");
    expect_refused(":1\r\n");
    expect_refused("*1\r\n$1\r\na\r\n");
    expect_refused("-WRONGTYPE it is a list\r\n");
    expect_refused("-READONLY a replica\r\n");
}
