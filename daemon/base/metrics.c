#include "base/metrics.h"

#include <assert.h>

static_assert(sizeof(struct metrics_row) % 64 == 0,
              "two workers must never share a line");
static_assert(sizeof(struct metrics_total) == METRICS_COUNT * sizeof(uint64_t),
              "the names and the numbers are the same memory");

/* metrics_outcome() adds the outcome to the number of the first one. */
#define OUTCOME_IN_ORDER(name, class, word, sentence)                                    \
    static_assert((int)METRICS_AT_##class##_##word - (int)METRICS_AT_counted_view ==     \
                      (int)name,                                                         \
                  "the outcomes are rows of metrics.def, in their order");
OUTCOMES(OUTCOME_IN_ORDER)
#undef OUTCOME_IN_ORDER

#define METRIC(name, kind, help) [METRICS_AT_##name] = {#name, METRICS_##kind, help},
const struct metrics_info metrics_table[METRICS_COUNT] = {
#include "base/metrics.def"
};
#undef METRIC

void metrics_sum(const struct metrics_row *rows, size_t n,
                 struct metrics_total *ret_total)
{
    for (size_t k = 0; k < METRICS_COUNT; k++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += atomic_load_explicit(&rows[i].by_number[k], memory_order_relaxed);
        ret_total->by_number[k] = sum;
    }
}

uint64_t metrics_of_outcome(const struct metrics_total *total, enum outcome outcome)
{
    return total->by_number[METRICS_AT_counted_view + (int)outcome];
}
