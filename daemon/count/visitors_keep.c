/* What the keeper does to a table of visitors: backing its parts, filling the matrix when
 * the table's end comes near, scanning windows, recording estimates, adopting it after a
 * kill; and what anyone reads of it. Growing itself is the writers' (visitors.c).
 * Everything here may be late, run twice, or be killed inside. */
#include <assert.h>
#include <math.h>

#include "count/visitors.h"
#include "count/visitors_inner.h"

enum {
    PART_2_FROM = 32,        /* words: early, because part 1 is not far behind  */
    SCANS_MAX = 8,           /* windows in one scan                             */
    DAY_SETTLED_SLOTS = 300, /* 1 h into a day nobody dates into the one before */
    FILL_NONE = 0,
    FILL_BEGUN = 1,
    FILL_DONE = 2
};

#define COUNT_BITS 40
#define COUNT_MAX  (((uint64_t)1 << COUNT_BITS) - 1)

static uint64_t words_of(const struct visitors_table *t)
{
    return atomic_load_explicit(&t->head->words, memory_order_acquire);
}

static uint32_t mode_of(const struct visitors_table *t)
{
    return atomic_load_explicit(&t->head->mode, memory_order_acquire);
}

/* The words that any writer may have used so far. */
static size_t open_end(const struct visitors_table *t)
{
    return visitors_part_start(atomic_load_explicit(&t->head->cur, memory_order_acquire) +
                               1);
}

static uint64_t tagged(uint32_t number, uint64_t count)
{
    return ((uint64_t)number + 1) << COUNT_BITS | (count < COUNT_MAX ? count : COUNT_MAX);
}

/* The count of a tally or estimate, 0 when it is another period's. */
static uint64_t count_of(const _Atomic uint64_t cells[4], uint32_t number)
{
    uint64_t cell = atomic_load_explicit(&cells[number % 4], memory_order_acquire);
    return cell >> COUNT_BITS == (uint64_t)number + 1 ? cell & COUNT_MAX : 0;
}

/* --- Growth --- */

void visitors_init(const struct visitors_table *t, int64_t base_slot)
{
    /* Before it is linked: nobody else looks. */
    atomic_store_explicit(&t->head->base_slot, base_slot, memory_order_relaxed);
    atomic_store_explicit(&t->head->ready, 2, memory_order_release);
}

bool visitors_wants_part(const struct visitors_table *t, unsigned *ret_part)
{
    unsigned ready = atomic_load_explicit(&t->head->ready, memory_order_relaxed);

    if (ready < 2 || ready >= VISITORS_PARTS)
        return false;
    uint64_t from = ready == 2 ? PART_2_FROM : visitors_part_start(ready) * 5 / 8;
    if (words_of(t) < from)
        return false;
    *ret_part = ready;
    return true;
}

void visitors_part_ready(const struct visitors_table *t, unsigned part)
{
    assert(part < VISITORS_PARTS);
    if (part == atomic_load_explicit(&t->head->ready, memory_order_relaxed))
        atomic_store_explicit(&t->head->ready, part + 1, memory_order_release);
}

/* --- Filling the matrix --- */

bool visitors_wants_filling(const struct visitors_table *t)
{
    switch (mode_of(t)) {
    case VISITORS_EXACT:
        return words_of(t) >= (uint64_t)VISITORS_WORDS / 16 * 11;
    case VISITORS_FILLING: /* adopted: what the last process filled is filled again */
        return atomic_load_explicit(&t->head->fill, memory_order_relaxed) == FILL_NONE;
    default:
        return false;
    }
}

static void clear_day(const struct visitors_table *t, uint32_t number, int64_t start)
{
    unsigned i = number % 2;

    /* A worker that has read the old number may still add one fp of the day before: 1 in
     * all its visitors. */
    atomic_store_explicit(&t->head->day_number[i], 0, memory_order_seq_cst);
    hll_clear(t->day[i]);
    atomic_store_explicit(&t->head->day_start[i], start, memory_order_relaxed);
    atomic_store_explicit(&t->head->day_number[i], number + 1, memory_order_release);
}

