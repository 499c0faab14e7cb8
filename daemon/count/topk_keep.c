/* The keeper's part of a day's tops: room ahead of need, the door, and the purge whose
 * steps are in topk.h. Each step may be killed inside: what was marked stays marked, `lost`
 * counts only when `phase` turns, and what is buried is buried again. */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "count/topk_inner.h"

enum { SAMPLE = 512 };

static uint32_t relaxed(const _Atomic uint32_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static uint64_t most_of(const struct name_cell *cell)
{
    return atomic_load_explicit(&cell->views, memory_order_relaxed) +
           topk_lacks(atomic_load_explicit(&cell->extra, memory_order_relaxed));
}

static uint32_t capped(uint64_t n)
{
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static uint32_t meta_of(const struct name_cell *cell)
{
    return atomic_load_explicit(&cell->meta, memory_order_relaxed);
}

/* 7/8: the purge needs a moment, and nobody should find no room meanwhile. */
static bool is_nearly_full(const struct topk_table *t, enum dimension d)
{
    return 8 * (uint64_t)relaxed(&t->head->of[d].rows) >= 7 * (uint64_t)topk_capacity(d);
}

/* Cells run out before rows do where names are long: then the largest dimension gives. */
static bool cells_are_short(const struct topk_table *t)
{
    return relaxed(&t->names.head->ready) == TOPK_CELLS &&
           (uint32_t)atomic_load_explicit(&t->names.head->free, memory_order_relaxed) ==
               0 &&
           relaxed(&t->names.head->fresh) > TOPK_CELLS - TOPK_CELLS / 16;
}

static bool wants_purge(const struct topk_table *t)
{
    for (int d = 0; d < DIMENSIONS; d++)
        if (is_nearly_full(t, (enum dimension)d))
            return true;
    return cells_are_short(t);
}

static enum topk_step step_of(const struct topk_table *t)
{
    return topk_step(atomic_load_explicit(&t->head->phase, memory_order_relaxed));
}

bool topk_wants(const struct topk_table *t)
{
    return names_wants(&t->names) || relaxed(&t->head->wants) != 0;
}

void topk_clear(const struct topk_table *t)
{
    struct topk *head = t->head;

    /* Nobody is in the table: order matters for kill -9 only. `ready` 0 is "not there". */
    atomic_store_explicit(&head->names.ready, 0, memory_order_release);
    atomic_store_explicit(&head->names.free, 0, memory_order_relaxed);
    atomic_store_explicit(&head->names.fresh, 0, memory_order_relaxed);
    atomic_store_explicit(&head->names.part, 0, memory_order_relaxed);
    atomic_store_explicit(&head->names.parts_ready, 0, memory_order_relaxed);
    atomic_store_explicit(&head->names.rows, 0, memory_order_relaxed);
    atomic_store_explicit(&head->phase, 0, memory_order_relaxed);
    atomic_store_explicit(&head->yards, 0, memory_order_relaxed);
    atomic_store_explicit(&head->wants, 0, memory_order_relaxed);
    for (int d = 0; d < DIMENSIONS; d++) {
        struct topk_dimension *of = &head->of[d];

        atomic_store_explicit(&of->rows, 0, memory_order_relaxed);
        atomic_store_explicit(&of->door, 0, memory_order_relaxed);
        atomic_store_explicit(&of->worst, 0, memory_order_relaxed);
        atomic_store_explicit(&of->blind, 0, memory_order_relaxed);
        atomic_store_explicit(&of->passed, 0, memory_order_relaxed);
        atomic_store_explicit(&of->lost[0], 0, memory_order_relaxed);
        atomic_store_explicit(&of->lost[1], 0, memory_order_relaxed);
    }
    atomic_store_explicit(&head->day, 0, memory_order_release);
}

void topk_init(const struct topk_table *t)
{
    hash_key_random(&t->head->key);
    atomic_store_explicit(&t->head->life, hash_random64(), memory_order_relaxed);
    atomic_store_explicit(&t->head->names.parts_ready, 1, memory_order_relaxed);
    /* Release: who finds cells ready finds the key. */
    atomic_store_explicit(&t->head->names.ready, TOPK_FIRST_CELLS, memory_order_release);
}

/* --- Room and doors --- */

static int back_yard(const struct topk_table *t, struct arena *a, enum dimension d)
{
    int rv = arena_back(a, &t->yard[(size_t)d * TOPK_YARD], TOPK_YARD * sizeof(uint32_t));

    if (rv == 0)
        atomic_fetch_or_explicit(&t->head->yards, 1U << d, memory_order_release);
    return rv;
}

static int back_yards(const struct topk_table *t, struct arena *a)
{
    int rv = 0;

    for (int d = 0; d < DIMENSIONS && rv == 0; d++)
        if (!topk_has_yard(t, (enum dimension)d) &&
            2 * relaxed(&t->head->of[d].rows) >= topk_capacity((enum dimension)d))
            rv = back_yard(t, a, (enum dimension)d);
    return rv;
}

int topk_make_room(const struct topk_table *t, struct arena *a,
                   const struct topk_table *before)
{
    int rv = names_make_room(&t->names, a, relaxed(&before->head->names.fresh),
                             relaxed(&before->head->names.part) + 1);

    for (int d = 0; d < DIMENSIONS && rv == 0; d++)
        if (topk_has_yard(before, (enum dimension)d) &&
            !topk_has_yard(t, (enum dimension)d))
            rv = back_yard(t, a, (enum dimension)d);
    return rv;
}

/* Counters of keys that come once and never again are all alike: a key that stands out of
 * their noise is worth a row. */
static void lift_door(const struct topk_table *t, enum dimension d)
{
    struct topk_dimension *of = &t->head->of[d];
    uint64_t sum = 0;
    double mean;
    uint32_t noise;

    for (unsigned i = 0; i < TOPK_YARD; i++)
        sum += relaxed(&t->yard[(size_t)d * TOPK_YARD + i]);
    mean = (double)sum / TOPK_YARD;
    noise = capped((uint64_t)(mean + 4 * sqrt(mean) + 0.5) + relaxed(&of->blind));
    if (noise > relaxed(&of->door))
        atomic_store_explicit(&of->door, noise, memory_order_relaxed);
}

static void lift_doors(const struct topk_table *t)
{
    for (int d = 0; d < DIMENSIONS; d++)
        if (topk_has_yard(t, (enum dimension)d) &&
            (relaxed(&t->head->of[d].door) > 0 ||
             topk_is_filling((enum dimension)d, relaxed(&t->head->of[d].rows))))
            lift_door(t, (enum dimension)d);
}

/* --- A purge --- */

struct sample {
    enum dimension d;
    uint32_t every, at; /* each so many rows; how many were seen */
    unsigned count;
    uint64_t most[SAMPLE];
};

static void take_sample(void *context, struct name_cell *cell)
{
    struct sample *s = context;

    if (name_kind(meta_of(cell)) != s->d || name_state(meta_of(cell)) != NAME_LIVE)
        return;
    if (s->at++ % s->every == 0 && s->count < SAMPLE)
        s->most[s->count++] = most_of(cell);
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static uint64_t median(const struct topk_table *t, enum dimension d)
{
    struct sample s = {.d = d, .every = 1 + relaxed(&t->head->of[d].rows) / SAMPLE};

    names_each(&t->names, take_sample, &s);
    if (s.count == 0)
        return 0;
    qsort(s.most, s.count, sizeof s.most[0], ascending);
    return s.most[s.count / 2];
}

struct marking {
    uint64_t least[DIMENSIONS]; /* rows up to it go; 0: none of this dimension do */
};

static void mark_row(void *context, struct name_cell *cell)
{
    const struct marking *m = context;
    uint32_t meta = meta_of(cell);

    if (name_state(meta) != NAME_LIVE || name_kind(meta) >= DIMENSIONS ||
        m->least[name_kind(meta)] == 0 || most_of(cell) > m->least[name_kind(meta)])
        return;
    /* seq_cst: a turn reads it, and a grace waits for that. */
    atomic_store_explicit(&cell->meta,
                          name_meta(NAME_DYING, name_kind(meta), name_length(meta)),
                          memory_order_seq_cst);
}

static enum dimension largest(const struct topk_table *t)
{
    enum dimension most = DIM_PAGES;

    for (int d = 0; d < DIMENSIONS; d++)
        if (relaxed(&t->head->of[d].rows) > relaxed(&t->head->of[most].rows))
            most = (enum dimension)d;
    return most;
}

static void mark(const struct topk_table *t)
{
    struct marking m = {.least = {0}};
    bool any = false;

    for (int d = 0; d < DIMENSIONS; d++)
        if (is_nearly_full(t, (enum dimension)d)) {
            m.least[d] = median(t, (enum dimension)d);
            any = true;
        }
    if (!any)
        m.least[largest(t)] = median(t, largest(t));
    for (int d = 0; d < DIMENSIONS;
         d++) /* first, so that `error` never says too little */
        if (m.least[d] > relaxed(&t->head->of[d].door))
            atomic_store_explicit(&t->head->of[d].door, capped(m.least[d]),
                                  memory_order_relaxed);
    names_each(&t->names, mark_row, &m);
}

struct burying {
    const struct topk_table *t;
    uint64_t lost[DIMENSIONS];
    uint32_t live[DIMENSIONS];
};

/* The row's views are its key's again, without a row: they go to its counter, as if they
 * had been counted there all the time. Killed in here they are added twice: `error` is
 * then more than it need be, no count is wrong. */
static void put_back(const struct topk_table *t, enum dimension d,
                     const struct name_cell *cell)
{
    struct topk_dimension *of = &t->head->of[d];
    uint64_t hash = atomic_load_explicit(&cell->hash, memory_order_relaxed);
    uint32_t views = capped(atomic_load_explicit(&cell->views, memory_order_relaxed));
    uint64_t most;

    if (!topk_has_yard(t, d)) {
        topk_count(&of->blind, views);
        return;
    }
    most = (uint64_t)topk_count(topk_counter(t, d, hash), views) + views +
           relaxed(&of->blind);
    if (most > relaxed(&of->door))
        topk_raise(&of->worst, capped(most));
}

static void sum_row(void *context, struct name_cell *cell)
{
    struct burying *b = context;
    uint32_t meta = meta_of(cell);
    enum dimension d = (enum dimension)name_kind(meta);

    if (d >= DIMENSIONS)
        return;
    if (name_state(meta) == NAME_LIVE)
        b->live[d]++;
    if (name_state(meta) != NAME_DYING)
        return;
    b->lost[d] += atomic_load_explicit(&cell->views, memory_order_relaxed);
    put_back(b->t, d, cell);
}

static void bury_row(void *context, struct name_cell *cell)
{
    const struct topk_table *t = context;

    if (name_state(meta_of(cell)) == NAME_DYING)
        names_bury(&t->names, cell);
}

static void turn_to(const struct topk_table *t, enum topk_step step, unsigned copy)
{
    uint64_t phase = atomic_load_explicit(&t->head->phase, memory_order_relaxed);

    /* seq_cst: a turn reads it, and a grace waits for that. */
    atomic_store_explicit(&t->head->phase, topk_phase(phase, step, copy),
                          memory_order_seq_cst);
}

static unsigned copy_of(const struct topk_table *t)
{
    return topk_copy(atomic_load_explicit(&t->head->phase, memory_order_relaxed));
}

/* Nobody counts in what is marked any more. */
static void bury(const struct topk_table *t)
{
    struct burying b = {.t = t};
    unsigned copy = copy_of(t);

    if (step_of(t) != TOPK_BURIED) {
        names_each(&t->names, sum_row, &b);
        for (int d = 0; d < DIMENSIONS; d++) {
            struct topk_dimension *of = &t->head->of[d];

            atomic_store_explicit(
                &of->lost[1 - copy],
                b.lost[d] + atomic_load_explicit(&of->lost[copy], memory_order_relaxed),
                memory_order_relaxed);
        }
        copy = 1 - copy;
        turn_to(t, TOPK_BURIED, copy);
    }
    names_each(&t->names, bury_row, (void *)(uintptr_t)t);
    b = (struct burying){.t = t};
    names_each(&t->names, sum_row, &b);
    /* Nobody makes rows now: assigned, not counted down. */
    for (int d = 0; d < DIMENSIONS; d++)
        atomic_store_explicit(&t->head->of[d].rows, b.live[d], memory_order_relaxed);
    turn_to(t, TOPK_OPEN, copy);
}

static void keep_purge(const struct topk_table *t, uint64_t *ticket, uint64_t begun,
                       uint64_t over)
{
    if (*ticket != 0 && over < *ticket)
        return;
    *ticket = 0;
    switch (step_of(t)) {
    case TOPK_OPEN:
        if (!wants_purge(t))
            return;
        turn_to(t, TOPK_CLOSING, copy_of(t));
        break;
    case TOPK_CLOSING:
        mark(t);
        turn_to(t, TOPK_DYING, copy_of(t));
        break;
    case TOPK_DYING:
    case TOPK_BURIED:
        bury(t);
        return;
    }
    *ticket = begun + 1;
}

int topk_keep(const struct topk_table *t, struct arena *a, uint64_t *ticket,
              uint64_t begun, uint64_t over)
{
    int rv;

    if (relaxed(&t->head->wants) != 0)
        atomic_store_explicit(&t->head->wants, 0, memory_order_relaxed);
    rv = names_grow(&t->names, a);
    if (rv == 0)
        rv = back_yards(t, a);
    lift_doors(t);
    keep_purge(t, ticket, begun, over);
    return rv;
}

int topk_adopt(const struct topk_table *t)
{
    int rv = names_adopt(&t->names);

    /* CLOSING: perhaps marked in part. The next purge marks anew. */
    if (rv == 0 && step_of(t) != TOPK_OPEN)
        bury(t);
    if (rv == 0) {
        struct burying b = {.t = t};

        names_each(&t->names, sum_row, &b);
        for (int d = 0; d < DIMENSIONS; d++)
            atomic_store_explicit(&t->head->of[d].rows, b.live[d], memory_order_relaxed);
    }
    return rv;
}
