/* Three writers on one table of visitors, through every part and through the turns of
 * periods.
 *
 * In lock step all of them hit the same visitors in the same slot, so the outcome does
 * not depend on who wins, and every figure must equal a ledger kept by one thread.
 * Running free, each has its own slots, late ones too, and the clock moves while they
 * run; figures must lie where any order of the hits puts them. In half of the runs a
 * thread gives way at random before a CAS. SEEDS=n: more of it. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crew.h"
#include "lib/repeat.h"
#include "lib/utc_periods.h"
#include "lib/visitors_bounds.h"
#include "lib/visitors_check.h"
#include "lib/visitors_ledger.h"
#include "lib/visitors_memory.h"

enum {
    WRITERS = 3,
    LIST_MAX = 1 << 16,
    LOG_MAX = 1 << 14,
    LATE_MOST = 75,
    DAYS = 45 /* of one run: what the ledger has room for */
};

static _Thread_local uint64_t chance = 1;
static _Thread_local unsigned yields; /* of 16 seams */

static void give_way(const char *where)
{
    (void)where;
    if (random_next(&chance) % 16 < yields)
        sched_yield();
}

struct run {
    struct visitors_table table;
    struct crew crew;
    uint64_t seed, state;
    uint64_t mood; /* of this step: what its writers draw from */
    unsigned yields;
    _Atomic int64_t clock;
    /* lock step */
    uint32_t *list;
    size_t length;
    /* free */
    size_t known;
    struct visitors_log *log[WRITERS];
    size_t logged[WRITERS];
    _Atomic uint64_t visits, second_views, first_seen;
};

static int failed(const struct run *r, const char *what, const char *why)
{
    fprintf(stderr, "stress_visitors: seed %llu, %s: %s\n", (unsigned long long)r->seed,
            what, why);
    return 1;
}

static void run_init(struct run *r, uint64_t seed, int64_t base)
{
    *r = (struct run){.seed = seed,
                      .state = seed * 0x9E3779B97F4A7C15U + 1,
                      .yields = seed % 2 == 0 ? 0 : 1 + (unsigned)seed % 6,
                      .clock = base + 1};
    r->table = visitors_memory_new(base);
    r->list = calloc(LIST_MAX, sizeof *r->list);
    for (unsigned i = 0; i < WRITERS; i++)
        r->log[i] = calloc(LOG_MAX, sizeof **r->log);
}

static void run_release(struct run *r)
{
    crew_stop(&r->crew);
    visitors_memory_free(&r->table);
    free(r->list);
    for (unsigned i = 0; i < WRITERS; i++)
        free(r->log[i]);
}

/* From a breath to some days; often just over an hour's or a day's edge. */
static int64_t clock_step(uint64_t random)
{
    switch (random % 16) {
    case 0:
        return (int64_t)(random >> 8) % (UTC_DAY / 2);
    case 1:
        return UTC_IDLE;
    case 2:
        return UTC_ONLINE;
    case 3:
        return (int64_t)(random >> 8) % UTC_HOUR;
    default:
        return (int64_t)(random >> 8) % 20;
    }
}

struct told { /* by the table to one writer */
    uint64_t visits, second_views, first;
};

/* Each thread guesses where a visitor's word is, as workers do: where it was, or where another
 * of the same place was. */
static void hit_one(struct run *r, uint32_t visitor, int64_t slot, struct told *told)
{
    static _Thread_local uint32_t at[1024];
    struct visit_periods p;
    utc_periods(slot, &p);
    struct visitors_verdict v = visitors_hit_at(&r->table, visitors_memory_fp(visitor),
                                                slot, &p, &at[visitor % 1024]);
    told->visits += v.new_visit;
    told->second_views += v.second_view;
    told->first += v.first_seen;
}

static void add_told(struct run *r, const struct told *told)
{
    atomic_fetch_add(&r->visits, told->visits);
    atomic_fetch_add(&r->second_views, told->second_views);
    atomic_fetch_add(&r->first_seen, told->first);
}

/* Beside the writers: backs parts, scans, and sees that nothing falls. */
static const char *keep_beside(struct run *r)
{
    uint64_t words = 0;
    unsigned turns = 0;

    while (crew_is_busy(&r->crew)) {
        visitors_memory_grow(&r->table);
        if (r->table.head->words < words)
            return "words fell";
        words = r->table.head->words;
        if (turns++ % 16 == 0)
            visitors_window(&r->table, r->clock, UTC_ONLINE);
        sched_yield();
    }
    return NULL;
}

/* --- Lock step --- */

static void work_in_step(void *context, unsigned member)
{
    struct run *r = context;
    struct told told = {0};
    int64_t slot = r->clock;

    chance = r->mood + member + 1;
    yields = r->yields;
    /* All the same way, each from its own place, or one backwards: different
     * encounters. */
    size_t from = r->mood % 3 == 0 ? member * r->length / WRITERS : 0;
    bool backwards = r->mood % 5 == 0 && member == 1;
    for (size_t i = 0; i < r->length; i++) {
        size_t at = (i + from) % r->length;
        hit_one(r, r->list[backwards ? r->length - 1 - at : at], slot, &told);
    }
    add_told(r, &told);
}

/* New visitors, at most a quarter more than there are (so that the keeper cannot be
 * late), and some known ones. */
static void choose_list(struct run *r, size_t visitors)
{
    size_t fresh = 1 + (size_t)(random_next(&r->state) % (8 + r->known / 4));
    size_t again = r->known == 0 ? 0 : 20 + r->known / 16;

    if (fresh > LIST_MAX / 2)
        fresh = LIST_MAX / 2;
    r->length = 0;
    for (size_t i = 0; i < fresh && r->known < visitors; i++)
        r->list[r->length++] = (uint32_t)r->known++;
    for (size_t i = 0; i < again && r->length < LIST_MAX; i++)
        r->list[r->length++] = (uint32_t)(random_next(&r->state) % r->known);
}