static bool day_is_ready(const struct visitors_table *t, uint32_t number)
{
    return atomic_load_explicit(&t->head->day_number[number % 2], memory_order_relaxed) ==
           number + 1;
}

void visitors_fill_begin(const struct visitors_table *t, const struct visit_periods *now)
{
    uint32_t today = now->number[PERIOD_DAY];

    assert(mode_of(t) != VISITORS_SKETCHED);
    if (!day_is_ready(t, today))
        clear_day(t, today, now->start[PERIOD_DAY]);
    atomic_store_explicit(&t->head->fill, FILL_BEGUN, memory_order_relaxed);
    /* seq_cst as all that a grace follows: a turn that begins after it reads FILLING. */
    atomic_store_explicit(&t->head->mode, VISITORS_FILLING, memory_order_seq_cst);
}

void visitors_fill_finish(const struct visitors_table *t, int64_t now_slot,
                          const struct visit_periods *now)
{
    int64_t base = atomic_load_explicit(&t->head->base_slot, memory_order_relaxed);
    size_t end = open_end(t);

    for (size_t i = 0; i < end; i++) {
        uint64_t word = atomic_load_explicit(&t->word[i], memory_order_acquire);
        if (!word_is_visitor(word))
            continue;
        int64_t slot = base + (int64_t)word_slot(word);
        if (now_slot - slot < DISTINCT_WINDOW_MAX)
            distinct_fill(t->matrix, word_fp(word), slot, now_slot);
        hll_add(t->month, word_fp(word));
        if (slot >= now->start[PERIOD_DAY] && day_is_ready(t, now->number[PERIOD_DAY]))
            hll_add(t->day[now->number[PERIOD_DAY] % 2], word_fp(word));
    }
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        atomic_store_explicit(&t->head->sketched_from[kind], now->number[kind],
                              memory_order_relaxed);
    atomic_store_explicit(&t->head->fill, FILL_DONE, memory_order_release);
    visitors_tick(t, now_slot, now);
}

bool visitors_wants_sketched(const struct visitors_table *t)
{
    return mode_of(t) == VISITORS_FILLING &&
           atomic_load_explicit(&t->head->fill, memory_order_relaxed) == FILL_DONE &&
           words_of(t) >= (uint64_t)VISITORS_WORDS / 4 * 3;
}

void visitors_sketched(const struct visitors_table *t)
{
    /* 3/4 of the words cannot lie in the parts before the last, and the session lines lie
     * in it. */
    assert(open_end(t) == VISITORS_WORDS);
    atomic_store_explicit(&t->head->mode, VISITORS_SKETCHED, memory_order_seq_cst);
}

/* --- Estimates --- */

static uint64_t rounded(double estimate)
{
    return estimate < (double)COUNT_MAX ? (uint64_t)llround(estimate) : COUNT_MAX;
}

static double matrix_estimate(const struct visitors_table *t, int64_t now_slot,
                              int64_t slots)
{
    if (slots <= 0)
        return 0;
    return distinct_estimate(t->matrix, now_slot,
                             slots < DISTINCT_WINDOW_MAX ? slots : DISTINCT_WINDOW_MAX);
}

static void record_estimate(_Atomic uint64_t cells[4], uint32_t number, uint64_t estimate)
{
    if (count_of(cells, number) < estimate) /* only the keeper writes it */
        atomic_store_explicit(&cells[number % 4], tagged(number, estimate),
                              memory_order_release);
}

/* A period that holds all of the key's life is the month's HyperLogLog; a shorter one is
 * a window of the matrix. The last hour of a week of 169 hours is neither: its number
 * stays. */
static void record_estimates(const struct visitors_table *t, int64_t now_slot,
                             const struct visit_periods *now)
{
    int64_t base = atomic_load_explicit(&t->head->base_slot, memory_order_relaxed);

    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++) {
        int64_t slots = now_slot - now->start[kind] + 1;
        if (now->start[kind] <= base + 1)
            record_estimate(t->head->estimate[kind], now->number[kind],
                            rounded(hll_estimate(t->month)));
        else if (slots <= DISTINCT_WINDOW_MAX)
            record_estimate(t->head->estimate[kind], now->number[kind],
                            rounded(matrix_estimate(t, now_slot, slots)));
    }
}

