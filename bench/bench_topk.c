/* What does it cost to count a view by one dimension, and by all that a page view has?
 * A turn of 64 views; keys as a portal has them. Best of some runs: the machine is shared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "count/topk.h"

enum {
    ROOM = 2 << 20,
    INDEX_0_AT = 4096,
    CELLS_AT = INDEX_0_AT + TOPK_WORDS_0 * 8,
    INDEX_1_AT = 1200 << 10,
    INDEX_2_AT = INDEX_1_AT + TOPK_WORDS_1 * 8,
    YARD_AT = INDEX_2_AT + TOPK_WORDS_2 * 8,
    TURN = 64,
    RUNS = 7,
    ADDS = 2000000
};

static struct topk_table table_new(void)
{
    char *range =
        mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct topk_table t = {
        .head = (struct topk *)range,
        .yard = (_Atomic uint32_t *)(range + YARD_AT),
        .names = {.head = &((struct topk *)range)->names,
                  .key = &((struct topk *)range)->key,
                  .index = {(_Atomic uint64_t *)(range + INDEX_0_AT),
                            (_Atomic uint64_t *)(range + INDEX_1_AT),
                            (_Atomic uint64_t *)(range + INDEX_2_AT)},
                  .words = {TOPK_WORDS_0, TOPK_WORDS_1, TOPK_WORDS_2},
                  .first = (struct name_cell *)(range + CELLS_AT),
                  .rest = (struct name_cell *)(range + CELLS_AT) + TOPK_FIRST_CELLS,
                  .first_cells = TOPK_FIRST_CELLS,
                  .limit = TOPK_CELLS}};

    if (range == MAP_FAILED)
        exit(2);
    topk_init(&t);
    /* All of it is there: what the keeper does, done once. */
    atomic_store(&t.head->names.ready, TOPK_CELLS);
    atomic_store(&t.head->names.parts_ready, NAMES_PARTS);
    atomic_store(&t.head->yards, (1U << DIMENSIONS) - 1);
    return t;
}

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static char (*keys_new(unsigned n, const char *format))[64]
{
    char(*key)[64] = malloc(n * sizeof *key);

    for (unsigned i = 0; i < n; i++)
        snprintf(key[i], sizeof key[i], format, i * 2654435761U % 1000003);
    return key;
}

/* `keys` different ones in turn, skewed: the square of a uniform number. */
static void one(const char *what, unsigned keys, bool with_lane, const char *format)
{
    struct topk_table t = table_new();
    struct name_lane *lane = with_lane ? name_lane_new() : NULL;
    char(*key)[64] = keys_new(keys, format);
    uint32_t *order = malloc(ADDS * sizeof *order);
    double best = 1e9;

    srand(1);
    for (int i = 0; i < ADDS; i++) {
        double u = (double)rand() / ((double)RAND_MAX + 1);
        order[i] = (uint32_t)(u * u * keys);
    }
    for (int run = 0; run < RUNS; run++) {
        double begun = now_ns(), ns;

        for (int i = 0; i < ADDS; i++) {
            topk_add(&t, lane, DIM_PAGES, slice_of(key[order[i]]), false);
            if (lane != NULL && i % TURN == TURN - 1)
                name_lane_flush(lane);
        }
        ns = (now_ns() - begun) / ADDS;
        best = ns < best ? ns : best;
    }
    printf("%-52s %6.1f ns\n", what, best);
    name_lane_free(lane);
    free(order);
    free(key);
}

static void never_the_same(void)
{
    struct topk_table t = table_new();
    struct name_lane *lane = name_lane_new();
    char(*key)[64] = keys_new(ADDS, "/khong-co-trang-nay/%u");
    double begun = now_ns();

    for (int i = 0; i < ADDS; i++) {
        topk_add(&t, lane, DIM_PAGES, slice_of(key[i]), false);
        if (i % TURN == TURN - 1)
            name_lane_flush(lane);
    }
    printf("%-52s %6.1f ns\n", "a page that never comes again, table full",
           (now_ns() - begun) / ADDS);
    name_lane_free(lane);
    free(key);
}

int main(void)
{
    if (hash_start() != 0)
        return 2;
    one("a country (6), with a lane", 6, true, "%u");
    one("a page (300), with a lane", 300, true, "/tin-tuc/bai-viet-%u.html");
    one("a page (900), with a lane", 900, true, "/tin-tuc/bai-viet-%u.html");
    one("a page (300), without a lane", 300, false, "/tin-tuc/bai-viet-%u.html");
    never_the_same();
    return 0;
}
