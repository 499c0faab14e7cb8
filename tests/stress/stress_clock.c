/* Days are read while the keeper takes up a clock that is set forth and back over them. At
 * every instant each day has what it had, and so has the total: a saver that read a day
 * too high for a moment would keep that for ever.
 *
 * STEPS=n: more than 5,000. SEED=n. */
#include <pthread.h>
#include <sched.h>

#include "count/site_aside.h"
#include "lib/world.h"
#include "stress.h"

enum { DAY_S = 86400, HOUR_S = 3600, DAYS = 64, READERS = 2 };

static struct world w;

/* What is counted of a day: at least `low`, at most `high`. */
static struct known {
    _Atomic int64_t day; /* before `days` grows */
    _Atomic uint64_t low, high;
} known[DAYS], total;
static _Atomic unsigned days;
static _Atomic bool stopping;
static _Atomic unsigned long reads, wrong;

static void expect(const struct known *k, uint64_t low, uint64_t value, const char *what)
{
    uint64_t high = atomic_load(&k->high);

    if ((value < low || value > high) && atomic_fetch_add(&wrong, 1) < 5)
        fprintf(stderr, "%s %ld: %lu, and not %lu to %lu\n", what,
                (long)atomic_load(&k->day), (unsigned long)value, (unsigned long)low,
                (unsigned long)high);
}

static void *read_on(void *context)
{
    const struct site *s = context;

    while (!atomic_load(&stopping)) {
        unsigned n = atomic_load(&days);
        uint64_t low = atomic_load(&total.low);

        expect(&total, low, hits_total(&s->block->hits).views, "total");
        for (unsigned i = 0; i < n; i++) {
            struct site_numbers of;

            low = atomic_load(&known[i].low);
            site_kept_day(s, atomic_load(&known[i].day), &of);
            expect(&known[i], low, of.metric[METRIC_VIEWS], "day");
        }
        atomic_fetch_add(&reads, 1);
        sched_yield();
    }
    return NULL;
}

static void views(unsigned n)
{
    int64_t today = w.now.ms / 1000 / DAY_S;
    unsigned i = 0, all = atomic_load(&days);

    while (i < all && atomic_load(&known[i].day) != today)
        i++;
    if (i == DAYS)
        abort();
    atomic_store(&known[i].day, today);
    atomic_store(&days, i == all ? all + 1 : all);
    atomic_fetch_add(&known[i].high, n);
    atomic_fetch_add(&total.high, n);
    for (unsigned v = 0; v < n; v++)
        (void)world_view(&w, "a", v);
    (void)world_tick(&w); /* what no slot took is of a day then */
    atomic_fetch_add(&known[i].low, n);
    atomic_fetch_add(&total.low, n);
}

static void go_to(struct instant to)
{
    if (to.ms < w.now.ms)
        world_set_back(&w, to);
    w.now = to;
    world_ticks(&w, 6);
}

int main(void)
{
    static const int64_t far[] = {
        0,           HOUR_S,       2 * HOUR_S,  7 * HOUR_S,  12 * HOUR_S,
        DAY_S,       26 * HOUR_S,  3 * DAY_S,   36 * DAY_S,  80 * DAY_S,
        100 * DAY_S, 365 * DAY_S,  -HOUR_S,     -2 * HOUR_S, -7 * HOUR_S,
        -DAY_S,      -26 * HOUR_S, -36 * DAY_S, -80 * DAY_S, -365 * DAY_S};
    unsigned long steps = number_from("STEPS", 5000);
    uint64_t random = number_from("SEED", 1);
    struct instant home = world_time("2026-05-10 09:00:00");
    pthread_t reader[READERS];

    world_open(&w, 4, "[site a]\ntimezone = UTC\n", home);
    for (int i = 0; i < READERS; i++)
        pthread_create(&reader[i], NULL, read_on, world_site(&w, "a"));
    for (unsigned long i = 0; i < steps; i++) {
        views(1 + (unsigned)random_below(&random, 4));
        go_to(instant_after(home, far[random_below(&random, sizeof far / sizeof far[0])] +
                                      (int64_t)i));
    }
    atomic_store(&stopping, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(reader[i], NULL);
    CHECK(atomic_load(&reads) > 0, "nobody read");
    CHECK(atomic_load(&wrong) == 0, "%lu of %lu times", atomic_load(&wrong),
          atomic_load(&reads));
    printf("%lu steps, %lu times read\n", steps, atomic_load(&reads));
    world_close(&w);
    return stress_end();
}