void visitors_tick(const struct visitors_table *t, int64_t now_slot,
                   const struct visit_periods *now)
{
    uint32_t today = now->number[PERIOD_DAY];

    if (mode_of(t) == VISITORS_EXACT)
        return;
    /* false: the daemon was away when it should have been readied. */
    if (!day_is_ready(t, today)) {
        clear_day(t, today, now->start[PERIOD_DAY]);
        distinct_sweep(t->matrix, now_slot);
    }
    atomic_store_explicit(&t->head->day_start[today % 2], now->start[PERIOD_DAY],
                          memory_order_relaxed);
    if (now_slot - now->start[PERIOD_DAY] >= DAY_SETTLED_SLOTS &&
        !day_is_ready(t, today + 1)) {
        clear_day(t, today + 1, 0);
        distinct_sweep(t->matrix, now_slot);
    }
    if (mode_of(t) == VISITORS_SKETCHED ||
        atomic_load_explicit(&t->head->fill, memory_order_relaxed) == FILL_DONE)
        record_estimates(t, now_slot, now);
}

/* --- Scans --- */

/* Words younger than a threshold, for each window. Slots are taken out of a block of
 * words first: what is then compared is plain memory, which the compiler does four at a
 * time. */
static void scan_words(const struct visitors_table *t, const uint64_t *after, size_t n,
                       uint64_t *counts)
{
    enum { BLOCK = 64 }; /* every part is a multiple of it */
    size_t end = open_end(t);
    int32_t slot[BLOCK];

    for (size_t at = 0; at < end; at += BLOCK) {
        for (size_t i = 0; i < BLOCK; i++) {
            /* Relaxed: a number of words, nothing is read behind them. */
            uint64_t word = atomic_load_explicit(&t->word[at + i], memory_order_relaxed);
            slot[i] = word == WORD_SEALED ? 0 : (int32_t)word_slot(word);
        }
        for (size_t window = 0; window < n; window++) {
            int32_t least =
                        (int32_t)(after[window] < SLOT_LAST ? after[window] : SLOT_LAST),
                    count = 0;
            for (size_t i = 0; i < BLOCK; i++)
                count += slot[i] > least;
            counts[window] += (uint64_t)count;
        }
    }
}

void visitors_windows(const struct visitors_table *t, int64_t now_slot,
                      const int64_t *slots, size_t n, struct visitors_scan *ret_scans)
{
    int64_t base = atomic_load_explicit(&t->head->base_slot, memory_order_relaxed);
    /* Acquire, and before the scan: who is in this number is seen by the scan too. */
    uint64_t joins = atomic_load_explicit(&t->head->joins, memory_order_acquire);
    bool sketched = mode_of(t) == VISITORS_SKETCHED;
    uint64_t after[SCANS_MAX] = {0}, counts[SCANS_MAX] = {0};

    assert(n <= SCANS_MAX);
    for (size_t i = 0; i < n; i++) {
        int64_t relative = now_slot - slots[i] - base;
        after[i] = relative > 0 ? (uint64_t)relative : 0; /* an empty word's slot is 0 */
        if (sketched)
            counts[i] = rounded(matrix_estimate(t, now_slot, slots[i]));
    }
    if (!sketched)
        scan_words(t, after, n, counts);
    bool exact =
        !sketched && atomic_load_explicit(&t->head->unplaced, memory_order_relaxed) == 0;
    for (size_t i = 0; i < n; i++)
        ret_scans[i] =
            (struct visitors_scan){.count = counts[i], .joins = joins, .exact = exact};
}

struct visitors_scan visitors_window(const struct visitors_table *t, int64_t now_slot,
                                     int64_t slots)
{
    struct visitors_scan scan;
    visitors_windows(t, now_slot, &slots, 1, &scan);
    return scan;
}

/* --- Adoption --- */

