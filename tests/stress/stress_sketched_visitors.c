/* Three writers in real turns while the keeper fills the matrix and makes the table
 * sketched.
 *
 * From before the filling the clock stands still, so what the matrix and the HyperLogLogs
 * must hold is known to the cell: the youngest slot of every visitor, whether a writer
 * stored it or the replay. One visitor that a turn hid from the replay is one cell that
 * differs. Then the switch: every visitor's visit is opened once, but for what its
 * session line had no room for. SEEDS=n: more of it. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "count/turn.h"
#include "lib/crew.h"
#include "lib/repeat.h"
#include "lib/utc_periods.h"
#include "lib/visitors_check.h"
#include "lib/visitors_memory.h"

enum {
    WRITERS = 3,
    TURN = 32,
    STILL_FROM = 345000, /* visitors: the clock stands from here on   */
    FILLED = 380000,     /* past 11/16, before 3/4: filling, compared */
    ALL = 450000,        /* past 3/4: sketched                        */
    RECENT = 4000        /* come again while they are                 */
};

static const int64_t base = (int64_t)19723 * UTC_DAY;

struct run {
    struct visitors_table table;
    struct turns turns;
    struct crew crew;
    uint64_t seed;
    _Atomic int64_t clock;
    _Atomic uint32_t next; /* the next new visitor         */
    uint32_t until;        /* of this step                 */
    _Atomic uint32_t room; /* so far the keeper keeps up   */
    _Atomic int64_t *last; /* slots and visits, by visitor */
    _Atomic uint32_t *visits;
};

static _Thread_local uint64_t chance = 1;
static _Thread_local unsigned yields; /* of 64 seams */

static void give_way(const char *where)
{
    (void)where;
    if (random_next(&chance) % 64 < yields)
        sched_yield();
}

static int failed(const struct run *r, const char *what, uint64_t is, uint64_t should)
{
    fprintf(stderr, "stress_sketched_visitors: seed %llu: %s: %llu, should be %llu\n",
            (unsigned long long)r->seed, what, (unsigned long long)is,
            (unsigned long long)should);
    return 1;
}

/* --- Writers --- */

static void hit_one(struct run *r, uint32_t visitor, int64_t slot,
                    const struct visit_periods *p)
{
    struct visitors_verdict v =
        visitors_hit(&r->table, visitors_memory_fp(visitor), slot, p);
    int64_t last = atomic_load(&r->last[visitor]);

    while (last < slot && !atomic_compare_exchange_weak(&r->last[visitor], &last, slot))
        continue;
    atomic_fetch_add(&r->visits[visitor], v.new_visit);
}

static void write_turns(void *context, unsigned member)
{
    struct run *r = context;
    struct visit_periods p;
    uint64_t random = r->seed * 8 + member + 1;
    bool more = true;

    chance = random;
    yields = (unsigned)(r->seed % 3);
    while (more) {
        turn_begin(&r->turns.line[member]);
        int64_t slot = atomic_load(&r->clock);
        utc_periods(slot, &p);
        for (unsigned i = 0; i < TURN && more; i++) {
            uint64_t x = random_next(&random);
            uint32_t next = atomic_load(&r->next);
            if ((x % 4 == 0 || next >= atomic_load(&r->room)) && next > 0) {
                uint32_t back = (uint32_t)(x >> 32) % RECENT;
                hit_one(r, back < next ? next - 1 - back : 0, slot, &p);
                continue;
            }
            next = atomic_fetch_add(&r->next, 1);
            more = next < r->until;
            if (more)
                hit_one(r, next, slot, &p);
            else
                atomic_fetch_sub(&r->next, 1);
        }
        turn_end(&r->turns.line[member]);
    }
}

/* --- The keeper --- */

static void fill(struct run *r, const struct visit_periods *p)
{
    struct grace grace;

    visitors_fill_begin(&r->table, p);
    grace_begin(&grace, &r->turns, WRITERS);
    while (!grace_is_over(&grace, &r->turns))
        sched_yield();
    visitors_fill_finish(&r->table, r->clock, p);
}

static void keep(struct run *r)
{
    bool stands = r->next >= STILL_FROM;
    struct visit_periods p;

    while (crew_is_busy(&r->crew)) {
        visitors_memory_grow(&r->table);
        if (!stands) {
            stands = r->next >= STILL_FROM;
            /* In the end everyone before is idle: session lines have room. */
            r->clock = base + 1 + r->next / 100 + (stands ? 2 * UTC_IDLE : 0);
        }
        utc_periods(r->clock, &p);
        if (visitors_wants_filling(&r->table))
            fill(r, &p);
        if (visitors_wants_sketched(&r->table))
            visitors_sketched(&r->table);
        visitors_tick(&r->table, r->clock, &p);
        atomic_store(&r->room, r->next + r->next / 32 + 16);
        sched_yield();
    }
    visitors_memory_grow(&r->table);
}

