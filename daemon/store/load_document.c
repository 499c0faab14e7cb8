#include "store/load_document.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/error.h"

static const uint64_t number_max = (uint64_t)1 << 53;
static const uint64_t fp_max = ((uint64_t)1 << 44) - 2;
static const int64_t hour_max = LOAD_TIME_MAX_S / 3600;
static const int64_t day_min = -1, day_max = LOAD_TIME_MAX_S / 86400 + 1; /* any zone */
static const uint64_t slot_max = LOAD_TIME_MAX_S * 1000 / SLOT_MS;

struct reading {
    struct slice rest; /* lines that are to come */
    struct slice line;
    size_t number; /* of the line, from 1 */
    struct load_document *into;
    size_t day_room, hour_room, mark_room;
    struct load_top_room top_room;
    const char *wrong; /* what is wrong with the line */
};

static int wrong(struct reading *r, const char *what)
{
    r->wrong = what;
    return ERR_MALFORMED;
}

static bool next_line(struct reading *r)
{
    if (slice_find(r->rest, '\n') == r->rest.length)
        return false; /* none, or one that was cut off */
    r->line = slice_cut(&r->rest, '\n');
    r->number++;
    return true;
}

/* --- Words --- */

static bool take(struct slice *rest, const char *prefix)
{
    if (!slice_starts(*rest, slice_of(prefix)))
        return false;
    rest->at += strlen(prefix);
    rest->length -= strlen(prefix);
    return true;
}

/* The number of `NAME=N`, where the next word must be one. */
static int named(struct slice *rest, const char *name, int64_t *ret_number)
{
    struct slice word = slice_cut(rest, ' ');

    if (!take(&word, name) || !take(&word, "="))
        return ERR_MALFORMED;
    return slice_signed(word, ret_number);
}

static int named_count(struct slice *rest, const char *name, uint64_t *ret_number)
{
    int64_t number;

    if (named(rest, name, &number) != 0 || number < 0 || (uint64_t)number >= number_max)
        return ERR_MALFORMED;
    *ret_number = (uint64_t)number;
    return 0;
}

/* The byte of "%41", either case. */
static int read_escape(struct slice rest, char *ret_byte)
{
    char digits[2];
    uint64_t byte;

    if (rest.length < 3)
        return ERR_MALFORMED;
    for (int i = 0; i < 2; i++) {
        char c = rest.at[1 + i];
        digits[i] = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    }
    if (slice_hex((struct slice){digits, 2}, &byte) != 0 || byte == 0)
        return ERR_MALFORMED;
    *ret_byte = (char)byte;
    return 0;
}

static int read_name(struct slice text, char name[256])
{
    size_t n = 0;

    while (text.length > 0) {
        size_t used = text.at[0] == '%' ? 3 : 1;
        char byte = text.at[0];
        if (n == 255 || byte == '\0' || (used == 3 && read_escape(text, &byte) != 0))
            return ERR_MALFORMED;
        /* It is for people to read: no line, no colour of its own. */
        name[n++] = (unsigned char)byte < 0x20 || byte == 0x7F ? '?' : byte;
        text.at += used;
        text.length -= used;
    }
    name[n] = '\0';
    return 0;
}

/* --- The head --- */

static int read_source(struct reading *r)
{
    struct import_source *s = &r->into->source;
    struct slice rest = r->line;

    if (!take(&rest, "source ") ||
        slice_hex(slice_cut(&rest, ' '), &s->first_line) != 0 ||
        named_count(&rest, "bytes", &s->bytes) != 0 ||
        named_count(&rest, "lines", &s->lines) != 0 ||
        named_count(&rest, "parsed", &s->parsed) != 0 ||
        named_count(&rest, "malformed", &s->malformed) != 0 ||
        named_count(&rest, "views", &s->views) != 0 ||
        named_count(&rest, "skipped", &s->skipped) != 0 ||
        named(&rest, "from", &s->from_s) != 0 || named(&rest, "to", &s->to_s) != 0 ||
        !take(&rest, "name=") || read_name(rest, s->name) != 0)
        return wrong(r, "not a source");
    if (s->views > 0 &&
        (s->from_s < 0 || s->to_s < s->from_s || s->to_s > LOAD_TIME_MAX_S))
        return wrong(r, "from and to are not of 1970 to 2514");
    return 0;
}

static int read_number(struct reading *r, const char *name, uint64_t *ret_number)
{
    struct slice rest = r->line;

    if (!take(&rest, name) || !take(&rest, " ") || slice_number(rest, ret_number) != 0)
        return wrong(r, "another line was expected here");
    return 0;
}

static int read_head(struct reading *r)
{
    struct load_document *d = r->into;
    int rv;

    if (!next_line(r) || !slice_equal(r->line, SLICE("luot-load 1")))
        return wrong(r, "not a document that this luotd can load");
    if (!next_line(r) || !take(&r->line, "site "))
        return wrong(r, "the site is missing");
    d->site = r->line;
    if (!next_line(r) || (rv = read_number(r, "key_id", &d->key_id)) != 0)
        return wrong(r, "key_id is missing");
    if (!next_line(r) || (rv = read_source(r)) != 0)
        return wrong(r, "the source cannot be read");
    if (!next_line(r) || (rv = read_number(r, "from_byte", &d->from_byte)) != 0)
        return wrong(r, "from_byte is missing");
    if (d->source.bytes < d->from_byte)
        return wrong(r, "it ends before it begins");
    return 0;
}

