/* Loads into Redis that break: who asked hears of it, the connection is none the worse where
 * it was not the server's fault, and the next load is as good as new. What a real server
 * keeps is tests/e2e/refill.test.mjs. */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>

#include "base/error.h"
#include "base/hash.h"
#include "lib/fake_redis.h"
#include "lib/scratch.h"
#include "store/store.h"

enum { ROWS = 400 };

struct place {
    struct scratch dir;
    struct fake_redis *server;
    struct store *store;
    int given, broken_at; /* rows; the one whose reading fails, 0: none */
    enum dump_kind kind;
    struct dump_row row;
};

static void place_init(struct place *p, enum dump_kind kind)
{
    char where[300], sentence[512];

    *p = (struct place){.dir = scratch_new(), .kind = kind};
    cr_assert_eq(hash_start(), 0);
    p->server = fake_redis_new(scratch_path(&p->dir, "redis.sock"));
    snprintf(where, sizeof where, "redis+unix://%s", scratch_path(&p->dir, "redis.sock"));
    cr_assert_eq(store_open(&p->store, where, "node", 7, sentence), 0, "%s", sentence);
}

static void place_release(struct place *p)
{
    p->store->ops->close(p->store);
    fake_redis_free(p->server);
    scratch_free(&p->dir);
}

/* A site, and then rows of one kind. */
static int next_row(void *context, const struct dump_row **ret_row)
{
    const struct dump_value run[] = {{.text = SLICE("n2")},
                                     {.text = SLICE("00c0ffee00c0ffee")}};
    struct place *p = context;

    if (p->given == ROWS)
        return ERR_NOT_FOUND;
    p->given++;
    if (p->given == p->broken_at)
        return ERR_CORRUPT;
    p->row = (struct dump_row){.kind = p->given == 1 ? DUMP_SITE : p->kind};
    p->row.value[0].number = 20000 + p->given;
    if (p->row.kind == DUMP_SITE)
        p->row.value[0].text = SLICE("demo");
    if (p->row.kind == DUMP_DAY)
        memcpy(&p->row.value[5], run, sizeof run);
    if (p->row.kind == DUMP_IMPORTED_DAY)
        p->row.value[5].text = SLICE("0123456789abcdef");
    *ret_row = &p->row;
    return 0;
}

static int load(struct place *p)
{
    p->given = 0;
    return p->store->ops->load(p->store, next_row, p, 0, 0, NULL);
}

Test(store_redis_load, takes_rows_in_a_script_for_sixteen)
{
    struct place p;

    place_init(&p, DUMP_DAY);
    cr_expect_eq(load(&p), 0);
    cr_expect_eq(fake_redis_said(p.server, "EVALSHA"), 1 + (ROWS - 1 + 15) / 16);
    cr_expect_eq(fake_redis_said(p.server, "MULTI"), 0);
    cr_expect_eq(fake_redis_clients(p.server), 1);
    place_release(&p);
}

Test(store_redis_load, takes_what_was_imported_in_one_transaction)
{
    struct place p;

    place_init(&p, DUMP_IMPORTED_DAY);
    cr_expect_eq(load(&p), 0);
    cr_expect_eq(fake_redis_said(p.server, "MULTI"), 1);
    cr_expect_eq(fake_redis_said(p.server, "EXEC"), 1);
    place_release(&p);
}

Test(store_redis_load, rows_that_cannot_be_read_undo_an_import_and_keep_the_connection)
{
    struct place p;

    place_init(&p, DUMP_IMPORTED_DAY);
    p.broken_at = 300;
    cr_expect_eq(load(&p), ERR_CORRUPT);
    cr_expect_eq(fake_redis_said(p.server, "DISCARD"), 1);
    cr_expect_eq(fake_redis_said(p.server, "EXEC"), 0);
    p.broken_at = 0;
    cr_expect_eq(load(&p), 0);
    cr_expect_eq(fake_redis_clients(p.server), 1);
    place_release(&p);
}

Test(store_redis_load, what_the_server_refuses_is_said_and_ends_the_load)
{
    struct place p;

    place_init(&p, DUMP_DAY);
    fake_redis_manner(p.server, FAKE_ANSWER, "-OOM command not allowed\r\n", false);
    cr_expect_eq(load(&p), ERR_NOSPACE);
    fake_redis_manner(p.server, FAKE_GOOD, NULL, false);
    while (load(&p) != 0) /* its back-off */
        poll(NULL, 0, 10);
    place_release(&p);
}

Test(store_redis_load, a_transaction_with_a_refusal_in_it_is_an_error)
{
    struct place p;

    place_init(&p, DUMP_IMPORTED_DAY);
    fake_redis_manner(p.server, FAKE_ANSWER, "*2\r\n:1\r\n-WRONGTYPE it is a list\r\n",
                      false);
    cr_expect_eq(load(&p), ERR_CORRUPT);
    place_release(&p);
}

Test(store_redis_load, a_server_that_goes_silent_is_given_up_in_time)
{
    struct place p;

    place_init(&p, DUMP_DAY);
    cr_assert_eq(load(&p), 0);
    fake_redis_manner(p.server, FAKE_DEAF, NULL, false);
    cr_expect_eq(load(&p), ERR_TIMEOUT);
    cr_expect_eq(p.given <= ROWS, true);
    place_release(&p);
}

/* --- Dumps: whatever it answers, the call ends and nothing is made up --- */

static int no_row(void *context, const struct dump_row *row)
{
    ++*(unsigned *)context;
    (void)row;
    return 0;
}

Test(store_redis_load, a_dump_of_a_server_that_talks_nonsense_is_refused)
{
    static const char *const nonsense[] = {"+OK\r\n", "*0\r\n", "$3\r\nabc\r\n",
                                           "*2\r\n$1\r\n0\r\n$1\r\n0\r\n", ":1\r\n"};

    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        struct place p;
        unsigned rows = 0;
        int64_t state;

        place_init(&p, DUMP_DAY);
        fake_redis_manner(p.server, FAKE_ANSWER, nonsense[i], false);
        cr_expect_neq(p.store->ops->dump(p.store, SLICE("demo"),
                                         (struct dump_place){DUMP_NONE, 0}, DUMP_KINDS,
                                         no_row, &rows, &state),
                      0, "%s", nonsense[i]);
        cr_expect_eq(rows, 0);
        place_release(&p);
    }
}
