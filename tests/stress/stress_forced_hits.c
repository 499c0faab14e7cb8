/* Forced schedules of count/hits: one thread plays workers, keeper and reader, and the
 * seam before each CAS and each store of the keeper is where another one gets its turn.
 * So every run is the same run, and the mutants NO_GRACE and NO_FLOOR must fail. Killed
 * is played by leaving an operation at its k-th seam by longjmp, for every k: the arena
 * then is what kill -9 leaves. */
#include <setjmp.h>
#include <string.h>

#include "count/hits.h"
#include "count/turn.h"
#include "stress/stress.h"

enum { Q0 = 1950000, S0 = Q0 * QUARTER_SLOTS, WORKERS = 3 };

static struct world {
    struct hits hits;
    struct turns turns;
    struct grace grace;
    bool waiting;           /* the keeper waits for grace */
    struct hit_count added; /* what total must be         */
    int64_t now;
} world;

static struct hits *const hits = &world.hits;

static void world_begin(int64_t now)
{
    memset(&world, 0, sizeof world);
    hits_seam = NULL;
    hits_init(hits, now);
    world.now = now;
}

static struct turn_line *worker(int i)
{
    return &world.turns.line[i];
}

static void added(uint32_t visits, uint32_t views)
{
    world.added.visits += visits;
    world.added.views += views;
}

/* A whole turn of worker i with one hit. */
static void hit(int i, int64_t slot, uint32_t views)
{
    bool late;

    turn_begin(worker(i));
    hits_add(hits, hits_date(slot, world.now, hits_floor(hits), &late), 1, views);
    added(1, views);
    turn_end(worker(i));
}

/* A keeper's tick as in the daemon: it looks whether its grace is over, and never
 * waits. */
static void tick(void)
{
    int64_t until = hits_closable(hits, world.now);

    hits_assign(hits, world.now);
    if (!world.waiting && until > atomic_load(&hits->rolled_q)) {
        hits_close_begin(hits, until);
        grace_begin(&world.grace, &world.turns, WORKERS);
        world.waiting = true;
    }
    if (world.waiting && grace_is_over(&world.grace, &world.turns)) {
        hits_close_finish(hits);
        world.waiting = false;
    }
}

static void expect_total(const char *when)
{
    struct hit_count total = hits_total(hits);

    CHECK(total.visits == world.added.visits && total.views == world.added.views,
          "%s: %lu visits, %lu views, added %lu, %lu", when, total.visits, total.views,
          world.added.visits, world.added.views);
}

static void expect_quarter(int64_t q, uint64_t views)
{
    CHECK(hits_quarter(hits, q).views == views, "quarter %+ld: %lu views, not %lu",
          q - Q0, hits_quarter(hits, q).views, views);
}

/* --- A worker stopped inside its turn --- */

static void quarter_stays_open_for_who_dated_into_it(void)
{
    bool late;
    int64_t slot;

    world_begin(S0);
    turn_begin(worker(0));
    slot = hits_date(S0, S0, hits_floor(hits), &late);
    for (world.now = S0; world.now < S0 + 450; world.now += 5) {
        tick();
        CHECK(atomic_load(&hits->rolled_q) == Q0, "closed over a worker that is inside");
    }
    hits_add(hits, slot, 1, 7);
    added(1, 7);
    turn_end(worker(0));
    expect_quarter(Q0, 7);
    tick();
    tick();
    CHECK(atomic_load(&hits->rolled_q) > Q0, "not closed after the turn");
    expect_quarter(Q0, 7);
    expect_total("after the turn");
}

static void keeper_for_an_hour(const char *where)
{
    if (strcmp(where, "add") != 0)
        return;
    hits_seam = NULL;
    for (int i = 0; i < 60; i++, world.now += 5)
        tick();
}

static void quarter_stays_open_for_who_is_before_its_cas(void)
{
    world_begin(S0);
    hit(1, S0, 3);
    hits_seam = keeper_for_an_hour;
    hit(0, S0, 7);
    expect_quarter(Q0, 10);
    expect_total("after the CAS");
    tick();
    tick();
    expect_quarter(Q0, 10);
    expect_total("closed");
}

static void two_hours_pass_while_a_worker_is_inside(void)
{
    int64_t slot;
    bool late;

    world_begin(S0);
    hit(1, S0 + 10, 5);
    turn_begin(worker(0));
    slot = hits_date(S0 + 10, S0 + 10, hits_floor(hits), &late);
    for (world.now = S0 + 10; world.now < S0 + 800; world.now += 10) {
        hit(1, world.now, 2);
        tick();
        expect_total("while it is inside");
    }
    CHECK(atomic_load(&hits->overrun_views) > 0,
          "a lap was taken over that is not saved");
    CHECK(atomic_load(&hits->rolled_q) == Q0, "closed over a worker that is inside");
    hits_add(hits, slot, 1, 7);
    added(1, 7);
    turn_end(worker(0));
    expect_quarter(Q0, 5 + 7 + 2 * 7);
    expect_total("it came back");
    for (int i = 0; i < 3; i++)
        tick();
    CHECK(atomic_load(&hits->rolled_q) == world.now / QUARTER_SLOTS - 1, "not closed");
    expect_quarter(Q0, 5 + 7 + 2 * 7);
    expect_total("closed");
}