/* --- Rows --- */

static int grow(void **array, size_t *room, size_t count, size_t size)
{
    size_t more = *room == 0 ? 64 : *room * 2;
    void *again;

    if (count < *room)
        return 0;
    again = realloc(*array, more * size);
    if (again == NULL)
        return ERR_NOMEM;
    *array = again;
    *room = more;
    return 0;
}

static int add_row(struct load_row **rows, size_t *room, size_t *count,
                   struct load_row row)
{
    void *array = *rows;
    int rv = grow(&array, room, *count, sizeof row);

    if (rv != 0)
        return rv;
    *rows = array;
    (*rows)[(*count)++] = row;
    return 0;
}

static int read_day(struct reading *r, struct slice rest)
{
    struct load_document *d = r->into;
    struct load_row row;

    if (date_parse(slice_cut(&rest, ' '), &row.number) != 0 ||
        named_count(&rest, "views", &row.views) != 0 || rest.length != 0)
        return wrong(r, "not a day");
    if (row.number < day_min || row.number > day_max)
        return wrong(r, "a day is not of 1970 to 2514");
    if (d->days > 0 && row.number <= d->day[d->days - 1].number)
        return wrong(r, "days must ascend");
    return add_row(&d->day, &r->day_room, &d->days, row);
}

static int read_hour(struct reading *r, struct slice rest)
{
    struct load_document *d = r->into;
    struct load_row row;

    if (slice_signed(slice_cut(&rest, ' '), &row.number) != 0 ||
        named_count(&rest, "views", &row.views) != 0 || rest.length != 0)
        return wrong(r, "not an hour");
    if (row.number < 0 || row.number > hour_max)
        return wrong(r, "an hour is not of 1970 to 2514");
    if (d->hours > 0 && row.number <= d->hour[d->hours - 1].number)
        return wrong(r, "hours must ascend");
    return add_row(&d->hour, &r->hour_room, &d->hours, row);
}

static int read_mark(struct reading *r, struct slice rest)
{
    struct load_document *d = r->into;
    struct mark m;
    void *array = d->marks.mark;
    uint64_t first, last;
    int rv;

    if (slice_hex(slice_cut(&rest, ' '), &m.fp) != 0 || m.fp == 0 || m.fp > fp_max ||
        slice_number(slice_cut(&rest, ' '), &first) != 0 ||
        slice_number(rest, &last) != 0 || last < first || last > slot_max)
        return wrong(r, "not a mark");
    m.first_slot = (int64_t)first;
    m.last_slot = (int64_t)last;
    rv = grow(&array, &r->mark_room, d->marks.count, sizeof m);
    d->marks.mark = array;
    if (rv == 0)
        d->marks.mark[d->marks.count++] = m;
    return rv;
}

static int read_rows(struct reading *r)
{
    int rv = 0;

    while (rv == 0) {
        struct slice rest;
        if (!next_line(r))
            return wrong(r, "`end` is missing: the document was cut off");
        rest = r->line;
        if (slice_equal(r->line, SLICE("end")))
            return r->rest.length == 0 ? 0 : wrong(r, "something follows the end");
        if (take(&rest, "day "))
            rv = read_day(r, rest);
        else if (take(&rest, "hour "))
            rv = read_hour(r, rest);
        else if (take(&rest, "mark "))
            rv = read_mark(r, rest);
        else if (take(&rest, "top "))
            rv = load_top_read(r->into, &r->top_room, rest, &r->wrong);
        else
            rv = wrong(r, "not a day, an hour, a top, a mark or the end");
    }
    return rv;
}

/* Do the rows add up to it? Each is below 2^53, as it is: no sum that may overflow. */
static bool views_are(const struct load_row *row, size_t n, uint64_t views)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n && sum <= views; i++)
        sum += row[i].views;
    return sum == views;
}

int load_document_parse(struct load_document *ret_document, struct slice text,
                        char ret_sentence[256])
{
    struct load_document d = {.days = 0};
    struct reading r = {.rest = text, .into = &d};
    int rv = read_head(&r);

    if (rv == 0)
        rv = read_rows(&r);
    if (rv == 0 && (!views_are(d.day, d.days, d.source.views) ||
                    !views_are(d.hour, d.hours, d.source.views)))
        rv = wrong(&r, "days, hours and the source do not have the same views");
    if (rv == 0 && d.marks.count > d.source.views)
        rv = wrong(&r, "there are more marks than views");
    if (rv != 0) {
        snprintf(ret_sentence, 256, "line %zu of the document: %s", r.number,
                 rv == ERR_MALFORMED ? r.wrong : error_text(rv));
        load_document_release(&d);
        return rv;
    }
    *ret_document = d;
    return 0;
}

void load_document_release(struct load_document *d)
{
    free(d->day);
    free(d->hour);
    free(d->top);
    free(d->keys);
    marks_release(&d->marks);
    *d = (struct load_document){.days = 0};
}
