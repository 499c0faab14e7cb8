/* What makes a run repeatable: numbers that follow from a seed, which a test prints, and
 * settings from the environment (SEED=7 build/tests/...). */
#ifndef LUOT_TESTS_LIB_REPEAT_H
#define LUOT_TESTS_LIB_REPEAT_H

#include <stdint.h>
#include <stdlib.h>

/* splitmix64: any state is a seed. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

/* 0 .. n-1 */
static inline uint64_t random_below(uint64_t *state, uint64_t n)
{
    return random_next(state) % n;
}

/* A visitor's fingerprint for count/distinct and count/hll: 44 bits. */
static inline uint64_t random_fp(uint64_t *state)
{
    return random_next(state) & 0xfffffffffff;
}

static inline unsigned long number_from(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

#endif
