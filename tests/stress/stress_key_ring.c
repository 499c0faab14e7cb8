/* A ring between one maker and one keeper, and somebody who asks which keys there are. Every
 * byte of a key says which period it is for, so a key that was read while it was written or
 * erased shows. Run it with SAN=thread. PERIODS (200,000), STRESS_SEED (1). */
#include <pthread.h>
#include <string.h>

#include "count/key_ring.h"
#include "stress.h"

enum { LENGTH = 4, AHEAD = 40 };

static struct key_ring *ring;
static _Atomic int64_t now_slot;
static atomic_bool leave;
static atomic_ulong made;

static uint8_t byte_of(int64_t from)
{
    return (uint8_t)(from / LENGTH % 255 + 1);
}

/* A few periods ahead, as far as there is room. */
static void *make(void *unused)
{
    struct hash_key key;

    while (!atomic_load(&leave)) {
        int64_t now = atomic_load(&now_slot) / LENGTH * LENGTH;
        for (int64_t from = now; from < now + AHEAD * LENGTH; from += LENGTH) {
            if (key_ring_has(ring, PERIOD_DAY, from))
                continue;
            memset(&key, byte_of(from), sizeof key);
            if (key_ring_put(ring, PERIOD_DAY, from, from + LENGTH, &key) == 0)
                atomic_fetch_add(&made, 1);
        }
    }
    return unused;
}

static void *ask(void *unused)
{
    unsigned long seen = 0;

    while (!atomic_load(&leave))
        seen += key_ring_has(ring, PERIOD_DAY, atomic_load(&now_slot));
    return seen > 0 ? unused : NULL;
}

int main(void)
{
    unsigned long periods = number_from("PERIODS", 200000), found = 0;
    uint64_t random = number_from("STRESS_SEED", 1);
    pthread_t maker, asker;

    ring = key_ring_new();
    pthread_create(&maker, NULL, make, NULL);
    pthread_create(&asker, NULL, ask, NULL);
    for (int64_t now = 0; found < periods; now += (int64_t)random_below(&random, 3)) {
        int64_t from = now / LENGTH * LENGTH;
        struct hash_key key;

        atomic_store(&now_slot, now);
        while (!key_ring_find(ring, PERIOD_DAY, from, &key))
            ;
        found++;
        for (unsigned i = 0; i < sizeof key.bytes; i++)
            CHECK(key.bytes[i] == byte_of(from), "period %lld has byte %u",
                  (long long)from, key.bytes[i]);
        key_ring_sweep(ring, now);
        CHECK(key_ring_find(ring, PERIOD_DAY, from, &key), "swept too early");
        /* The maker may just have made what is over now: the next sweep has it. */
        if (key_ring_find(ring, PERIOD_DAY, from - LENGTH, &key))
            CHECK(key.bytes[15] == byte_of(from - LENGTH), "%lld", (long long)from);
    }
    atomic_store(&leave, true);
    pthread_join(maker, NULL);
    pthread_join(asker, NULL);
    CHECK(atomic_load(&made) > 0, "none was made");
    key_ring_free(ring);
    return stress_end();
}
