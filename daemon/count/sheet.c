#include "count/sheet.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { NUMBERS_MAX = 72, SLOT_MOST = (1 << 20) - 2 };

#define NUMBER_MOST ((uint64_t)1 << 53)

/* --- Writing --- */

static void number(struct buffer *out, uint64_t n)
{
    buffer_byte(out, ' ');
    buffer_number(out, n);
}

static void signed_number(struct buffer *out, int64_t n)
{
    buffer_byte(out, ' ');
    buffer_signed(out, n);
}

static void write_key(struct buffer *out, const struct sheet_key *k)
{
    buffer_text(out, "key");
    number(out, k->id >> 1); /* half of it is enough, and is a number that all read */
    signed_number(out, k->base);
    signed_number(out, k->since_slot);
    number(out, k->count);
    buffer_byte(out, '\n');
    for (size_t i = 0; i < k->count; i++)
        for (unsigned byte = 0; byte < 8; byte++)
            buffer_byte(out, (char)(k->word[i] >> (8 * byte)));
    buffer_byte(out, '\n');
}

void sheet_write(struct buffer *out, const struct sheet *s)
{
    buffer_text(out, "luot-sheet 1");
    signed_number(out, s->slot);
    signed_number(out, s->online_slots);
    for (unsigned i = 0; i < SHEET_PERIODS; i++)
        signed_number(out, s->number[i]);
    number(out, s->total.views);
    number(out, s->total.visits);
    number(out, s->state);
    buffer_text(out, "\nvisitors");
    for (unsigned i = 0; i < SHEET_WINDOWS; i++) {
        number(out, s->visitors[i]);
        number(out, s->exact[i]);
    }
    buffer_text(out, "\nhits");
    for (unsigned i = 0; i < SHEET_SPANS; i++)
        for (unsigned step = 0; step < SHEET_STEPS; step++) {
            number(out, s->hits[i][step].views);
            number(out, s->hits[i][step].visits);
        }
    buffer_byte(out, '\n');
    for (unsigned i = 0; i < s->keys; i++)
        write_key(out, &s->key[i]);
    for (unsigned i = 0; i < SHEET_WINDOWS; i++) {
        if (s->hll[i].length == 0)
            continue;
        buffer_text(out, "hll");
        number(out, i);
        number(out, s->hll_key[i] >> 1);
        number(out, s->hll[i].length);
        buffer_byte(out, '\n');
        buffer_slice(out, s->hll[i]);
        buffer_byte(out, '\n');
    }
    buffer_text(out, "end\n");
}

/* --- Reading --- */

/* A line of `word` and exactly n numbers. */
static int take_numbers(struct slice *rest, const char *word, int64_t *ret_number,
                        size_t n)
{
    struct slice line;

    if (rest->at == NULL || slice_find(*rest, '\n') == rest->length)
        return ERR_MALFORMED;
    line = slice_cut(rest, '\n');
    if (!slice_equal(slice_cut(&line, ' '), slice_of(word)))
        return ERR_MALFORMED;
    for (size_t i = 0; i < n; i++)
        if (line.at == NULL || slice_signed(slice_cut(&line, ' '), &ret_number[i]) != 0)
            return ERR_MALFORMED;
    return line.at == NULL ? 0 : ERR_MALFORMED;
}

static bool are_counts(const int64_t *number, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (number[i] < 0 || (uint64_t)number[i] > NUMBER_MOST)
            return false;
    return true;
}

static bool is_slot(int64_t slot)
{
    return slot >= 0 && slot < (int64_t)1 << 40;
}

/* n bytes and the end of a line. */
static int take_bytes(struct slice *rest, size_t n, struct slice *ret_bytes)
{
    if (rest->at == NULL || rest->length < n + 1 || rest->at[n] != '\n')
        return ERR_MALFORMED;
    *ret_bytes = (struct slice){rest->at, n};
    *rest = (struct slice){rest->at + n + 1, rest->length - n - 1};
    return 0;
}

static int take_head(struct sheet *s, struct slice *rest)
{
    int64_t n[9];
    int rv = take_numbers(rest, "luot-sheet", n, 9);

    if (rv != 0)
        return rv;
    if (!is_slot(n[1]) || n[2] < 1 || n[2] > 7200 || !are_counts(n + 6, 3))
        return ERR_MALFORMED;
    s->slot = n[1];
    s->online_slots = n[2];
    for (unsigned i = 0; i < SHEET_PERIODS; i++)
        s->number[i] = n[3 + i];
    s->total = (struct hit_count){(uint64_t)n[6], (uint64_t)n[7]};
    s->state = (uint64_t)n[8];
    return 0;
}

