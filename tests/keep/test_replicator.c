/* The replicator by rounds, without its thread: what one store has comes into the other,
 * whichever lost it, and no fault leaves more or less than there is. */
#include "keep/replicator.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/error.h"
#include "lib/replica_place.h"
#include "lib/stumbling_store.h"

enum { ROUND_MS = 6000 }; /* each looks for new sites */

static const struct instant now = {(REPLICA_DAY * INT64_C(86400) + 3600) * 1000};

struct place {
    struct scratch dir;
    struct store *near, *far; /* by our own hand, beside the replicator's */
    struct stumbling_store near_side, far_side;
    struct replicator *replicator;
    int64_t now_ms;
    unsigned came;
};

static void note_came(void *context, struct slice site)
{
    (void)site;
    ++*(unsigned *)context;
}

static void begin(struct place *p)
{
    const struct replicator_options options = {.near = &p->near_side.store,
                                               .far = &p->far_side.store,
                                               .node = "node",
                                               .incarnation = 1,
                                               .sites_max = 8,
                                               .budget_ms = 60000,
                                               .came = note_came,
                                               .context = &p->came};

    stumbling_store_init(&p->near_side, replica_open(&p->dir, "near.db", 1));
    stumbling_store_init(&p->far_side, replica_open(&p->dir, "far.db", 1));
    cr_assert_eq(replicator_new(&p->replicator, &options), 0);
}

/* `near` is run 1, the replicator's own; `far` is another node's. */
static void place_init(struct place *p)
{
    *p = (struct place){.dir = scratch_new(), .now_ms = 100000};
    p->near = replica_open(&p->dir, "near.db", 1);
    p->far = replica_open(&p->dir, "far.db", 2);
    begin(p);
}

static void place_release(struct place *p)
{
    replicator_free(p->replicator);
    p->near->ops->close(p->near);
    p->far->ops->close(p->far);
    scratch_free(&p->dir);
}

static int next_round(struct place *p)
{
    p->now_ms += ROUND_MS;
    return replicator_round(p->replicator, now, p->now_ms);
}

static void rounds(struct place *p, int n)
{
    for (int i = 0; i < n; i++)
        cr_assert_eq(next_round(p), 0);
}

static void expect_level(struct place *p, const char *site)
{
    cr_expect(replicator_is_level(p->replicator));
    cr_expect_eq(replica_views(p->near, site), replica_views(p->far, site));
}

Test(replicator, gives_and_takes_what_the_other_store_has_not)
{
    struct place p;

    place_init(&p);
    replica_count(p.near, "ours", 3);
    replica_say(p.near, "ours");
    replica_count(p.far, "theirs", 5);
    replica_say(p.far, "theirs");
    rounds(&p, 3);
    cr_expect_str_eq(replica_document(p.far, "ours"), replica_document(p.near, "ours"));
    cr_expect_str_eq(replica_document(p.near, "theirs"),
                     replica_document(p.far, "theirs"));
    expect_level(&p, "ours");
    cr_expect_geq(p.came, 1);
    cr_expect_eq(p.far_side.marks, 2);
    place_release(&p);
}

Test(replicator, brings_what_others_count_in_the_round_after_it)
{
    struct place p;

    place_init(&p);
    replica_count(p.near, "demo", 3);
    rounds(&p, 3);
    for (uint64_t views = 1; views < 5; views++) {
        replica_count(p.far, "demo", views);
        rounds(&p, 1);
        cr_expect_eq(replica_views(p.near, "demo"), 150 * (3 + views));
    }
    place_release(&p);
}

Test(replicator, what_was_not_there_to_say_goes_both_ways)
{
    struct place p;

    place_init(&p);
    replica_count(p.near, "a", 3);
    replica_count(p.near, "b", 3);
    rounds(&p, 3);
    replica_say(p.near, "a");
    replica_say(p.far, "b");
    rounds(&p, 3);
    cr_expect_str_eq(replica_document(p.far, "a"), replica_document(p.near, "a"));
    cr_expect_str_eq(replica_document(p.near, "b"), replica_document(p.far, "b"));
    place_release(&p);
}

Test(replicator, refills_a_far_store_that_lost_everything)
{
    struct place p;
    uint64_t went;

    place_init(&p);
    replica_count(p.near, "demo", 3);
    replica_count(p.far, "demo", 5);
    replica_say(p.far, "demo");
    rounds(&p, 3);
    went = replicator_status(p.replicator).went;
    rounds(&p, 3);
    cr_expect_eq(replicator_status(p.replicator).went, went, "there is nothing to do");
    /* The next store at this place is an empty one. */
    p.far_side.inner->ops->close(p.far_side.inner);
    p.far->ops->close(p.far);
    p.far = replica_open(&p.dir, "new.db", 2);
    p.far_side.inner = replica_open(&p.dir, "new.db", 1);
    p.far_side.marks = 0;
    rounds(&p, 3);
    cr_expect_eq(replica_views(p.far, "demo"), 150 * (3 + 5) - 4 + 240);
    cr_expect_str_eq(replica_document(p.far, "demo"), replica_document(p.near, "demo"));
    cr_expect_not(replicator_status(p.replicator).refilling);
    place_release(&p);
}

