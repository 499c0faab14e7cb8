#include "count/distinct.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/repeat.h"

static struct distinct *matrix_new(void)
{
    struct distinct *d = calloc(1, sizeof *d);

    cr_assert_not_null(d);
    return d;
}

static void add_many(struct distinct *d, uint64_t seed, unsigned n, int64_t slot)
{
    while (n-- > 0)
        distinct_add(d, random_fp(&seed), slot);
}

static unsigned cells_set(const struct distinct *d)
{
    unsigned set = 0;

    for (unsigned r = 0; r < DISTINCT_RANKS; r++)
        for (unsigned j = 0; j < DISTINCT_BUCKETS; j++)
            set += atomic_load(&d->cell[r][j]) != 0;
    return set;
}

static bool about(double got, double want, double share)
{
    return fabs(got - want) <= want * share;
}

/* 0.649/sqrt(m) is the error for n well over m; below, collisions are fewer and the error
 * is smaller. Three standard errors of an RMSE from R runs are 3/sqrt(2R), of a mean 3
 * sigma/sqrt(R). */
static void check_accuracy(unsigned n, unsigned runs, bool large)
{
    const double sigma = 0.64914 / sqrt(DISTINCT_BUCKETS);
    struct distinct *d = matrix_new();
    double sum = 0, squares = 0, rmse, bias;

    for (unsigned run = 0; run < runs; run++) {
        double error;

        *d = (struct distinct){0};
        add_many(d, 1000003u * n + run * 0x51ed270b77u, n, 70000);
        error = distinct_estimate(d, 70000, 25) / n - 1;
        sum += error;
        squares += error * error;
    }
    rmse = sqrt(squares / runs);
    bias = sum / runs;
    cr_expect_leq(rmse, sigma * (1 + 3 / sqrt(2.0 * runs)), "n=%u rmse=%f", n, rmse);
    if (large)
        cr_expect_geq(rmse, sigma * (1 - 3 / sqrt(2.0 * runs)), "n=%u rmse=%f", n, rmse);
    cr_expect_leq(fabs(bias), 3 * sigma / sqrt(runs) + 0.0005, "n=%u bias=%f", n, bias);
    free(d);
}

Test(distinct, has_the_error_of_the_theory_for_few_visitors)
{
    check_accuracy(10, 300, false);
    check_accuracy(84, 300, false);
    check_accuracy(1000, 300, false);
}

Test(distinct, has_the_error_of_the_theory_for_many_visitors)
{
    check_accuracy(100000, 60, true);
    check_accuracy(1000000, 6, true);
}

Test(distinct, says_0_of_nobody_and_1_of_one_and_2_of_two)
{
    struct distinct *d = matrix_new();

    cr_expect_eq(distinct_estimate(d, 70000, 25), 0);
    distinct_add(d, 5, 70000);
    cr_expect_eq(lround(distinct_estimate(d, 70000, 25)), 1);
    distinct_add(d, 5, 70000);
    distinct_add(d, 5, 70001);
    cr_expect_eq(lround(distinct_estimate(d, 70001, 25)), 1);
    distinct_add(d, 6, 70001);
    cr_expect_eq(lround(distinct_estimate(d, 70001, 25)), 2);
    free(d);
}

Test(distinct, answers_every_window_from_one_matrix)
{
    struct distinct *d = matrix_new();
    const int64_t windows[] = {0, 1, 25, 300, 7200, DISTINCT_WINDOW_MAX};
    const double truth[] = {0, 100, 1100, 11100, 31100, 61100};
    double got[6];

    add_many(d, 1, 30000, 100000 - 50399);
    add_many(d, 2, 20000, 100000 - 7199);
    add_many(d, 3, 10000, 100000 - 299);
    add_many(d, 4, 1000, 100000 - 24);
    add_many(d, 5, 100, 100000);
    distinct_estimates(d, 100000, windows, 6, got);
    for (unsigned i = 0; i < 6; i++) {
        cr_expect(about(got[i], truth[i], 0.03), "window %ld: %f", (long)windows[i],
                  got[i]);
        cr_expect_eq(got[i], distinct_estimate(d, 100000, windows[i]));
    }
    free(d);
}

Test(distinct, ends_a_window_at_exactly_its_first_slot)
{
    struct distinct *d = matrix_new();

    distinct_add(d, 77, 100000 - 25); /* in slots > now - 26, not > now - 25 */
    cr_expect_eq(distinct_estimate(d, 100000, 25), 0);
    cr_expect_eq(lround(distinct_estimate(d, 100000, 26)), 1);
    distinct_add(d, 77, 100000 - 24);
    cr_expect_eq(lround(distinct_estimate(d, 100000, 25)), 1);
    free(d);
}

