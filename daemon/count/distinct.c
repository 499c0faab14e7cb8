/* The matrix of last-seen slots.
 *
 * A visitor falls into one cell for ever: bucket j by 12 bits of the fingerprint, rank r
 * by the trailing zeros of the rest, so a visitor is in rank r with probability q_r =
 * 2^-(r+1), and in the last rank with 2^-(R-1).
 *
 *             bucket 0 ............... 4095
 *   rank  0   [slot16][slot16] ...            half of all visitors
 *   rank  1   [slot16] ...                    a quarter
 *     ...
 *   rank 19   ...                             one in 524,288
 *
 * A cell holds the low 16 bits of the slot in which somebody was last seen there; 0 is
 * nobody.
 *
 * The cells that are younger than a window are exactly the bitmap that Flajolet and
 * Martin's PCSA (1985) would have built from that window alone, so one structure answers
 * every window.
 *
 * The estimate is the maximum of the Poisson likelihood. With x visitors a bucket, a cell
 * of rank r is set with probability 1 - e^(-x q_r). With K_r cells set and E_r = m - K_r
 * empty:
 *
 *   log L(x) = sum K_r ln(1 - e^(-x q_r)) - E_r x q_r
 *   its derivative is zero where   g(x) = sum K_r q_r / (e^(x q_r) - 1) = a = sum E_r q_r
 *
 * Newton on ln g - ln a over y = ln x converges in 3 to 4 steps. q doubles from a rank to
 * the one below it and expm1(2t) = expm1(t) (expm1(t) + 2), so a step needs one expm1.
 * The Fisher information is pi^2 / (6 ln 2) a bucket, hence a relative standard error of
 * sqrt(6 ln 2 / pi^2) / sqrt(m) = 0.649 / sqrt(4096) = 1.01 % for large n, and less below
 * m; the bias is below 0.05 %. Full accuracy up to some 130 M visitors. For small n a
 * rule of its own (the integer n >= K with the most likely number of collisions) is
 * exactly right no more often up to n = 100 (99.7 % at 10, 76 % at 84), and is biased by
 * up to -0.6 %: so there is none.
 *
 * Ages are 16-bit differences. 65,536 slots are 9.1 days; 7 days are counted, 2 hours are
 * allowed for cells dated after now, and the sweep has the other 50 hours. A slot whose
 * low 16 bits are 0 is stored as 1: 12 s late, once in 9 days.
 *
 * Writers race with plain stores on purpose: a cell is one aligned 16-bit atomic, so
 * nothing tears, and a writer that was delayed between its load and its store can make a
 * cell older by at most its delay. */
#include "count/distinct.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    BUCKET_BITS = 12,
    STEPS_MAX = 100,     /* of Newton; 4 in practice, 30 from absurd input */
    NOBODY = UINT16_MAX, /* the age of an empty cell: beyond any window    */
};

static_assert(1 << BUCKET_BITS == DISTINCT_BUCKETS, "a bucket is a number of bits");
static_assert(sizeof(struct distinct) == 163840, "the arena's layout depends on it");
static_assert(DISTINCT_WINDOW_MAX + 14400 + DISTINCT_AHEAD < UINT16_MAX,
              "a cell swept every 48 h never looks like one dated after now");

static _Atomic uint16_t *cell_of(struct distinct *d, uint64_t fp)
{
    uint64_t rest = fp >> BUCKET_BITS | (uint64_t)1 << (DISTINCT_RANKS - 1);

    return &d->cell[__builtin_ctzll(rest)][fp & (DISTINCT_BUCKETS - 1)];
}

static uint16_t slot_word(int64_t slot)
{
    uint16_t word = (uint16_t)slot;

    return word == 0 ? 1 : word;
}

/* How many slots before `now_slot + DISTINCT_AHEAD` a cell was last seen: what is dated a
 * little after now stays small instead of wrapping to very old. */
static uint16_t word_age(uint16_t word, int64_t now_slot)
{
    return word == 0 ? NOBODY : (uint16_t)((uint16_t)(now_slot + DISTINCT_AHEAD) - word);
}