static void worker_begins_while_the_floor_rises(const char *where)
{
    if (strcmp(where, "floor") == 0)
        turn_begin(worker(0));
}

static void turn_that_began_before_the_floor_is_waited_for(void)
{
    int64_t floor_q;
    bool late;

    world_begin(S0);
    world.now = S0 + 200;
    floor_q = hits_floor(hits); /* all that its turn reads, it reads before the store */
    hits_seam = worker_begins_while_the_floor_rises;
    tick();
    hits_seam = NULL;
    CHECK(atomic_load(&hits->rolled_q) == Q0, "closed over a worker that is inside");
    hits_add(hits, hits_date(S0, S0 + 74, floor_q, &late), 1, 9);
    added(1, 9);
    turn_end(worker(0));
    tick();
    tick();
    expect_quarter(Q0, 9);
    expect_total("closed");
}

static void worker_whose_clock_is_behind_does_not_date_below_the_floor(void)
{
    int64_t behind = S0 + 20;
    bool late;

    world_begin(S0);
    hit(1, S0 + 1, 3);
    world.now = S0 + 200;
    tick();
    tick();
    CHECK(atomic_load(&hits->rolled_q) == Q0 + 1, "not closed");
    turn_begin(worker(0)); /* it read its clock before it was stopped for 40 min */
    hits_add(hits, hits_date(behind, behind, hits_floor(hits), &late), 1, 8);
    added(1, 8);
    turn_end(worker(0));
    expect_quarter(Q0, 3);
    expect_quarter(Q0 + 1, 8);
    expect_total("after it");
}

/* --- Two at one word --- */

static int64_t other_slot;

static void other_worker_is_first(const char *where)
{
    if (strcmp(where, "add") != 0)
        return;
    hits_seam = NULL;
    hit(1, other_slot, 4);
}

static void two_workers_at_one_word(void)
{
    world_begin(S0);
    hits_seam = other_worker_is_first;
    other_slot = S0;
    hit(0, S0, 9); /* both at a word never used */
    expect_quarter(Q0, 13);
    hits_seam = other_worker_is_first;
    hit(0, S0, 9); /* both at a word of their lap */
    expect_quarter(Q0, 26);
    expect_total("same lap");
    world.now = S0 + RING_SLOTS;
    tick();
    hits_seam = other_worker_is_first;
    other_slot = S0 + RING_SLOTS;
    hit(0, S0 + RING_SLOTS, 9); /* both take the old lap over */
    expect_quarter(Q0, 26);
    expect_quarter(Q0 + 8, 13);
    expect_total("take-over");
}

static void keeper_clears_the_word_first(const char *where)
{
    if (strcmp(where, "add") != 0)
        return;
    hits_seam = NULL;
    tick();
}

static void clearing_against_taking_over(void)
{
    world_begin(S0);
    hit(1, S0, 3);
    world.now = S0 + 6 * QUARTER_SLOTS + LATE_SLOTS;
    tick(); /* closed to Q0 + 5 */
    world.now = S0 + RING_SLOTS;
    hits_seam = keeper_clears_the_word_first; /* waits: we are inside, and closes later */
    hit(0, S0 + RING_SLOTS, 5);
    tick();
    tick();
    expect_quarter(Q0, 3);
    expect_quarter(Q0 + 8, 5);
    expect_total("worker before keeper");
}

static void worker_takes_the_word_first(const char *where)
{
    if (strcmp(where, "clear") != 0)
        return;
    hits_seam = NULL;
    hit(0, S0 + RING_SLOTS, 5);
}

static void taking_over_against_clearing(void)
{
    world_begin(S0);
    hit(1, S0, 3);
    world.now = S0 + RING_SLOTS + 10;
    hits_seam = worker_takes_the_word_first;
    tick();
    CHECK(hits_seam == NULL, "nothing was cleared");
    expect_quarter(Q0, 3);
    expect_quarter(Q0 + 8, 5);
    expect_total("keeper before worker");
}

/* --- At every instant, and killed at every instant --- */

static unsigned long seams;

static void total_is_exact(const char *where)
{
    seams++;
    if (strcmp(where, "overrun between") != 0)
        expect_total(where);
}

