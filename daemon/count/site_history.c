/* What the store knows beyond this arena, put beside the site's own counts by the reader
 * thread and read by all. */
#include <string.h>

#include "count/site_inner.h"
#include "count/site_seal.h"
#include "count/site_seal_inner.h"

/* A row that is rewritten keeps its number meanwhile, so that no answer falls between. */
static void open_row(_Atomic int64_t *tag, int64_t number)
{
    if (atomic_load_explicit(tag, memory_order_relaxed) != number + 1)
        atomic_store_explicit(tag, 0, memory_order_seq_cst);
}

static void set_count(struct count3 *count, const uint64_t metric[METRIC_KINDS])
{
    atomic_store_explicit(&count->views, metric[METRIC_VIEWS], memory_order_relaxed);
    atomic_store_explicit(&count->visits, metric[METRIC_VISITS], memory_order_relaxed);
    atomic_store_explicit(&count->visitors, metric[METRIC_VISITORS],
                          memory_order_relaxed);
}

static bool has_count(const struct count3 *count, const uint64_t metric[METRIC_KINDS])
{
    return atomic_load_explicit(&count->views, memory_order_relaxed) ==
               metric[METRIC_VIEWS] &&
           atomic_load_explicit(&count->visits, memory_order_relaxed) ==
               metric[METRIC_VISITS] &&
           atomic_load_explicit(&count->visitors, memory_order_relaxed) ==
               metric[METRIC_VISITORS];
}

/* Written and sealed already, as of an earlier start: most rows of most sites. */
static bool is_there(const struct site *s, enum seal_row kind, unsigned index,
                     const _Atomic int64_t *tag, int64_t number)
{
    return atomic_load_explicit(tag, memory_order_relaxed) == number + 1 &&
           atomic_load_explicit(site_other_seal(s, kind, index), memory_order_relaxed) !=
               0;
}

void site_set_day(struct site *s, int64_t day, const uint64_t other[METRIC_KINDS],
                  const uint64_t imported[METRIC_KINDS])
{
    unsigned index = (unsigned)((uint64_t)day % SITE_DAYS);
    struct site_day *row = &s->block->day[index];

    if (is_there(s, SEAL_DAY, index, &row->other_tag, day) &&
        has_count(&row->other, other) && has_count(&row->imported, imported))
        return;
    site_unseal_row(s, SEAL_DAY, index);
    open_row(&row->other_tag, day);
    set_count(&row->other, other);
    set_count(&row->imported, imported);
    atomic_store_explicit(&row->other_tag, day + 1, memory_order_release);
    site_seal_row(s, SEAL_DAY, index);
}

void site_set_row(struct site *s, enum period_kind kind, int64_t number,
                  uint64_t other_visitors)
{
    const bool week = kind == PERIOD_WEEK;
    unsigned index = (unsigned)((uint64_t)number % (week ? SITE_WEEKS : SITE_MONTHS));
    struct site_row *row = week ? &s->block->week[index] : &s->block->month[index];
    enum seal_row seal = week ? SEAL_WEEK : SEAL_MONTH;

    if (is_there(s, seal, index, &row->other_tag, number) &&
        atomic_load_explicit(&row->other_visitors, memory_order_relaxed) ==
            other_visitors)
        return;
    site_unseal_row(s, seal, index);
    open_row(&row->other_tag, number);
    atomic_store_explicit(&row->other_visitors, other_visitors, memory_order_relaxed);
    atomic_store_explicit(&row->other_tag, number + 1, memory_order_release);
    site_seal_row(s, seal, index);
}

static _Atomic uint64_t *about_of(struct site *s, enum period_kind kind, int64_t number,
                                  uint64_t *ret_bit)
{
    uint64_t n = (uint64_t)number % (kind == PERIOD_DAY    ? SITE_DAYS
                                     : kind == PERIOD_WEEK ? SITE_WEEKS
                                                           : SITE_MONTHS);

    *ret_bit = UINT64_C(1) << (n % 64);
    return kind == PERIOD_DAY    ? &s->about_day[n / 64]
           : kind == PERIOD_WEEK ? &s->about_week
                                 : &s->about_month;
}

/* Relaxed: the row's number is released after it. */
void site_set_about(struct site *s, enum period_kind kind, int64_t number, bool about)
{
    uint64_t bit;
    _Atomic uint64_t *word = about_of(s, kind, number, &bit);

    if (about)
        atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
    else
        atomic_fetch_and_explicit(word, ~bit, memory_order_relaxed);
}

bool site_is_about(const struct site *s, enum period_kind kind, int64_t number)
{
    uint64_t bit;
    const _Atomic uint64_t *word =
        about_of((struct site *)(uintptr_t)s, kind, number, &bit);

    return (atomic_load_explicit(word, memory_order_relaxed) & bit) != 0;
}

void site_set_total_about(struct site *s, bool about)
{
    atomic_store_explicit(&s->about_total, about, memory_order_relaxed);
}

bool site_total_is_about(const struct site *s)
{
    return atomic_load_explicit(&s->about_total, memory_order_relaxed) != 0;
}

/* Words behind a version, odd while they are written. Release and acquire all along: who
 * has read a new word sees that the version has changed. */
void site_set_totals(struct site *s, const struct site_seed seed[METRIC_KINDS],
                     const struct site_totals *totals)
{
    struct site_block *b = s->block;
    uint64_t version = atomic_load_explicit(&b->history_version, memory_order_relaxed);
    struct site_history history = {.totals = *totals};
    uint64_t words[HISTORY_WORDS];

    memcpy(history.seed, seed, sizeof history.seed);
    memcpy(words, &history, sizeof words);
    atomic_store_explicit(&b->history_version, version + 1, memory_order_seq_cst);
    site_unseal_history(s);
    for (unsigned i = 0; i < HISTORY_WORDS; i++)
        atomic_store_explicit(&b->history[i], words[i], memory_order_release);
    site_seal_history(s);
    atomic_store_explicit(&b->history_version, version + 2, memory_order_release);
}

bool site_has_history(const struct site *s)
{
    return atomic_load_explicit(&s->block->history_version, memory_order_acquire) != 0;
}

void site_read_seed(const struct site *s, struct site_seed ret_seed[METRIC_KINDS],
                    struct site_totals *ret_totals)
{
    const struct site_block *b = s->block;
    uint64_t version, words[HISTORY_WORDS] = {0};
    struct site_history history;

    do {
        version = atomic_load_explicit(&b->history_version, memory_order_acquire);
        for (unsigned i = 0; i < HISTORY_WORDS; i++)
            words[i] = atomic_load_explicit(&b->history[i], memory_order_acquire);
    } while ((version & 1) != 0 ||
             atomic_load_explicit(&b->history_version, memory_order_relaxed) != version);
    memcpy(&history, words, sizeof history);
    memcpy(ret_seed, history.seed, sizeof history.seed);
    *ret_totals = history.totals;
}
