/* Workers that share the table of buckets and the windows of senders. Holds: of a bucket
 * nobody gets a token too many, and none is lost; a number of a sender is new for exactly one
 * of those that bring it. Run it with SAN=thread. ROUNDS (300), STRESS_SEED (1). */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "count/rate.h"
#include "count/senders.h"
#include "count/site.h"
#include "lib/crew.h"
#include "lib/scratch.h"
#include "stress.h"

enum { WORKERS = 4, STRANGERS = 24, TRIES = 4000, NUMBERS = 4096, SENDERS = 3 };

enum { BURST = 100 };
static const struct rate_limit limit = {.cost_us = 100000, .capacity_us = 100000 * BURST};

static struct rate *buckets;
static _Atomic uint64_t alone; /* a word that is in no table */
static struct senders *senders;
static atomic_uint taken[STRANGERS], taken_alone;
static atomic_uchar news[SENDERS][NUMBERS];
static int64_t now_ms = INT64_C(1700000000000);
static uint64_t round_seed, first_id;

/* Three lines of eight, each full with those who come. */
static uint64_t stranger(unsigned i)
{
    return (uint64_t)(i + 1) << 48 | i % 3;
}

static void work(void *context, unsigned member)
{
    uint64_t random = round_seed * 31 + member;

    (void)context;
    for (unsigned i = 0; i < TRIES * STRANGERS / WORKERS; i++) {
        unsigned who = (unsigned)random_below(&random, STRANGERS);

        if (rate_take(buckets, &limit, stranger(who), now_ms))
            atomic_fetch_add(&taken[who], 1);
        if (rate_take_word(&alone, &limit, now_ms))
            atomic_fetch_add(&taken_alone, 1);
    }
    /* Everybody brings everything, each in another order inside each block of 16: so no
     * number is beyond the window when it is first brought. */
    for (unsigned i = 0; i < NUMBERS * SENDERS; i++) {
        unsigned sender = i / 16 % SENDERS, at = i / 16 / SENDERS * 16 + i % 16;
        unsigned seq = at ^ (unsigned)((round_seed >> (4 * member)) + at / 16) % 16;
        struct senders_gap gap;

        if (senders_take(senders, first_id + sender, seq + 1, now_ms, &gap) ==
            SENDERS_NEW)
            atomic_fetch_add(&news[sender][seq], 1);
    }
}

static void check_buckets(unsigned long round)
{
    for (unsigned i = 0; i < STRANGERS; i++)
        CHECK(atomic_load(&taken[i]) == BURST, "round %lu: %u of stranger %u", round,
              atomic_load(&taken[i]), i);
    CHECK(atomic_load(&taken_alone) == BURST, "round %lu: %u", round,
          atomic_load(&taken_alone));
}

static void check_senders(unsigned long round)
{
    for (unsigned s = 0; s < SENDERS; s++)
        for (unsigned i = 0; i < NUMBERS; i++)
            CHECK(atomic_load(&news[s][i]) == 1, "round %lu: %u is new %u times", round,
                  i, atomic_load(&news[s][i]));
}

/* Nobody of the last round is left: their places are taken over by all workers
 * at once. */
static void next_round(uint64_t *random)
{
    now_ms += random_below(random, 2) ? 130000 : 3600000;
    first_id = random_next(random);
    round_seed = random_next(random);
    memset(taken, 0, sizeof taken);
    memset(news, 0, sizeof news);
    atomic_store(&taken_alone, 0);
}

int main(void)
{
    unsigned long rounds = number_from("ROUNDS", 300);
    uint64_t random = number_from("STRESS_SEED", 1);
    struct arena_layout layout = {.version = 1,
                                  .head_bytes = sizeof(struct count_head),
                                  .ranges = 1,
                                  .range_bytes = SITE_RANGE_BYTES};
    struct scratch dir = scratch_new();
    struct arena_report report;
    struct arena *arena;
    struct crew crew;

    if (hash_start() != 0 || arena_open(&arena, dir.dir, &layout, 0, &report) != 0 ||
        senders_open(&senders, arena) != 0 || (buckets = rate_new(32)) == NULL)
        abort();
    crew_start(&crew, WORKERS, work, NULL);
    for (unsigned long round = 0; round < rounds; round++) {
        next_round(&random);
        crew_step(&crew);
        crew_wait(&crew);
        check_buckets(round);
        check_senders(round);
    }
    crew_stop(&crew);
    rate_free(buckets);
    arena_close(arena);
    scratch_free(&dir);
    return stress_end();
}
