/* kill -9 while the keeper takes up a clock that was set back, or that jumped. A child
 * does it with an arena full of days, and is killed at its n-th step, for each n until it
 * comes to the end; then another process adopts the arena, at that time or at the one
 * before, and every day and the total are what was counted.
 *
 * FULL=1: every step; else one in STRIDE. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count/site_aside.h"
#include "lib/world.h"
#include "stress.h"

enum { DAY_S = 86400, HOUR_S = 3600, STRIDE = 23, DAYS = 4 };

static struct world w;
static int64_t day[DAYS + 1];
static uint64_t counted[DAYS + 1];

static long seams_left;

static void kill_at_the_last(const char *where)
{
    (void)where;
    if (seams_left-- == 0)
        kill(getpid(), SIGKILL);
}

static void views(unsigned index, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        (void)world_view(&w, "a", i % 5);
    day[index] = w.now.ms / 1000 / DAY_S;
    counted[index] += n;
}

static void go(int64_t seconds)
{
    w.now = instant_after(w.now, seconds);
    world_ticks(&w, 6);
}

/* Three days, one of which is 80 days after another, and the fourth not over. */
static void fill(void)
{
    memset(counted, 0, sizeof counted);
    world_open(&w, 4, "[site a]\ntimezone = UTC\n", world_time("2026-05-10 20:00:00"));
    views(0, 3);
    go(2 * HOUR_S);
    views(0, 2);
    go(DAY_S);
    views(1, 7);
    go(79 * DAY_S);
    views(2, 4);
    go(DAY_S);
    views(3, 6);
    go(5 * HOUR_S);
    day[4] = day[3];
}

static void compare(const char *what, int64_t step, long n)
{
    const struct site *s = world_site(&w, "a");
    uint64_t total = world_metric(&w, "a", SPAN_TOTAL, METRIC_VIEWS), sum = 0;

    for (unsigned i = 0; i <= DAYS; i++) {
        struct site_numbers of;
        uint64_t want = counted[i];

        if (i == DAYS && counted[i] == 0)
            continue;
        for (unsigned j = 0; j <= DAYS; j++)
            want += j != i && day[j] == day[i] ? counted[j] : 0;
        site_kept_day(s, day[i], &of);
        CHECK(of.metric[METRIC_VIEWS] == want,
              "%s by %ld h, step %ld: day %u has %lu of %lu", what, (long)step / HOUR_S,
              n, i, (unsigned long)of.metric[METRIC_VIEWS], (unsigned long)want);
        CHECK(of.metric[METRIC_VISITORS] <= of.metric[METRIC_VIEWS],
              "%s by %ld h, step %ld: day %u has %lu visitors, %lu views", what,
              (long)step / HOUR_S, n, i, (unsigned long)of.metric[METRIC_VISITORS],
              (unsigned long)of.metric[METRIC_VIEWS]);
        sum += counted[i];
    }
    CHECK(total == sum, "%s by %ld h, step %ld: %lu of %lu in total", what,
          (long)step / HOUR_S, n, (unsigned long)total, (unsigned long)sum);
}

/* True: it came to its end first. */
static bool killed_at(int64_t step, long n)
{
    struct instant then = instant_after(w.now, step);
    pid_t child = fork();
    int status;

    if (child == 0) {
        seams_left = n;
        hits_seam = kill_at_the_last;
        if (step < 0)
            world_set_back(&w, then);
        w.now = then;
        world_ticks(&w, 6);
        _exit(0);
    }
    (void)waitpid(child, &status, 0);
    return WIFEXITED(status);
}

static void sweep(int64_t step, bool hits_meanwhile)
{
    long stride = number_from("FULL", 0) != 0 ? 1 : STRIDE, steps = 0;
    bool ended = false;

    for (long n = 0; !ended; n += stride, steps++) {
        struct instant before;

        fill();
        before = w.now;
        if (hits_meanwhile) { /* that nothing can date, between begin and finish */
            w.now = instant_after(before, step);
            (void)registry_set_back(w.registry, w.now, false);
            views(DAYS, 3);
            w.now = before;
        }
        ended = killed_at(step, n);
        world_restart(&w, instant_after(before, n % 2 == 0 || hits_meanwhile ? step : 0));
        world_ticks(&w, 6);
        compare("adopted", step, n);
        world_restart(&w, instant_after(before, HOUR_S));
        go(100 * (int64_t)DAY_S);
        compare("later", step, n);
        world_close(&w);
    }
    printf("%ld h%s: %ld kills\n", (long)step / HOUR_S,
           hits_meanwhile ? ", with hits meanwhile" : "", steps - 1);
}

int main(void)
{
    sweep(-HOUR_S, false);
    sweep(-7 * HOUR_S, false);
    sweep(-26 * HOUR_S, false);
    sweep(-26 * HOUR_S, true);
    sweep(-80 * (int64_t)DAY_S, false);
    sweep(-365 * (int64_t)DAY_S, false);
    sweep(80 * (int64_t)DAY_S, false);
    sweep(365 * (int64_t)DAY_S, false);
    return stress_end();
}