void distinct_add(struct distinct *d, uint64_t fp, int64_t slot)
{
    _Atomic uint16_t *cell = cell_of(d, fp);
    uint16_t word = slot_word(slot);
    /* Load first: a hot cell is dirtied once a slot and is not thrown between cores at
     * each hit. Only the number matters, nothing is published through it: relaxed. */
    uint16_t seen = atomic_load_explicit(cell, memory_order_relaxed);

    if (seen == word)
        return;
    if (seen != 0 && (uint16_t)(seen - word) <= DISTINCT_AHEAD)
        return; /* a late visit: somebody was here after it */
    atomic_store_explicit(cell, word, memory_order_relaxed);
}

void distinct_fill(struct distinct *d, uint64_t fp, int64_t slot, int64_t now_slot)
{
    _Atomic uint16_t *cell = cell_of(d, fp);
    uint16_t seen = atomic_load_explicit(cell, memory_order_relaxed);
    uint16_t word, age;

    if (slot > now_slot + DISTINCT_AHEAD)
        slot = now_slot + DISTINCT_AHEAD;
    if (now_slot - slot >= DISTINCT_WINDOW_MAX)
        return;
    word = slot_word(slot);
    age = word_age(word, now_slot);
    while (word_age(seen, now_slot) > age)
        if (atomic_compare_exchange_weak_explicit(cell, &seen, word, memory_order_relaxed,
                                                  memory_order_relaxed))
            return;
}

/* One rank's ages in plain memory, so that counting them is a vector loop. Four cells are
 * loaded at once: each lane of an aligned word is as whole as a load of its own would be,
 * and this is four times faster. */
static void take_ages(const _Atomic uint64_t *rank, int64_t now_slot,
                      uint16_t ret_ages[DISTINCT_BUCKETS])
{
    uint16_t now = (uint16_t)(now_slot + DISTINCT_AHEAD);

    for (unsigned i = 0; i < DISTINCT_BUCKETS / 4; i++) {
        uint64_t four = atomic_load_explicit(&rank[i], memory_order_relaxed);

        memcpy(&ret_ages[4 * i], &four, sizeof four);
    }
    for (unsigned j = 0; j < DISTINCT_BUCKETS; j++)
        ret_ages[j] = ret_ages[j] == 0 ? NOBODY : (uint16_t)(now - ret_ages[j]);
}

static uint32_t count_younger(const uint16_t ages[DISTINCT_BUCKETS], uint16_t limit)
{
    uint16_t younger = 0; /* 4,096 at most; 16 bits keep eight lanes in a vector */

    for (unsigned j = 0; j < DISTINCT_BUCKETS; j++)
        younger = (uint16_t)(younger + (ages[j] < limit));
    return younger;
}

static uint16_t window_limit(int64_t slots)
{
    if (slots <= 0)
        return 0;
    if (slots > DISTINCT_WINDOW_MAX)
        slots = DISTINCT_WINDOW_MAX;
    return (uint16_t)(slots + DISTINCT_AHEAD);
}

void distinct_estimates(const struct distinct *d, int64_t now_slot, const int64_t *slots,
                        size_t n, double *ret_visitors)
{
    uint32_t occupied[DISTINCT_WINDOWS][DISTINCT_RANKS];
    uint16_t ages[DISTINCT_BUCKETS];

    assert(n <= DISTINCT_WINDOWS);
    for (unsigned r = 0; r < DISTINCT_RANKS; r++) {
        take_ages(d->four[r], now_slot, ages);
        for (size_t i = 0; i < n; i++)
            occupied[i][r] = count_younger(ages, window_limit(slots[i]));
    }
    for (size_t i = 0; i < n; i++) {
        double visitors = distinct_solve(occupied[i], DISTINCT_RANKS, DISTINCT_BUCKETS);

        if (isinf(visitors)) {
            occupied[i][DISTINCT_RANKS - 1]--;
            visitors = distinct_solve(occupied[i], DISTINCT_RANKS, DISTINCT_BUCKETS);
        }
        ret_visitors[i] = visitors;
    }
}

double distinct_estimate(const struct distinct *d, int64_t now_slot, int64_t slots)
{
    double visitors;

    distinct_estimates(d, now_slot, &slots, 1, &visitors);
    return visitors;
}

