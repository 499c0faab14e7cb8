#include "import_tally.h"

#include <stdlib.h>

#include "base/error.h"

/* Days as 20 bits: the years 535 to 3405. What a log dates before or after is put
 * together at the ends. */
enum { DAY_BITS = 20, DAY_ZERO = 1 << (DAY_BITS - 1), DAY_MASK = (1 << DAY_BITS) - 1 };

void import_tally_release(struct import_tally *t)
{
    free(t->day);
    free(t->word);
    *t = (struct import_tally){0};
}

static uint64_t pack(uint64_t fp, int64_t day)
{
    int64_t shifted = day + DAY_ZERO;
    if (shifted < 0)
        shifted = 0;
    return fp << DAY_BITS | (uint64_t)(shifted > DAY_MASK ? DAY_MASK : shifted);
}

/* Where `day` is or belongs. */
static size_t position_of(const struct import_tally *t, int64_t day)
{
    size_t low = 0, high = t->days;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->day[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int add_day(struct import_tally *t, int64_t day, uint64_t views)
{
    size_t at = position_of(t, day);
    if (at == t->days || t->day[at].day != day) {
        if (t->days == t->days_capacity) {
            size_t larger = t->days_capacity == 0 ? 64 : 2 * t->days_capacity;
            struct import_day *grown = realloc(t->day, larger * sizeof *grown);
            if (grown == NULL)
                return ERR_NOMEM;
            t->day = grown;
            t->days_capacity = larger;
        }
        memmove(t->day + at + 1, t->day + at, (t->days - at) * sizeof *t->day);
        t->day[at] = (struct import_day){.day = day};
        t->days++;
    }
    t->day[at].views += views;
    return 0;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Sorts and takes out what is there twice; returns how many are left. */
static size_t settle(uint64_t *word, size_t count)
{
    size_t kept = 0;
    qsort(word, count, sizeof *word, ascending);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || word[kept - 1] != word[i])
            word[kept++] = word[i];
    return kept;
}

/* Takes `more` (settled) over. */
static int join(struct import_tally *t, uint64_t *more, size_t count)
{
    size_t i = 0, j = 0, n = 0;
    uint64_t *both;
    if (t->words == 0) {
        free(t->word);
        t->word = more;
        t->words = count;
        return 0;
    }
    both = malloc((t->words + count) * sizeof *both);
    if (both == NULL) {
        free(more);
        return ERR_NOMEM;
    }
    while (i < t->words || j < count) {
        bool ours = j == count || (i < t->words && t->word[i] <= more[j]);
        uint64_t next = ours ? t->word[i] : more[j];
        i += i < t->words && t->word[i] == next ? 1 : 0;
        j += j < count && more[j] == next ? 1 : 0;
        both[n++] = next;
    }
    free(more);
    free(t->word);
    t->word = both;
    t->words = n;
    return 0;
}

int import_tally_add(struct import_tally *t, const struct import_piece *p,
                     const struct calendar *c)
{
    struct period day = {0};
    uint64_t *word = malloc((p->count + 1) * sizeof *word);
    int rv = word == NULL ? ERR_NOMEM : 0;
    for (size_t i = 0; i < p->count && rv == 0; i++) {
        int64_t slot = p->view[i].slot;
        if (i == 0 || slot >= day.until_slot)
            day = period_at(c, PERIOD_DAY, slot);
        word[i] = pack(p->view[i].fp, day.number);
        rv = add_day(t, day.number, 1);
    }
    if (rv != 0) {
        free(word);
        return rv;
    }
    return join(t, word, settle(word, p->count));
}

uint64_t import_tally_count(struct import_tally *t)
{
    uint64_t visitors = 0;
    for (size_t i = 0; i < t->days; i++)
        t->day[i].visitors = 0;
    for (size_t i = 0; i < t->words; i++) {
        int64_t day = (int64_t)(t->word[i] & DAY_MASK) - DAY_ZERO;
        size_t at = position_of(t, day);
        if (at == t->days)
            at--;
        t->day[at].visitors++;
        if (i == 0 || t->word[i] >> DAY_BITS != t->word[i - 1] >> DAY_BITS)
            visitors++;
    }
    return visitors;
}
