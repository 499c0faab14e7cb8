#include "import_tops.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/error.h"

enum {
    LINE_BYTES = 128, /* of a row, but for its key                     */
    ESCAPED = 3,      /* bytes that one of a key takes at most         */
    SEEN_FIRST = 4096
};

/* --- Who was seen --- */

static uint64_t mix(uint64_t x)
{
    return x * UINT64_C(0x9E3779B97F4A7C15) >> 20;
}

static void put(uint64_t *seen, size_t slots, uint64_t word)
{
    size_t i = mix(word) & (slots - 1);

    while (seen[i] != 0)
        i = (i + 1) & (slots - 1);
    seen[i] = word;
}

static int grow_seen(struct import_tops *t)
{
    size_t slots = t->seen_slots == 0 ? SEEN_FIRST : 2 * t->seen_slots;
    uint64_t *seen = calloc(slots, sizeof *seen);

    if (seen == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < t->seen_slots; i++)
        if (t->seen[i] != 0)
            put(seen, slots, t->seen[i]);
    free(t->seen);
    t->seen = seen;
    t->seen_slots = slots;
    return 0;
}

/* Is it the visitor's first view of that day here? */
static bool is_first(struct import_tops *t, size_t day, uint64_t fp)
{
    uint64_t word = (fp << 8 | day) + 1;

    if (2 * (t->seen_count + 1) > t->seen_slots && (t->failed = grow_seen(t)) != 0)
        return false;
    for (size_t i = mix(word) & (t->seen_slots - 1); t->seen[i] != 0;
         i = (i + 1) & (t->seen_slots - 1))
        if (t->seen[i] == word)
            return false;
    put(t->seen, t->seen_slots, word);
    t->seen_count++;
    return true;
}

/* --- Adding --- */

static size_t find_day(struct import_tops *t, int64_t day)
{
    for (size_t i = t->days; i > 0; i--)
        if (t->day[i - 1].day == day)
            return i - 1;
    if (t->day == NULL)
        t->day = calloc(IMPORT_TOPS_DAYS, sizeof *t->day);
    if (t->day == NULL || t->days == IMPORT_TOPS_DAYS) {
        t->failed = ERR_NOMEM;
        return 0;
    }
    t->day[t->days].day = day;
    for (int d = 0; d < DIMENSIONS; d++)
        top_sum_init(&t->day[t->days].of[d]);
    t->bytes += (size_t)DIMENSIONS * LINE_BYTES; /* the rest of each */
    return t->days++;
}

void import_tops_add(struct import_tops *t, int64_t day, const struct visit *visit,
                     uint64_t fp)
{
    size_t at = t->failed == 0 ? find_day(t, day) : 0;
    bool first = t->failed == 0 && is_first(t, at, fp);

    for (int d = 0; d < DIMENSIONS && t->failed == 0; d++) {
        struct top_sum *sum = &t->day[at].of[d];
        size_t rows = sum->rows;

        if (visit->key[d].length == 0)
            continue;
        top_sum_add(sum, visit->key[d], 1, first ? 1 : 0);
        t->failed = sum->failed;
        if (sum->rows > rows && rows < IMPORT_TOPS_ROWS)
            t->bytes += LINE_BYTES + ESCAPED * (size_t)LUOT_TOP_KEY_MAX;
    }
}

bool import_tops_is_full(const struct import_tops *t)
{
    return t->days == IMPORT_TOPS_DAYS;
}

/* --- Writing --- */

static void write_key(struct buffer *b, struct slice key)
{
    for (size_t i = 0; i < key.length; i++) {
        unsigned char c = (unsigned char)key.at[i];

        if (c <= ' ' || c == '%' || c == 0x7F)
            buffer_format(b, "%%%02X", c);
        else
            buffer_byte(b, key.at[i]);
    }
}

static void write_row(struct buffer *b, const char *date, enum dimension d,
                      uint64_t views, uint64_t visitors, uint64_t lacks, struct slice key)
{
    buffer_format(b, "top %s %s %" PRIu64 " %" PRIu64 " %" PRIu64 " ", date,
                  dimension_word(d), views, visitors, lacks);
    write_key(b, key);
    buffer_byte(b, '\n');
}

/* Keys that found no room at all are in `other`: so many views may be any of them's. A key
 * that is cut off here and listed elsewhere lacks what it had here. */
static void write_sum(struct buffer *b, const char *date, enum dimension d,
                      struct top_sum *sum)
{
    uint64_t lacks = sum->other, cut = 0;

    top_sum_finish(sum, sum->rows);
    if (sum->rows > IMPORT_TOPS_ROWS)
        cut = sum->row[IMPORT_TOPS_ROWS].views;
    top_sum_finish(sum, IMPORT_TOPS_ROWS);
    for (size_t i = 0; i < sum->rows; i++)
        write_row(b, date, d, sum->row[i].views,
                  dimension_has_visitors(d) ? sum->row[i].visitors : 0, 0,
                  top_sum_key(sum, &sum->row[i]));
    if (sum->other > 0)
        write_row(b, date, d, sum->other, 0, lacks + cut, SLICE(""));
}

static int by_day(const void *a, const void *b)
{
    const struct import_top_day *x = a, *y = b;

    return (x->day > y->day) - (x->day < y->day);
}

int import_tops_write(struct import_tops *t, struct buffer *b)
{
    char date[11];

    if (t->days > 1)
        qsort(t->day, t->days, sizeof *t->day, by_day);
    for (size_t i = 0; i < t->days && t->failed == 0; i++) {
        date_write(t->day[i].day, date);
        for (int d = 0; d < DIMENSIONS; d++)
            write_sum(b, date, (enum dimension)d, &t->day[i].of[d]);
    }
    return t->failed;
}

void import_tops_clear(struct import_tops *t)
{
    for (size_t i = 0; i < t->days; i++)
        for (int d = 0; d < DIMENSIONS; d++)
            top_sum_release(&t->day[i].of[d]);
    free(t->day);
    free(t->seen);
    *t = (struct import_tops){.days = 0};
}
