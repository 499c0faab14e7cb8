/* What does counting a hit cost, and what does it cost to keep and read the counts?
 *
 * One site, one core for each thread; the best of 5 runs. hits_add is once a site, slot
 * and turn, so at 32 beacons a turn a beacon pays a 32nd of it. The clock of the keeper's
 * tick stands (nothing to store) or moves a slot each tick. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "count/hits.h"
#include "count/turn.h"

enum { S0 = 1950000 * QUARTER_SLOTS, RUNS = 5, CALLS = 2000000, THREADS = 2 };

static struct hits hits;
static struct turns turns;

static double nanoseconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void add_calls(int64_t calls)
{
    for (int64_t i = 0; i < calls; i++) {
        if (i % 1000000 == 0) /* 26 bits: do not measure overruns */
            atomic_store(&hits.ring[S0 % RING_SLOTS], 0);
        hits_add(&hits, S0, 1, 2);
    }
}

static void turn_calls(int64_t calls)
{
    for (int64_t i = 0; i < calls; i++) {
        turn_begin(&turns.line[0]);
        (void)hits_floor(&hits);
        turn_end(&turns.line[0]);
    }
}

static void *add_on_a_thread(void *arg)
{
    (void)arg;
    add_calls(CALLS);
    return NULL;
}

static void add_on_two_threads(int64_t calls)
{
    pthread_t thread[THREADS];

    (void)calls;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, add_on_a_thread, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

static volatile uint64_t sink; /* so that no read is left out */

static void total_calls(int64_t calls)
{
    for (int64_t i = 0; i < calls; i++)
        sink = hits_total(&hits).views;
}

static void today_calls(int64_t calls)
{
    int64_t q = S0 / QUARTER_SLOTS;

    for (int64_t i = 0; i < calls; i++)
        sink = hits_sum(&hits, q - 60, q + 36, false).views;
}

static void hour_calls(int64_t calls)
{
    for (int64_t i = 0; i < calls; i++)
        sink = hits_window(&hits, S0, 300).views;
}

static void week_calls(int64_t calls)
{
    for (int64_t i = 0; i < calls; i++)
        sink = hits_window(&hits, S0, 7 * 7200).views;
}

static void tick_calls(int64_t calls)
{
    for (int64_t i = 0; i < calls; i++) {
        hits_assign(&hits, S0);
        sink = (uint64_t)hits_closable(&hits, S0);
    }
}

static void moving_tick_calls(int64_t calls)
{
    int64_t now = S0;

    for (int64_t i = 0; i < calls; i++, now++) {
        hits_add(&hits, now, 1, 2);
        hits_assign(&hits, now);
        if (hits_closable(&hits, now) > atomic_load(&hits.rolled_q)) {
            hits_close_begin(&hits, hits_closable(&hits, now));
            hits_close_finish(&hits);
        }
    }
}

static void adopt_calls(int64_t calls)
{
    for (int64_t i = 0; i < calls; i++)
        hits_adopt(&hits, S0);
}

/* A site in mid-afternoon: ten days of hits, the last days folded. */
static void site_begin(void)
{
    memset(&hits, 0, sizeof hits);
    memset(&turns, 0, sizeof turns);
    hits_init(&hits, S0 - 10 * 7200);
    for (int64_t s = S0 - 10 * 7200; s < S0; s += 3) {
        hits_add(&hits, s, 1, 2);
        hits_assign(&hits, s);
        hits_close_begin(&hits, hits_closable(&hits, s));
        hits_close_finish(&hits);
    }
    hits_fold(&hits, S0 / QUARTER_SLOTS - 60);
}

static void measure(const char *what, void (*calls)(int64_t), int64_t n)
{
    double best = 0;

    for (int run = 0; run < RUNS; run++) {
        double begin, took;

        site_begin();
        begin = nanoseconds();
        calls(n);
        took = (nanoseconds() - begin) / (double)n;
        if (run == 0 || took < best)
            best = took;
    }
    printf("%-44s %8.1f\n", what, best);
    fflush(stdout);
}

int main(void)
{
    printf("%-44s %8s\n", "", "ns each");
    measure("hits_add", add_calls, CALLS);
    measure("hits_add, 2 threads at one word (each)", add_on_two_threads, CALLS);
    measure("a turn: begin, floor, end", turn_calls, CALLS);
    measure("hits_total", total_calls, CALLS / 10);
    measure("hits_sum: today, 96 quarters", today_calls, CALLS / 10);
    measure("hits_window: last hour", hour_calls, CALLS / 10);
    measure("hits_window: last 7 days", week_calls, CALLS / 100);
    measure("keeper's tick, nothing new", tick_calls, CALLS / 10);
    measure("keeper's tick, a slot later, with its hit", moving_tick_calls, CALLS / 100);
    measure("hits_adopt, nothing missed", adopt_calls, CALLS / 100);
    printf("%-44s %8zu\n", "bytes a site", sizeof(struct hits));
    return 0;
}
