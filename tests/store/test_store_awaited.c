/* A store that could not be opened at start: what it says until it is, and that it is that
 * store from then on. */
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "lib/scratch.h"
#include "store/store_awaited.h"

enum { WAITING_MS = 10000 };

struct awaiting {
    struct scratch dir;
    struct store_gate *gate;
    char where[300];
    struct store *store;
};

static struct store *await_one(const struct awaiting *a)
{
    struct store *s;

    cr_assert_eq(store_await(&s, a->gate, a->where, "node", 7, ERR_NOSPACE, "it is full"),
                 0);
    return s;
}

static struct awaiting awaiting_new(const char *name)
{
    struct awaiting a = {.dir = scratch_new(), .gate = store_gate_new()};

    cr_assert_not_null(a.gate);
    snprintf(a.where, sizeof a.where, "sqlite:%s", scratch_path(&a.dir, name));
    a.store = await_one(&a);
    return a;
}

static void awaiting_free(struct awaiting *a)
{
    a->store->ops->close(a->store);
    store_gate_let_go(a->gate);
    scratch_free(&a->dir);
}

static int save(struct store *s)
{
    const struct change day = {.kind = CHANGE_DAY,
                               .site = SLICE("demo"),
                               .number = 20780,
                               .views = 5,
                               .visits = 3};

    return s->ops->save(s, &day, 1, deadline_in(WAITING_MS));
}

/* The last code: when it is another one, or after long. */
static int save_until_not(struct store *s, int code)
{
    const int64_t end_ms = deadline_in(WAITING_MS).at_ms;
    int rv;

    while ((rv = save(s)) == code && deadline_in(0).at_ms < end_ms)
        (void)poll(NULL, 0, 10);
    return rv;
}

Test(store_awaited, says_why_until_it_opens_and_is_the_store_then)
{
    struct awaiting a = awaiting_new("luot.db");
    struct history_row total;
    unsigned number;

    cr_expect_eq(save(a.store), ERR_NOSPACE);
    cr_expect_str_eq(a.store->ops->trouble(a.store, &number), "it is full");
    cr_expect_eq(number, (unsigned)ERR_NOSPACE);
    cr_expect_eq(save_until_not(a.store, ERR_NOSPACE), 0);
    cr_expect_str_eq(a.store->ops->trouble(a.store, &number), "");
    cr_expect_eq(number, 0);
    cr_assert_eq(save(a.store), 0);
    struct store *other = await_one(&a); /* a second thread's, of the same file */
    cr_expect_eq(save_until_not(other, ERR_NOSPACE), 0);
    cr_assert_eq(other->ops->total(other, SLICE("demo"), HISTORY_ALL, INT64_MIN, &total),
                 0);
    other->ops->close(other);
    awaiting_free(&a);
}

Test(store_awaited, says_what_the_last_try_said)
{
    struct awaiting a = awaiting_new("luot.db");
    FILE *f = fopen(scratch_path(&a.dir, "luot.db"), "w");
    unsigned number;

    cr_assert_not_null(f);
    fputs("somebody else's text, which is left alone", f);
    fclose(f);
    cr_expect_eq(save_until_not(a.store, ERR_NOSPACE), ERR_FOREIGN);
    cr_expect_not_null(strstr(a.store->ops->trouble(a.store, &number), "left as it is"));
    cr_expect_eq(number, (unsigned)ERR_FOREIGN);
    remove(scratch_path(&a.dir, "luot.db"));
    cr_expect_eq(save_until_not(a.store, ERR_FOREIGN), 0);
    awaiting_free(&a);
}

Test(store_awaited, is_not_opened_any_more_by_who_must_hurry)
{
    struct awaiting a = awaiting_new("luot.db");

    a.store->ops->hurry(a.store, deadline_in(0));
    (void)poll(NULL, 0, 1200); /* past its next try */
    cr_expect_eq(save(a.store), ERR_NOSPACE);
    awaiting_free(&a);
}