Test(distinct, counts_who_is_dated_a_little_after_now)
{
    struct distinct *d = matrix_new();

    add_many(d, 9, 5, 70003);
    cr_expect_eq(lround(distinct_estimate(d, 70000, 1)), 5);
    cr_expect_eq(lround(distinct_estimate(d, 70003 - DISTINCT_AHEAD, 1)), 5);
    free(d);
}

Test(distinct, keeps_the_younger_slot_when_a_visit_comes_late)
{
    struct distinct *d = matrix_new();

    distinct_add(d, 9, 70000);
    distinct_add(d, 9, 69950);
    cr_expect_eq(lround(distinct_estimate(d, 70000, 1)), 1);
    free(d);
}

/* Slots around a multiple of 65,536, where 0 is stored as 1. */
Test(distinct, counts_right_over_the_wrap_of_16_bits)
{
    const int64_t wrap = 3 * 65536;

    for (int64_t now = wrap - 3; now <= wrap + 30; now++) {
        struct distinct *d = matrix_new();
        uint64_t seed = 11;

        for (int64_t slot = now - 24; slot <= now; slot++)
            add_many(d, (uint64_t)slot, 2, slot);
        add_many(d, seed, 100, now - 27);
        cr_expect_eq(lround(distinct_estimate(d, now, 25)), 50, "now = wrap + %ld",
                     (long)(now - wrap));
        cr_expect(about(distinct_estimate(d, now, 28), 150, 0.03));
        free(d);
    }
}

Test(distinct, forgets_by_sweeping_what_would_come_back_by_the_wrap)
{
    struct distinct *swept = matrix_new(), *unswept = matrix_new();

    for (int64_t start = 65536 * 5 - 20000; start < 65536 * 6; start += 7777) {
        add_many(swept, 3, 1000, start);
        add_many(unswept, 3, 1000, start);
        for (int64_t later = 14400; later < 65536; later += 14400)
            distinct_sweep(swept, start + later);
        cr_expect_eq(cells_set(swept), 0);
        cr_expect_eq(distinct_estimate(swept, start + 65536, 25), 0);
        cr_expect(about(distinct_estimate(unswept, start + 65536, 25), 1000, 0.03),
                  "the test would see nothing");
    }
    free(swept);
    free(unswept);
}

Test(distinct, sweeps_nothing_that_a_window_still_shows)
{
    struct distinct *d = matrix_new();

    add_many(d, 3, 40, 70000);
    distinct_sweep(d, 70000 - DISTINCT_AHEAD);
    distinct_sweep(d, 70000 + DISTINCT_WINDOW_MAX - 1);
    cr_expect_eq(lround(distinct_estimate(d, 70000 + DISTINCT_WINDOW_MAX - 1,
                                          DISTINCT_WINDOW_MAX)),
                 40);
    distinct_sweep(d, 70000 + DISTINCT_WINDOW_MAX);
    cr_expect_eq(cells_set(d), 0);
    free(d);
}

Test(distinct, adopts_a_matrix_after_a_stop_of_any_length)
{
    const int64_t stops[] = {0,     1,     20,    40000,  50350,  50400,
                             65516, 65536, 65540, 200000, 5000000};

    for (unsigned i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        struct distinct *d = matrix_new();
        int64_t last = 65536 * 7 + 100, now = last + stops[i];
        long left = stops[i] + 40 < DISTINCT_WINDOW_MAX ? 50 : 0;

        left += stops[i] < DISTINCT_WINDOW_MAX ? 30 : 0;
        add_many(d, 1, 50, last - 40);
        add_many(d, 2, 30, last);
        for (unsigned again = 0; again < 2; again++) {
            distinct_adopt(d, last, now);
            cr_expect_eq(lround(distinct_estimate(d, now, DISTINCT_WINDOW_MAX)), left,
                         "stop %ld", (long)stops[i]);
        }
        free(d);
    }
}

Test(distinct, adopts_what_a_clock_that_went_back_left_in_the_future_as_seen_now)
{
    const int64_t back[] = {10, 600, 601, 30000, 65536, 70000, 1000000};

    for (unsigned i = 0; i < sizeof back / sizeof back[0]; i++) {
        struct distinct *d = matrix_new();
        int64_t last = 4000000, now = last - back[i];

        add_many(d, 1, 50, last);
        for (unsigned again = 0; again < 2; again++) {
            distinct_adopt(d, last, now);
            cr_expect_eq(lround(distinct_estimate(d, now, 25)), 50, "back %ld",
                         (long)back[i]);
        }
        free(d);
    }
}

