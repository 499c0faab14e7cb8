#include "luotctl_table.h"

#include <locale.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#include "base/error.h"

#define REPLACEMENT "\xEF\xBF\xBD"
#define CUT         "\xE2\x80\xA6"
enum {
    GAP = 2,      /* spaces between columns */
    MARKS_MAX = 8 /* on one character       */
};

struct table_cell {
    char *text;
    size_t width; /* columns on a terminal */
    enum table_cell_kind kind;
};

/* --- Characters --- */

/* The next character; 0xFFFD for what is none. *ret_bytes: how many bytes it took. */
static uint32_t character_at(struct slice s, size_t *ret_bytes)
{
    const unsigned char *p = (const unsigned char *)s.at;
    size_t length = p[0] < 0x80   ? 1
                    : p[0] < 0xC2 ? 0
                    : p[0] < 0xE0 ? 2
                    : p[0] < 0xF0 ? 3
                    : p[0] < 0xF5 ? 4
                                  : 0;
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t c = length == 1 ? p[0] : p[0] & (0x7FU >> length);
    *ret_bytes = 1;
    if (length == 0 || length > s.length)
        return 0xFFFD;
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0xFFFD;
        c = c << 6 | (p[i] & 0x3FU);
    }
    if (c < LEAST[length] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0xFFFD;
    *ret_bytes = length;
    return c;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* wcwidth knows wide characters only in a UTF-8 locale: ours, beside the user's. */
static int width_of(uint32_t c)
{
    static locale_t utf8;
    if (utf8 == (locale_t)0)
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (utf8 == (locale_t)0)
        return 1;
    locale_t before = uselocale(utf8);
    int width = wcwidth((wchar_t)c);
    uselocale(before);
    return width < 0 ? 1 : width;
}

size_t text_width(struct slice text)
{
    size_t width = 0, bytes;
    for (size_t i = 0; i < text.length; i += bytes) {
        uint32_t c = character_at((struct slice){text.at + i, text.length - i}, &bytes);
        width += (size_t)width_of(c);
    }
    return width;
}

/* Into memory of 3 * text.length + 1 bytes. */
static void copy_clean(char *to, struct slice text)
{
    size_t bytes;
    for (size_t i = 0; i < text.length; i += bytes) {
        uint32_t c = character_at((struct slice){text.at + i, text.length - i}, &bytes);
        bool bad = is_control(c) || (c == 0xFFFD && bytes == 1);
        const char *from = bad ? REPLACEMENT : text.at + i;
        size_t length = bad ? sizeof REPLACEMENT - 1 : bytes;
        memcpy(to, from, length);
        to += length;
    }
    *to = '\0';
}

void text_print(FILE *out, struct slice text)
{
    size_t bytes;
    for (size_t i = 0; i < text.length; i += bytes) {
        uint32_t c = character_at((struct slice){text.at + i, text.length - i}, &bytes);
        if (c != '\n' && c != '\t' && (is_control(c) || (c == 0xFFFD && bytes == 1)))
            fputs(REPLACEMENT, out);
        else
            fwrite(text.at + i, 1, bytes, out);
    }
}

/* U+FFFD needs one column, whatever stood there. */
static size_t fit_width(uint32_t c, bool bad)
{
    return bad ? 1 : (size_t)width_of(c);
}

size_t text_fit(FILE *out, struct slice text, size_t columns)
{
    if (columns == 0)
        return 0;
    bool cut = text_width(text) > columns;
    size_t room = cut ? columns - 1 : columns, used = 0, bytes;
    unsigned marks = 0;
    for (size_t i = 0; i < text.length; i += bytes) {
        uint32_t c = character_at((struct slice){text.at + i, text.length - i}, &bytes);
        bool bad = is_control(c) || (c == 0xFFFD && bytes == 1);
        size_t width = fit_width(c, bad);
        if (used + width > room)
            break;
        marks = width == 0 ? marks + 1 : 0;
        used += width;
        if (marks > MARKS_MAX)
            continue;
        if (bad)
            fputs(REPLACEMENT, out);
        else
            fwrite(text.at + i, 1, bytes, out);
    }
    if (cut)
        fputs(CUT, out);
    return used + cut;
}

void number_write(int64_t number, char ret_text[32])
{
    char digits[24];
    uint64_t magnitude = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)magnitude);
    char *to = ret_text;
    if (number < 0)
        *to++ = '-';
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = '.';
        *to++ = digits[i];
    }
    *to = '\0';
}