static void total_is_exact_at_every_step(void)
{
    uint64_t random = 1;

    world_begin(S0);
    hits_seam = total_is_exact;
    for (int i = 0; i < 1000; i++) {
        uint64_t what = random_below(&random, 1000);

        hit((int)random_below(&random, WORKERS),
            world.now - (int64_t)random_below(&random, 90), 1 + i % 5);
        world.now += what < 900   ? (int64_t)random_below(&random, 20)
                     : what < 990 ? (int64_t)random_below(&random, 300)
                     : what < 996 ? (int64_t)random_below(&random, 20000)
                     : what < 999 ? -(int64_t)random_below(&random, 500)
                                  : -(int64_t)random_below(&random, 20000);
        hits_set_back_begin(hits, world.now);
        hit(0, world.now, 1);
        hits_set_back_finish(hits, world.now);
        tick();
        tick();
        if (i % 50 == 0)
            hits_fold(hits,
                      atomic_load(&hits->rolled_q) - (int64_t)random_below(&random, 9));
    }
    CHECK(seams > 4000, "only %lu seams", seams);
}

static jmp_buf killed;
static unsigned long seams_left;

static void kill_at_the_last(const char *where)
{
    (void)where;
    if (seams_left-- == 0)
        longjmp(killed, 1);
}

enum { ADOPT, CLOSE, FOLD, SET_BACK, OPERATIONS };
static const char *const operation_name[] = {"adopt", "close", "fold", "set back"};

static void operate(int operation, int64_t now)
{
    switch (operation) {
    case ADOPT:
        if (hits_check(hits, NULL) != HITS_WHOLE) {
            (void)fprintf(stderr, "a kill left a stored day that fails its check\n");
            exit(1);
        }
        hits_adopt(hits, now);
        break;
    case CLOSE:
        hits_close_begin(hits, hits_closable(hits, now));
        hits_close_finish(hits);
        break;
    case FOLD:
        hits_fold(hits, atomic_load(&hits->rolled_q));
        break;
    default:
        hits_set_back_begin(hits, now);
        hits_set_back_finish(hits, now);
    }
}

/* Half an hour of hits up to `world.now`, with the keeper at work. */
static void busy_half_hour(void)
{
    for (int i = 0; i < 150; i++, world.now++) {
        hit(i % WORKERS, world.now, 1 + (uint32_t)i % 3);
        if (i % 40 == 0)
            tick();
    }
}

/* False: it was not killed, because it came to its end first. */
static bool killed_at(int operation, int64_t now, unsigned long seam)
{
    if (setjmp(killed) != 0) {
        hits_seam = NULL;
        return true;
    }
    seams_left = seam;
    hits_seam = kill_at_the_last;
    operate(operation, now);
    hits_seam = NULL;
    return false;
}

/* `away` slots later (or earlier), killed at each seam in turn and adopted; twice in a
 * row, so adoption is killed too. */
static void killed_at_every_step(int operation, int64_t away, unsigned long stride)
{
    static struct world before;
    static volatile unsigned long seam; /* survives longjmp */

    world_begin(S0);
    busy_half_hour();
    busy_half_hour();
    before = world;
    for (seam = 0;; seam += stride) {
        bool last;

        world = before;
        world.now += away;
        last = !killed_at(operation, world.now, seam);
        expect_total(operation_name[operation]);
        (void)killed_at(ADOPT, world.now, seam / 2);
        expect_total("killed in adoption");
        turns_reset(&world.turns);
        hits_adopt(hits, world.now);
        expect_total("adopted");
        if (away >= 0 &&
            away < 30 * 7200) /* later, those quarters are stored days only */
            CHECK(hits_sum(hits, Q0, Q0 + 4, true).views == world.added.views,
                  "%s %ld: the series lost some", operation_name[operation], away);
        busy_half_hour();
        expect_total("half an hour later");
        CHECK(atomic_load(&hits->overrun_views) == 0 || away < 0, "overrun");
        if (last)
            break;
    }
}

int main(void)
{
    quarter_stays_open_for_who_dated_into_it();
    quarter_stays_open_for_who_is_before_its_cas();
    two_hours_pass_while_a_worker_is_inside();
    turn_that_began_before_the_floor_is_waited_for();
    worker_whose_clock_is_behind_does_not_date_below_the_floor();
    two_workers_at_one_word();
    clearing_against_taking_over();
    taking_over_against_clearing();
    total_is_exact_at_every_step();
    killed_at_every_step(ADOPT, 10, 1);
    killed_at_every_step(ADOPT, 700, 1);
    killed_at_every_step(ADOPT, 171 * 7200, 70001);
    killed_at_every_step(CLOSE, 300, 1);
    killed_at_every_step(CLOSE, 40 * 7200, 5003);
    killed_at_every_step(FOLD, 10, 1);
    killed_at_every_step(SET_BACK, -200, 1);
    killed_at_every_step(SET_BACK, -20 * 7200, 1);
    return stress_end();
}
