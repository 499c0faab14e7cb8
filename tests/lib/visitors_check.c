#include "lib/visitors_check.h"

#include <stdio.h>
#include <stdlib.h>

#include "count/visitors_inner.h"

static char fault[160];

static const char *faulty(const char *what, uint64_t a, uint64_t b)
{
    snprintf(fault, sizeof fault, "%s: %llu, %llu", what, (unsigned long long)a,
             (unsigned long long)b);
    return fault;
}

static uint64_t read_word(const struct visitors_table *t, size_t at)
{
    return atomic_load_explicit(&t->word[at], memory_order_acquire);
}

/* How a path ends, and where: WORD_EMPTY, WORD_SEALED or `fp`'s word; at the limit
 * WORD_SEALED too. */
static uint64_t path_end(const struct visitors_table *t, uint64_t fp, unsigned part,
                         size_t *ret_at)
{
    struct path path = visitors_path(fp, part);
    for (uint32_t step = 0; step < path.length; step++) {
        uint64_t word = read_word(t, path_index(&path, step));
        *ret_at = path_index(&path, step);
        if (!word_is_visitor(word) || word_fp(word) == fp)
            return word;
    }
    return WORD_SEALED;
}

static const char *check_paths(const struct visitors_table *t, size_t at, unsigned part)
{
    uint64_t fp = word_fp(read_word(t, at));
    size_t end = 0;

    if (!word_is_visitor(path_end(t, fp, part, &end)) || end != at)
        return faulty("a word that its path does not reach (word, path's end)", at, end);
    for (unsigned older = 0; older < part; older++)
        if (path_end(t, fp, older, &end) == WORD_EMPTY)
            return faulty("an older path that is not closed (word, empty word)", at, end);
    return NULL;
}

static int compare_fps(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static const char *check_twice(uint64_t *fp, size_t n, uint64_t duplicates)
{
    uint64_t twice = 0, example = 0;

    qsort(fp, n, sizeof *fp, compare_fps);
    for (size_t i = 1; i < n; i++)
        if (fp[i] == fp[i - 1]) {
            twice++;
            example = fp[i];
        }
    return twice > duplicates ? faulty("an fp twice (times, fp)", twice, example) : NULL;
}

static const char *check_word(const struct visitors_table *t, size_t at, unsigned part)
{
    uint64_t word = read_word(t, at);
    unsigned cur = t->head->cur;

    if (word != WORD_EMPTY && part > cur)
        return faulty("a word in a part that is not open", at, word);
    if (word == WORD_SEALED && part == cur)
        return faulty("a seal in the newest part", at, word);
    if (word_is_visitor(word) && t->head->mode != VISITORS_SKETCHED)
        return check_paths(t, at, part);
    return NULL;
}

const char *visitors_check(const struct visitors_table *t, uint64_t duplicates)
{
    uint64_t *fps = malloc(VISITORS_WORDS * sizeof *fps);
    size_t words = 0;
    const char *found = NULL;

    if (fps == NULL)
        abort();
    for (unsigned part = 0; part < VISITORS_PARTS; part++)
        for (size_t at = visitors_part_start(part); at < visitors_part_start(part + 1);
             at++) {
            if (found == NULL)
                found = check_word(t, at, part);
            if (word_is_visitor(read_word(t, at)))
                fps[words++] = word_fp(read_word(t, at));
        }
    if (found == NULL)
        found = check_twice(fps, words, duplicates);
    if (found == NULL && words != t->head->words)
        found = faulty("words, scan", t->head->words, words);
    if (found == NULL && t->head->cur >= t->head->ready)
        found = faulty("cur, ready", t->head->cur, t->head->ready);
    free(fps);
    return found;
}

const char *visitors_check_month(const struct visitors_table *t, uint32_t month)
{
    bool exact;
    uint64_t tally = visitors_of_period(t, PERIOD_MONTH, month, &exact);
    return tally != t->head->words ? faulty("words, month", t->head->words, tally) : NULL;
}