void visitors_adopt(const struct visitors_table *t,
                    void (*periods_at)(void *context, int64_t slot,
                                       struct visit_periods *ret),
                    void *context, bool jumped)
{
    int64_t base = atomic_load_explicit(&t->head->base_slot, memory_order_relaxed);
    size_t end = open_end(t);
    uint64_t words = 0, youngest = 0;

    for (size_t i = 0; i < end; i++) {
        uint64_t word = atomic_load_explicit(&t->word[i], memory_order_relaxed);
        if (!word_is_visitor(word))
            continue;
        words++;
        if (word_slot(word) > youngest)
            youngest = word_slot(word);
    }
    atomic_store_explicit(&t->head->words, words, memory_order_relaxed);
    if (mode_of(t) == VISITORS_FILLING)
        atomic_store_explicit(&t->head->fill, FILL_NONE, memory_order_relaxed);
    if (mode_of(t) == VISITORS_SKETCHED || youngest == 0)
        return; /* sketched: the words no longer are all of a period's visitors */

    struct visit_periods p;
    uint64_t after[PERIOD_KINDS], counts[PERIOD_KINDS] = {0};
    periods_at(context, base + (int64_t)youngest, &p);
    /* A day's first slot, and the table's, is where who came on days to come is parked. */
    if (jumped && (youngest == 1 || base + (int64_t)youngest == p.start[PERIOD_DAY]))
        return;
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        after[kind] = p.start[kind] > base ? (uint64_t)(p.start[kind] - base - 1) : 0;
    for (unsigned kind = 0; jumped && kind <= PERIOD_DAY; kind++)
        if (p.start[kind] <= base || p.start[kind] == p.start[PERIOD_DAY])
            after[kind]++;
    scan_words(t, after, PERIOD_KINDS, counts);
    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        atomic_store_explicit(&t->head->tally[kind][p.number[kind] % 4],
                              tagged(p.number[kind], counts[kind]), memory_order_release);
}

/* --- Reading --- */

uint64_t visitors_of_period(const struct visitors_table *t, enum period_kind kind,
                            uint32_t number, bool *ret_exact)
{
    uint64_t tally = count_of(t->head->tally[kind], number);
    bool placed = atomic_load_explicit(&t->head->unplaced, memory_order_relaxed) == 0;

    if (mode_of(t) != VISITORS_SKETCHED) {
        *ret_exact = placed;
        return tally;
    }
    uint64_t estimate = count_of(t->head->estimate[kind], number);
    if (number <
        atomic_load_explicit(&t->head->sketched_from[kind], memory_order_relaxed)) {
        *ret_exact = placed;
        return tally; /* it closed while the table was exact */
    }
    *ret_exact = false;
    return tally > estimate ? tally : estimate;
}

static void hll_of_words(const struct visitors_table *t, int64_t since_slot,
                         struct hll *ret_hll)
{
    int64_t base = atomic_load_explicit(&t->head->base_slot, memory_order_relaxed);
    size_t end = open_end(t);

    for (size_t i = 0; i < end; i++) {
        uint64_t word = atomic_load_explicit(&t->word[i], memory_order_relaxed);
        if (word_is_visitor(word) && base + (int64_t)word_slot(word) >= since_slot)
            hll_add(ret_hll, word_fp(word));
    }
}

/* Merges the days from the latest one that reaches back to since_slot; false when none
 * does. */
static bool hll_of_days(const struct visitors_table *t, int64_t since_slot,
                        struct hll *ret_hll)
{
    int64_t start[2], from = 0;

    for (unsigned i = 0; i < 2; i++) {
        start[i] = atomic_load_explicit(&t->head->day_start[i], memory_order_relaxed);
        if (start[i] != 0 && start[i] <= since_slot && start[i] > from)
            from = start[i];
    }
    for (unsigned i = 0; i < 2 && from != 0; i++)
        if (start[i] >= from)
            hll_merge(ret_hll, t->day[i]);
    return from != 0;
}

void visitors_hll(const struct visitors_table *t, int64_t since_slot, struct hll *ret_hll)
{
    hll_clear(ret_hll);
    if (mode_of(t) != VISITORS_SKETCHED)
        hll_of_words(t, since_slot, ret_hll);
    else if (!hll_of_days(t, since_slot, ret_hll))
        hll_merge(ret_hll, t->month);
}