bool stream_has_colours(FILE *stream)
{
    const char *no = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    int fd = fileno(stream);
    return (no == NULL || *no == '\0') && terminal != NULL &&
           strcmp(terminal, "dumb") != 0 && fd >= 0 && isatty(fd);
}

/* --- A table --- */

void table_release(struct table *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->cell[i].text);
    free(t->cell);
    free(t->row);
    *t = (struct table){0};
}

/* Room for one more of `size` bytes; false: out of memory. */
static bool make_room(void **array, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity)
        return true;
    size_t larger = *capacity == 0 ? 64 : 2 * *capacity;
    void *grown = realloc(*array, larger * size);
    if (grown == NULL)
        return false;
    *array = grown;
    *capacity = larger;
    return true;
}

void table_row(struct table *t)
{
    void *rows = t->row;
    if (t->failed || !make_room(&rows, &t->rows_capacity, t->rows, sizeof *t->row)) {
        t->failed = true;
        return;
    }
    t->row = rows;
    t->row[t->rows++] = t->count;
}

void table_text(struct table *t, enum table_cell_kind kind, struct slice text)
{
    void *cells = t->cell;
    char *copy;
    if (t->failed)
        return;
    copy = malloc(3 * text.length + 1);
    if (copy == NULL || !make_room(&cells, &t->capacity, t->count, sizeof *t->cell)) {
        free(copy);
        t->failed = true;
        return;
    }
    t->cell = cells;
    copy_clean(copy, text);
    t->cell[t->count++] = (struct table_cell){copy, text_width(slice_of(copy)), kind};
}

void table_number(struct table *t, int64_t number)
{
    char text[32];
    number_write(number, text);
    table_text(t, CELL_NUMBER, slice_of(text));
}

static size_t row_end(const struct table *t, size_t row)
{
    return row + 1 < t->rows ? t->row[row + 1] : t->count;
}

static size_t count_columns(const struct table *t)
{
    size_t columns = 0;
    for (size_t r = 0; r < t->rows; r++)
        if (row_end(t, r) - t->row[r] > columns)
            columns = row_end(t, r) - t->row[r];
    return columns;
}

static void print_cell(const struct table_cell *cell, FILE *out, size_t width, bool left,
                       bool last, bool colours)
{
    bool right =
        !left && (cell->kind == CELL_NUMBER || cell->kind == CELL_HEADING_NUMBER);
    bool bold =
        colours && (cell->kind == CELL_HEADING || cell->kind == CELL_HEADING_NUMBER);
    int padding = (int)(width - cell->width);
    fprintf(out, "%*s%s%s%s%*s", right ? padding : 0, "", bold ? "\033[1m" : "",
            cell->text, bold ? "\033[0m" : "", right || last ? 0 : padding, "");
}

int table_print(const struct table *t, FILE *out, unsigned indent, bool colours)
{
    size_t columns = count_columns(t);
    size_t *width = calloc(columns + 1, sizeof *width);
    if (width == NULL || t->failed) {
        free(width);
        return ERR_NOMEM;
    }
    for (size_t r = 0; r < t->rows; r++)
        for (size_t i = t->row[r]; i < row_end(t, r); i++)
            if (t->cell[i].width > width[i - t->row[r]])
                width[i - t->row[r]] = t->cell[i].width;
    for (size_t r = 0; r < t->rows; r++) {
        size_t end = row_end(t, r);
        fprintf(out, "%*s", (int)indent, "");
        for (size_t i = t->row[r]; i < end; i++) {
            fprintf(out, "%*s", i > t->row[r] ? GAP : 0, "");
            print_cell(&t->cell[i], out, width[i - t->row[r]], t->left, i + 1 == end,
                       colours);
        }
        fputc('\n', out);
    }
    free(width);
    return ferror(out) ? ERR_IO : 0;
}