/* A writer that stores a young slot between our load and our CAS wins. */
static void replace(_Atomic uint16_t *cell, uint16_t seen, uint16_t word)
{
    atomic_compare_exchange_strong_explicit(cell, &seen, word, memory_order_relaxed,
                                            memory_order_relaxed);
}

void distinct_sweep(struct distinct *d, int64_t now_slot)
{
    uint16_t limit = window_limit(DISTINCT_WINDOW_MAX);

    for (unsigned r = 0; r < DISTINCT_RANKS; r++)
        for (unsigned j = 0; j < DISTINCT_BUCKETS; j++) {
            _Atomic uint16_t *cell = &d->cell[r][j];
            uint16_t seen = atomic_load_explicit(cell, memory_order_relaxed);

            if (seen != 0 && word_age(seen, now_slot) >= limit)
                replace(cell, seen, 0);
        }
}

/* What a cell must hold now that was valid at last_slot: its age then plus the length of
 * the stop. A clock that went back makes what is too far after now "seen now". */
static uint16_t adopted_word(uint16_t seen, int64_t last_slot, int64_t now_slot)
{
    int64_t slot = last_slot + DISTINCT_AHEAD - word_age(seen, last_slot);

    if (now_slot - slot >= DISTINCT_WINDOW_MAX)
        return 0;
    return slot > now_slot + DISTINCT_AHEAD ? slot_word(now_slot) : seen;
}

void distinct_adopt(struct distinct *d, int64_t last_slot, int64_t now_slot)
{
    for (unsigned r = 0; r < DISTINCT_RANKS; r++)
        for (unsigned j = 0; j < DISTINCT_BUCKETS; j++) {
            _Atomic uint16_t *cell = &d->cell[r][j];
            uint16_t seen = atomic_load_explicit(cell, memory_order_relaxed);

            if (seen != 0)
                replace(cell, seen, adopted_word(seen, last_slot, now_slot));
        }
}

/* g(x) = sum K q / expm1(x q), and -x g'(x) / g(x), the slope of ln g over ln x. */
struct score {
    double g, slope;
};

static struct score score_at(double x, const uint32_t *occupied, unsigned ranks)
{
    /* Of the last rank, and of the one before. */
    double q = ldexp(1.0, -(int)(ranks - 1));
    double e = expm1(x * q);
    double g = 0, fall = 0;

    for (unsigned r = ranks; r-- > 0;) {
        double t = q / e;

        g += occupied[r] * t;
        fall += occupied[r] * t * q * (1 + 1 / e);
        if (r < ranks - 1) {
            q *= 2;
            e *= e + 2;
        }
    }
    return (struct score){g, x * fall / g};
}

/* Linear counting on the rank whose share of empty cells is nearest to 1/4. */
static double first_guess(const uint32_t *occupied, unsigned ranks, uint32_t cells)
{
    double best = INFINITY, guess = 1;

    for (unsigned r = 0; r < ranks; r++) {
        double q = ldexp(1.0, -(int)(r + 1 < ranks ? r + 1 : ranks - 1));
        double empty = (double)(cells - occupied[r]) / cells;

        if (occupied[r] == 0 || occupied[r] == cells || fabs(empty - 0.25) >= best)
            continue;
        best = fabs(empty - 0.25);
        guess = -log(empty) / q;
    }
    return guess;
}

double distinct_solve(const uint32_t *occupied, unsigned ranks, uint32_t cells)
{
    double a = 0, set = 0, y;

    assert(ranks >= 1 && ranks <= 64 && cells >= 1);
    for (unsigned r = 0; r < ranks; r++) {
        assert(occupied[r] <= cells);
        a += ldexp(cells - occupied[r], -(int)(r + 1 < ranks ? r + 1 : ranks - 1));
        set += occupied[r];
    }
    if (set == 0)
        return 0;
    if (a == 0)
        return INFINITY;
    y = log(first_guess(occupied, ranks, cells));
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        struct score s = score_at(exp(y), occupied, ranks);
        double step = s.g > 0 ? (log(s.g) - log(a)) / s.slope : -1;

        y += fmin(fmax(step, -4), 4); /* far from the root a step may be wild */
        if (fabs(step) < 1e-10)
            break;
    }
    return exp(y) * cells;
}