static int lock_step(uint64_t seed, size_t visitors, unsigned steps_after)
{
    struct run r;
    int64_t base = (int64_t)19723 * UTC_DAY + (int64_t)(seed % 5) * 1000;
    struct visitors_ledger *l = visitors_ledger_new(visitors, base + 1);
    const char *why = NULL;

    run_init(&r, seed, base);
    crew_start(&r.crew, WRITERS, work_in_step, &r);
    while (why == NULL && (r.known < visitors || steps_after-- > 0)) {
        r.clock += clock_step(random_next(&r.state));
        if (r.clock > base + DAYS * UTC_DAY)
            break;
        choose_list(&r, visitors);
        visitors_memory_grow(&r.table);
        r.mood = random_next(&r.state) >> 3;
        crew_step(&r.crew);
        why = keep_beside(&r);
        crew_wait(&r.crew);
        /* Each of them by each writer. */
        for (size_t i = 0; i < WRITERS * r.length; i++)
            visitors_ledger_hit(l, r.list[i % r.length], r.clock);
        if (why == NULL)
            why = visitors_ledger_compare(l, &r.table, r.clock);
        if (why == NULL && r.visits != l->visits)
            why = "visits differ";
        if (why == NULL && r.second_views != l->second_views)
            why = "second views differ";
        if (why == NULL && r.first_seen != l->words)
            why = "first seen differ from words";
    }
    if (why == NULL)
        why = visitors_check(&r.table, 0);
    if (why == NULL && r.table.head->unplaced != 0)
        why = "unplaced";
    run_release(&r);
    visitors_ledger_free(l);
    return why == NULL ? 0 : failed(&r, "lock step", why);
}

/* --- Free --- */

static void work_freely(void *context, unsigned member)
{
    enum { TURN = 32 };
    struct run *r = context;
    uint64_t random = r->mood * (member + 3) + 1;
    struct told told = {0};

    chance = random;
    yields = r->yields;
    r->logged[member] = 0;
    for (size_t turn = 0; turn < r->length / TURN; turn++) {
        int64_t now = r->clock;
        for (unsigned i = 0; i < TURN; i++) {
            uint64_t x = random_next(&random);
            int64_t slot = now;
            if (x % 16 == 0)
                slot -= (int64_t)(x >> 8) % LATE_MOST;
            uint32_t visitor = (uint32_t)((x >> 32) % r->known);
            r->log[member][r->logged[member]++] =
                (struct visitors_log){.visitor = visitor, .writer = member, .slot = slot};
            hit_one(r, visitor, slot, &told);
        }
    }
    add_told(r, &told);
}

static void apply_logs(struct run *r, struct visitors_bounds *b, struct visitors_log *all)
{
    size_t n = 0;
    for (unsigned i = 0; i < WRITERS; i++) {
        memcpy(&all[n], r->log[i], r->logged[i] * sizeof *all);
        n += r->logged[i];
    }
    visitors_bounds_apply(b, all, n);
}

static int run_free(uint64_t seed, size_t visitors, unsigned steps)
{
    struct run r;
    int64_t base = (int64_t)19723 * UTC_DAY;
    struct visitors_bounds *b = visitors_bounds_new(visitors, base + 1);
    struct visitors_log *all = calloc(WRITERS * LOG_MAX, sizeof *all);
    const char *why = NULL;

    run_init(&r, seed, base);
    r.clock += LATE_MOST;
    r.known = 30;
    crew_start(&r.crew, WRITERS, work_freely, &r);
    while (why == NULL && steps-- > 0 && r.clock < base + DAYS * UTC_DAY) {
        r.clock += clock_step(random_next(&r.state));
        r.length = 256 + random_next(&r.state) % 4096;
        visitors_memory_grow(&r.table);
        r.mood = random_next(&r.state) >> 3;
        crew_step(&r.crew);
        for (unsigned i = 0; i < 8 && crew_is_busy(&r.crew); i++) {
            r.clock += clock_step(random_next(&r.state) | 8);
            visitors_memory_grow(&r.table);
            sched_yield();
        }
        why = keep_beside(&r);
        crew_wait(&r.crew);
        apply_logs(&r, b, all);
        if (why == NULL)
            why = visitors_bounds_compare(b, &r.table, r.clock, r.visits);
        if (why == NULL && r.first_seen != b->words)
            why = "first seen differ from words";
        if (why == NULL && r.second_views > r.visits)
            why = "more second views than visits";
        r.known += r.known / 4;
        if (r.known > visitors)
            r.known = visitors;
    }
    if (why == NULL)
        why = visitors_check(&r.table, 0);
    run_release(&r);
    visitors_bounds_free(b);
    free(all);
    return why == NULL ? 0 : failed(&r, "free", why);
}

int main(void)
{
    unsigned seeds = (unsigned)number_from("SEEDS", 6);

    visitors_seam = give_way;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        if (lock_step(seed, 200000, 30) != 0)
            return 1;
        for (uint64_t small = 0; small < 4; small++)
            if (lock_step(seed * 100 + small, 300 << 2 * small, 100) != 0)
                return 1;
        for (uint64_t small = 0; small < 6; small++)
            if (run_free(seed * 100 + 50 + small, 200 << 2 * (small % 4), 60) != 0)
                return 1;
    }
    printf("stress_visitors: %u seeds, no difference\n", seeds);
    return 0;
}