Test(distinct, fills_with_the_younger_of_the_two)
{
    struct distinct *d = matrix_new();

    distinct_add(d, 9, 70000);
    distinct_fill(d, 9, 69000, 70000);
    cr_expect_eq(lround(distinct_estimate(d, 70000, 1)), 1,
                 "an older one changes nothing");
    distinct_add(d, 10, 60000);
    distinct_fill(d, 10, 69990, 70000);
    cr_expect_eq(lround(distinct_estimate(d, 70000, 11)), 2,
                 "a younger one moves the cell");
    distinct_fill(d, 11, 70000 - DISTINCT_WINDOW_MAX, 70000);
    distinct_fill(d, 12, 70000 - 65536, 70000);
    distinct_fill(d, 13, 70000 - 400000, 70000);
    cr_expect_eq(cells_set(d), 2, "what no window shows is not stored");
    free(d);
}

Test(distinct, fills_over_a_cell_that_is_due_to_be_swept)
{
    struct distinct *d = matrix_new();

    distinct_add(d, 9, 70000);
    distinct_fill(d, 9, 70000 + 60000, 70000 + 60001);
    cr_expect_eq(lround(distinct_estimate(d, 70000 + 60001, 2)), 1);
    free(d);
}

Test(distinct, fills_to_the_same_cells_as_adding_in_any_order)
{
    struct distinct *added = matrix_new(), *filled = matrix_new();
    uint64_t seed = 5;

    for (int64_t slot = 131000; slot <= 131200; slot++)
        add_many(added, (uint64_t)slot % 7, 200, slot);
    for (unsigned twice = 0; twice < 2; twice++)
        for (int64_t slot = 131200; slot >= 131000; slot--) {
            seed = (uint64_t)slot % 7;
            for (unsigned n = 0; n < 200; n++)
                distinct_fill(filled, random_fp(&seed), slot, 131200);
        }
    cr_expect_arr_eq((const void *)added, (const void *)filled, sizeof *added);
    free(added);
    free(filled);
}

Test(distinct, solves_nothing_to_0_and_everything_to_infinity)
{
    uint32_t none[DISTINCT_RANKS] = {0}, all[DISTINCT_RANKS];

    for (unsigned r = 0; r < DISTINCT_RANKS; r++)
        all[r] = DISTINCT_BUCKETS;
    cr_expect_eq(distinct_solve(none, DISTINCT_RANKS, DISTINCT_BUCKETS), 0);
    cr_expect(isinf(distinct_solve(all, DISTINCT_RANKS, DISTINCT_BUCKETS)));
    all[DISTINCT_RANKS - 1]--;
    cr_expect_gt(distinct_solve(all, DISTINCT_RANKS, DISTINCT_BUCKETS), 1e9);
    cr_expect(isfinite(distinct_solve(all, DISTINCT_RANKS, DISTINCT_BUCKETS)));
    cr_expect_eq(distinct_solve(none, 1, 1), 0);
}

Test(distinct, answers_a_full_matrix_with_a_finite_number)
{
    struct distinct *d = matrix_new();
    double visitors;

    for (unsigned r = 0; r < DISTINCT_RANKS; r++)
        for (unsigned j = 0; j < DISTINCT_BUCKETS; j++)
            atomic_store(&d->cell[r][j], 70000 & 0xffff);
    visitors = distinct_estimate(d, 70000, 25);
    cr_expect(isfinite(visitors));
    cr_expect_gt(visitors, 1e9);
    cr_expect_lt(visitors, 1e12);
    free(d);
}

/* g(n/m) = a, written down without the tricks of the solver. */
static double score(const uint32_t *occupied, unsigned ranks, uint32_t cells, double x)
{
    double g = 0, a = 0;

    for (unsigned r = 0; r < ranks; r++) {
        double q = pow(2, -(double)(r < ranks - 1 ? r + 1 : ranks - 1));

        g += occupied[r] * q / expm1(x * q);
        a += (cells - occupied[r]) * q;
    }
    return g / a - 1;
}

Test(distinct, solves_any_counts_to_the_root_of_the_likelihood)
{
    uint64_t seed = 42;

    for (unsigned i = 0; i < 20000; i++) {
        unsigned ranks = 1 + random_fp(&seed) % 24;
        uint32_t cells = 1u << random_fp(&seed) % 15, occupied[24];
        double n, all = 0;

        for (unsigned r = 0; r < ranks; r++) {
            uint64_t kind = random_fp(&seed) % 4;

            occupied[r] = kind == 0   ? 0
                          : kind == 1 ? cells
                                      : (uint32_t)(random_fp(&seed) % (cells + 1));
            all += occupied[r];
        }
        n = distinct_solve(occupied, ranks, cells);
        if (all == 0) {
            cr_assert_eq(n, 0);
        } else if (all == (double)ranks * cells) {
            cr_assert(isinf(n));
        } else {
            cr_assert(isfinite(n) && n > 0);
            cr_assert(score(occupied, ranks, cells, n / cells * (1 - 1e-6)) > 0 &&
                          score(occupied, ranks, cells, n / cells * (1 + 1e-6)) < 0,
                      "case %u: n=%g", i, n);
        }
    }
}
