/* What the stress tests share: a count of what held and what did not. */
#ifndef LUOT_TESTS_STRESS_H
#define LUOT_TESTS_STRESS_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/repeat.h"

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

#endif