static int take_counts(struct sheet *s, struct slice *rest)
{
    int64_t n[NUMBERS_MAX];
    int rv = take_numbers(rest, "visitors", n, 2 * SHEET_WINDOWS);

    if (rv != 0 || !are_counts(n, 2 * SHEET_WINDOWS))
        return ERR_MALFORMED;
    for (unsigned i = 0; i < SHEET_WINDOWS; i++) {
        s->visitors[i] = (uint64_t)n[2 * i];
        s->exact[i] = n[2 * i + 1] == 1;
    }
    rv = take_numbers(rest, "hits", n, 2 * SHEET_SPANS * SHEET_STEPS);
    if (rv != 0 || !are_counts(n, 2 * SHEET_SPANS * SHEET_STEPS))
        return ERR_MALFORMED;
    for (unsigned i = 0; i < SHEET_SPANS * SHEET_STEPS; i++)
        s->hits[i / SHEET_STEPS][i % SHEET_STEPS] =
            (struct hit_count){(uint64_t)n[2 * i], (uint64_t)n[2 * i + 1]};
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return left < right ? -1 : left > right;
}

static int read_words(struct sheet_key *k, struct slice bytes)
{
    for (size_t i = 0; i < k->count; i++) {
        uint64_t word = 0;

        for (unsigned byte = 8; byte-- > 0;)
            word = word << 8 | (uint8_t)bytes.at[8 * i + byte];
        if (sheet_fp(word) == 0 || (word & 0xfffff) == 0 || (word & 0xfffff) > SLOT_MOST)
            return ERR_MALFORMED;
        k->word[i] = word;
    }
    qsort(k->word, k->count, sizeof *k->word, by_number);
    for (size_t i = 1; i < k->count; i++)
        if (sheet_fp(k->word[i]) == sheet_fp(k->word[i - 1]))
            return ERR_MALFORMED; /* nobody is two visitors */
    return 0;
}

static int take_key(struct sheet *s, struct slice *rest, uint64_t *memory, size_t room)
{
    struct sheet_key *k = &s->key[s->keys];
    struct slice bytes;
    int64_t n[4];

    if (s->keys == SHEET_KEYS || take_numbers(rest, "key", n, 4) != 0 || n[0] < 0 ||
        !is_slot(n[1]) || n[2] < 0 || n[3] < 0 || n[3] > SHEET_WORDS)
        return ERR_MALFORMED;
    *k = (struct sheet_key){.id = (uint64_t)n[0] << 1,
                            .base = n[1],
                            .since_slot = n[2],
                            .count = (size_t)n[3],
                            .word = memory};
    if (k->count > room)
        return ERR_NOMEM;
    if (take_bytes(rest, 8 * k->count, &bytes) != 0 || read_words(k, bytes) != 0)
        return ERR_MALFORMED;
    for (unsigned i = 0; i < s->keys; i++)
        if (s->key[i].id == k->id)
            return ERR_MALFORMED;
    s->keys++;
    return 0;
}

static int take_hll(struct sheet *s, struct slice *rest)
{
    int64_t n[3];

    if (take_numbers(rest, "hll", n, 3) != 0 || n[0] < 0 || n[0] >= SHEET_WINDOWS ||
        n[1] < 0 || n[2] < 1 || n[2] > HLL_REDIS_MAX || s->hll[n[0]].length > 0)
        return ERR_MALFORMED;
    s->hll_key[n[0]] = (uint64_t)n[1] << 1;
    return take_bytes(rest, (size_t)n[2], &s->hll[n[0]]);
}

int sheet_parse(struct sheet *ret_sheet, struct slice bytes, uint64_t *memory,
                size_t room)
{
    struct sheet s = {0};
    struct slice rest = bytes;
    size_t used = 0;
    int rv;

    if (slice_starts(bytes, SLICE("luot-sheet ")) &&
        !slice_starts(bytes, SLICE("luot-sheet 1 ")))
        return ERR_VERSION;
    rv = bytes.length > SHEET_MAX ? ERR_MALFORMED : take_head(&s, &rest);
    if (rv == 0)
        rv = take_counts(&s, &rest);
    while (rv == 0 && slice_starts(rest, SLICE("key "))) {
        rv = take_key(&s, &rest, memory + used, room - used);
        used += rv == 0 ? s.key[s.keys - 1].count : 0;
    }
    while (rv == 0 && slice_starts(rest, SLICE("hll ")))
        rv = take_hll(&s, &rest);
    if (rv == 0 && !slice_equal(rest, SLICE("end\n")))
        rv = ERR_MALFORMED;
    if (rv == 0)
        *ret_sheet = s;
    return rv;
}

bool sheet_key_seen(const struct sheet_key *key, uint64_t fp, int64_t *ret_slot)
{
    size_t low = 0, high = key->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (sheet_fp(key->word[middle]) < fp)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == key->count || sheet_fp(key->word[low]) != fp)
        return false;
    *ret_slot = sheet_slot(key, key->word[low]);
    return true;
}