static void step(struct run *r, uint32_t until)
{
    r->until = until;
    crew_step(&r->crew);
    keep(r);
    crew_wait(&r->crew);
}

/* --- What must hold --- */

/* The sketches that one thread makes of the same visitors. */
static void reference(const struct run *r, struct distinct *matrix, struct hll *month)
{
    for (uint32_t v = 0; v < r->until; v++) {
        distinct_fill(matrix, visitors_memory_fp(v), r->last[v], r->clock);
        hll_add(month, visitors_memory_fp(v));
    }
}

static int compare_sketches(const struct run *r)
{
    struct distinct *matrix = calloc(1, sizeof *matrix);
    struct hll *month = calloc(1, sizeof *month);
    uint64_t cells = 0, registers = 0, today = 0;

    reference(r, matrix, month);
    for (unsigned rank = 0; rank < DISTINCT_RANKS; rank++)
        for (unsigned i = 0; i < DISTINCT_BUCKETS; i++)
            cells += matrix->cell[rank][i] != r->table.matrix->cell[rank][i];
    for (unsigned i = 0; i < HLL_REGISTERS; i++) {
        registers += month->reg[i] != r->table.month->reg[i];
        today += month->reg[i] != r->table.day[r->clock / UTC_DAY % 2]->reg[i];
    }
    free(matrix);
    free(month);
    if (cells != 0)
        return failed(r, "cells that differ", cells, 0);
    if (registers != 0 || today != 0)
        return failed(r, "registers that differ", registers + today, 0);
    return 0;
}

static int check_exact(const struct run *r)
{
    const char *fault = visitors_check(&r->table, 0);
    uint64_t wrong = 0;

    if (fault != NULL)
        return failed(r, fault, 0, 0);
    if (r->table.head->mode != VISITORS_FILLING)
        return failed(r, "mode", r->table.head->mode, VISITORS_FILLING);
    if (r->table.head->words != r->until || r->table.head->unplaced != 0)
        return failed(r, "words", r->table.head->words, r->until);
    for (uint32_t v = 0; v < r->until; v++)
        wrong += r->visits[v] != 1;
    /* Whoever was met both before and after the clock's jump has two. */
    return wrong > RECENT ? failed(r, "visitors with another number of visits", wrong, 0)
                          : compare_sketches(r);
}

static int check_sketched(const struct run *r)
{
    const char *fault = visitors_check(&r->table, WRITERS);
    uint64_t cut = 0, missing = 0;

    if (fault != NULL)
        return failed(r, fault, 0, 0);
    if (r->table.head->mode != VISITORS_SKETCHED)
        return failed(r, "mode", r->table.head->mode, VISITORS_SKETCHED);
    for (uint32_t v = FILLED; v < r->until; v++) {
        cut += r->visits[v] > 1;
        missing += r->visits[v] == 0;
    }
    if (missing != 0)
        return failed(r, "visitors without a visit", missing, 0);
    if (cut > (ALL - FILLED) / 50)
        return failed(r, "visits cut", cut, (ALL - FILLED) / 50);
    return compare_sketches(r);
}

static int one_run(uint64_t seed)
{
    struct run r = {.seed = seed,
                    .table = visitors_memory_new(base),
                    .clock = base + 1,
                    .room = 16,
                    .last = calloc(ALL, sizeof *r.last),
                    .visits = calloc(ALL, sizeof *r.visits)};
    int rv;

    crew_start(&r.crew, WRITERS, write_turns, &r);
    step(&r, FILLED);
    rv = check_exact(&r);
    if (rv == 0) {
        step(&r, ALL);
        rv = check_sketched(&r);
    }
    crew_stop(&r.crew);
    visitors_memory_free(&r.table);
    free(r.last);
    free(r.visits);
    return rv;
}

int main(void)
{
    unsigned seeds = (unsigned)number_from("SEEDS", 4);

    visitors_seam = give_way;
    for (uint64_t seed = 1; seed <= seeds; seed++)
        if (one_run(seed) != 0)
            return 1;
    printf("stress_sketched_visitors: %u seeds, no difference\n", seeds);
    return 0;
}
