/* What the stress tests share: a count of what held and what did not, and a random
 * generator that a printed seed repeats. */
#ifndef LUOT_TESTS_STRESS_H
#define LUOT_TESTS_STRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long stress_passed, stress_failed; /* the main thread's */

#define CHECK(condition, ...)                                                            \
    do {                                                                                 \
        if (condition) {                                                                 \
            stress_passed++;                                                             \
        } else if (stress_failed++ < 20) {                                               \
            fprintf(stderr, "%s:%d: " #condition ": ", __FILE__, __LINE__);              \
            fprintf(stderr, __VA_ARGS__);                                                \
            fputc('\n', stderr);                                                         \
        }                                                                                \
    } while (0)

static inline int stress_end(void)
{
    printf("%lu passed, %lu failed\n", stress_passed, stress_failed);
    return stress_failed != 0;
}

static inline uint64_t random_next(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static inline uint64_t random_below(uint64_t *state, uint64_t n)
{
    return random_next(state) % n;
}

static inline unsigned long number_from(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

#endif