Test(replicator, fills_an_empty_near_store_at_start_and_only_an_empty_one)
{
    struct place p;
    unsigned sites;

    place_init(&p);
    replica_count(p.far, "demo", 5);
    replica_say(p.far, "demo");
    cr_assert_eq(replicator_fill(&p.near_side.store, &p.far_side.store, now,
                                 deadline_in(60000), &sites),
                 0);
    cr_expect_eq(sites, 1);
    cr_expect_str_eq(replica_document(p.near, "demo"), replica_document(p.far, "demo"));
    replica_count(p.far, "later", 5);
    cr_assert_eq(replicator_fill(&p.near_side.store, &p.far_side.store, now,
                                 deadline_in(60000), &sites),
                 0);
    cr_expect_eq(sites, 0);
    place_release(&p);
}

/* Each step of either side fails once; the rounds after it set it right. */
static void stumble(bool near_side)
{
    bool failed = true;
    unsigned n = 1;

    for (; failed; n += 11) {
        struct place p;
        int rv;

        place_init(&p);
        replica_count(p.near, "demo", 3);
        replica_count(p.far, "demo", 5);
        replica_say(p.far, "demo");
        (near_side ? &p.near_side : &p.far_side)->fail_at = n;
        failed = false;
        for (int i = 0; i < 6; i++) {
            rv = next_round(&p);
            failed = failed || rv != 0;
            cr_assert(rv == 0 || rv == ERR_IO);
            cr_expect_leq(replica_views(p.near, "demo"), 150 * (3 + 5) + 240);
        }
        cr_expect_eq(replica_views(p.near, "demo"), 150 * (3 + 5) - 4 + 240);
        cr_expect_str_eq(replica_document(p.far, "demo"),
                         replica_document(p.near, "demo"));
        cr_expect(replicator_is_level(p.replicator));
        place_release(&p);
    }
    cr_expect_gt(n, 100, "there were many steps");
}

Test(replicator, sets_right_what_a_fault_of_the_near_store_left)
{
    stumble(true);
}

Test(replicator, sets_right_what_a_fault_of_the_far_store_left)
{
    stumble(false);
}

Test(replicator, a_site_that_cannot_be_copied_keeps_no_other_back)
{
    struct place p;
    unsigned failed = 0;

    place_init(&p);
    replica_count(p.near, "a", 3);
    replica_count(p.near, "broken", 3);
    replica_count(p.near, "c", 3);
    p.far_side.broken = "broken";
    for (int i = 0; i < 6; i++)
        failed += next_round(&p) != 0;
    cr_expect_geq(failed, 1);
    replica_count(p.far, "a", 5);
    replica_count(p.far, "c", 5);
    for (int i = 0; i < 4; i++)
        (void)next_round(&p);
    cr_expect_eq(replica_views(p.near, "a"), 150 * (3 + 5));
    cr_expect_eq(replica_views(p.near, "c"), 150 * (3 + 5));
    cr_expect_eq(replica_views(p.far, "c"), 150 * (3 + 5));
    place_release(&p);
}

Test(replicator, a_thread_that_is_stopped_is_gone)
{
    struct place p;
    struct clock clock;
    struct replicator *r;

    place_init(&p);
    cr_assert_eq(clock_init(&clock, NULL), 0);
    replicator_free(p.replicator);
    stumbling_store_init(&p.near_side, replica_open(&p.dir, "near.db", 1));
    stumbling_store_init(&p.far_side, replica_open(&p.dir, "far.db", 1));
    replica_count(p.near, "demo", 3);
    cr_assert_eq(
        replicator_start(&r, &(struct replicator_options){.near = &p.near_side.store,
                                                          .far = &p.far_side.store,
                                                          .clock = &clock,
                                                          .node = "node",
                                                          .incarnation = 1,
                                                          .sites_max = 8,
                                                          .period_ms = 1}),
        0);
    while (replicator_status(r).rounds < 3)
        continue;
    replicator_stop(r, 60000);
    cr_expect_eq(replica_views(p.far, "demo"), 450);
    clock_release(&clock);
    p.near->ops->close(p.near);
    p.far->ops->close(p.far);
    scratch_free(&p.dir);
}
