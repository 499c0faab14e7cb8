/* How wrong is the matrix, and what does it cost?
 *
 * For n visitors inside one window: root mean square and mean of the relative error over
 * independent matrices, beside the theory's 0.649/sqrt(4096) for large n; how often the
 * rounded number is exactly right. Then nanoseconds an add and microseconds a query.
 * FULL=1 takes ten times the repetitions. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "count/distinct.h"

enum { SLOT = 1000000, WINDOW = 25, ADDS = 40000000, QUERIES = 2000 };

static uint64_t next_fp(uint64_t *seed) /* splitmix64 */
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (z ^ z >> 31) & 0xfffffffffff;
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void measure_accuracy(struct distinct *d, uint64_t n, unsigned runs,
                             uint64_t *seed)
{
    double sum = 0, squares = 0;
    unsigned right = 0;

    for (unsigned run = 0; run < runs; run++) {
        double visitors, error;

        *d = (struct distinct){0};
        for (uint64_t i = 0; i < n; i++)
            distinct_add(d, next_fp(seed), SLOT);
        visitors = distinct_estimate(d, SLOT, WINDOW);
        error = 100 * (visitors / (double)n - 1);
        sum += error;
        squares += error * error;
        right += (uint64_t)llround(visitors) == n;
    }
    printf("%10" PRIu64 " %8u %9.3f +-%5.3f %9.3f +-%5.3f %9.1f %%\n", n, runs,
           sqrt(squares / runs), sqrt(squares / runs) / sqrt(2.0 * runs), sum / runs,
           sqrt(squares / runs / runs), 100.0 * right / runs);
    fflush(stdout);
}

static void measure_add(struct distinct *d, const char *name, bool same_slot,
                        uint64_t visitors)
{
    static uint64_t fp[1 << 16];
    uint64_t seed = 7;
    double began, hashing;

    for (unsigned i = 0; i < 1 << 16; i++)
        fp[i] = next_fp(&seed) % visitors * 0x9e3779b97f4a7c15 & 0xfffffffffff;
    *d = (struct distinct){0};
    began = seconds();
    for (unsigned i = 0; i < ADDS; i++)
        distinct_add(d, fp[i & 0xffff], same_slot ? SLOT : SLOT + i / 100000);
    hashing = (seconds() - began) / ADDS * 1e9;
    printf("add, %-42s %6.2f ns\n", name, hashing);
}

static void measure_queries(struct distinct *d)
{
    const int64_t windows[] = {25, 300, 3600, 7200, 20000, DISTINCT_WINDOW_MAX};
    double visitors[6], began, sum = 0;
    uint64_t seed = 9;

    *d = (struct distinct){0};
    for (unsigned i = 0; i < 1000000; i++)
        distinct_add(d, next_fp(&seed), SLOT - 50000 + i / 20);
    began = seconds();
    for (unsigned i = 0; i < QUERIES; i++)
        sum += distinct_estimate(d, SLOT, 20000);
    printf("query, one window %30s %6.2f us\n", "", (seconds() - began) / QUERIES * 1e6);
    began = seconds();
    for (unsigned i = 0; i < QUERIES; i++) {
        distinct_estimates(d, SLOT, windows, 6, visitors);
        sum += visitors[5];
    }
    printf("query, six windows in one scan %17s %6.2f us\n", "",
           (seconds() - began) / QUERIES * 1e6);
    began = seconds();
    for (unsigned i = 0; i < QUERIES; i++)
        distinct_sweep(d, SLOT);
    printf("sweep %42s %6.2f us\n", "", (seconds() - began) / QUERIES * 1e6);
    if (sum < 0)
        puts("");
}

static void measure_solve(void)
{
    uint32_t occupied[DISTINCT_RANKS];
    double began = seconds(), sum = 0;

    for (unsigned i = 0; i < 200000; i++) {
        for (unsigned r = 0; r < DISTINCT_RANKS; r++) {
            double q = ldexp(1, -(int)(r < DISTINCT_RANKS - 1 ? r + 1 : r));

            occupied[r] = (uint32_t)(DISTINCT_BUCKETS * -expm1(-(20 + i % 1000) * q));
        }
        if (i == 0)
            began = seconds();
        sum += distinct_solve(occupied, DISTINCT_RANKS, DISTINCT_BUCKETS);
    }
    printf("solve, with %d expm1 for its input %15s %6.2f us\n", DISTINCT_RANKS, "",
           (seconds() - began) / 200000 * 1e6);
    if (sum < 0)
        puts("");
}

int main(void)
{
    static const struct {
        uint64_t n;
        unsigned runs;
    } rows[] = {{10, 20000},    {84, 20000},     {1000, 10000},  {10000, 10000},
                {100000, 5000}, {1000000, 1000}, {10000000, 120}};
    const char *full = getenv("FULL");
    unsigned times = full != NULL && full[0] == '1' ? 10 : 1;
    struct distinct *d = calloc(1, sizeof *d);
    uint64_t seed = 20261123;

    if (d == NULL)
        return 1;
    printf("4,096 buckets x 20 ranks; theory for large n: %.3f %%\n\n",
           100 * 0.64914 / sqrt(DISTINCT_BUCKETS));
    printf("%10s %8s %17s %17s %11s\n", "visitors", "runs", "RMSE %", "bias %", "exact");
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        measure_accuracy(d, rows[i].n, rows[i].runs * times, &seed);
    puts("");
    measure_add(d, "65,536 visitors again in the same slot", true, UINT64_MAX);
    measure_add(d, "65,536 visitors, a new slot each 100,000", false, UINT64_MAX);
    measure_add(d, "84 visitors again in the same slot", true, 84);
    measure_queries(d);
    measure_solve();
    free(d);
    return 0;
}
