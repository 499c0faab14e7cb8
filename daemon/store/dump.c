#include "store/dump.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/date.h"
#include "base/error.h"

enum type {
    COUNT,    /* of one day or less: sums of a million of them are still numbers      */
    TOTAL,    /* 0 to 2^48 */
    NUMBER,   /* 0 to 2^53 */
    OPTIONAL, /* the same, or "-"                                                       */
    SIGNED,   /* -2^53 to 2^53                                                          */
    SMALL,    /* 0 to 2^34: times, and numbers of quarters, hours, weeks and months     */
    FLAG,
    DAY,
    METRIC,
    KEY,
    NODE,
    HEX,  /* 16 digits, and then maybe a dot and a key: what came from another site */
    TEXT, /* at most 511 bytes                                                           */
    BLOB
};

/* Every line of the format: its word, then its values. The first has no name. */
static const struct {
    const char *word;
    struct {
        const char *name;
        enum type type;
    } field[DUMP_FIELDS + 1];
} lines[DUMP_KINDS] = {
#define LIVE                                                                             \
    {"node", NODE},                                                                      \
    {                                                                                    \
        "run", HEX                                                                       \
    }
    [DUMP_GAP] = {"gap", {{"", SMALL}, {"ends", SMALL}, {"node", NODE}}},
    [DUMP_SITE] = {"site",
                   {{"", KEY},
                    {"host", TEXT},
                    {"created", SMALL},
                    {"first_live", SMALL},
                    {"last_view", SMALL}}},
    [DUMP_TOTAL] = {"total", {{"", TOTAL}, {"visits", TOTAL}, LIVE}},
    [DUMP_DAY] = {"day",
                  {{"", DAY},
                   {"views", COUNT},
                   {"visits", COUNT},
                   {"visitors", COUNT},
                   {"exact", FLAG},
                   LIVE}},
    [DUMP_QUARTER] = {"quarter",
                      {{"", SMALL}, {"views", COUNT}, {"visits", COUNT}, LIVE}},
    [DUMP_WEEK] = {"week", {{"", SMALL}, {"visitors", COUNT}, {"exact", FLAG}, LIVE}},
    [DUMP_MONTH] = {"month", {{"", SMALL}, {"visitors", COUNT}, {"exact", FLAG}, LIVE}},
    [DUMP_SKETCH] = {"sketch", {{"", DAY}, LIVE, {"hll", BLOB}}},
    [DUMP_ADJUST] = {"adjust",
                     {{"", DAY},
                      {"metric", METRIC},
                      {"by", SIGNED},
                      {"at", SMALL},
                      {"uid", SMALL},
                      {"nth", SMALL},
                      {"note", TEXT}}},
    [DUMP_SEED] = {"seed",
                   {{"", METRIC},
                    {"total", NUMBER},
                    {"today", OPTIONAL},
                    {"week", OPTIONAL},
                    {"month", OPTIONAL},
                    {"as_of", SMALL},
                    {"less_total", NUMBER},
                    {"less_today", NUMBER},
                    {"less_week", NUMBER},
                    {"less_month", NUMBER},
                    {"adjusts", SMALL},
                    {"at", SMALL},
                    {"uid", SMALL},
                    {"note", TEXT}}},
    [DUMP_AUDIT] = {"audit",
                    {{"", SMALL}, {"uid", SMALL}, {"nth", SMALL}, {"what", TEXT}}},
    [DUMP_SOURCE] = {"source",
                     {{"", HEX},
                      {"bytes", NUMBER},
                      {"lines", NUMBER},
                      {"parsed", NUMBER},
                      {"malformed", NUMBER},
                      {"views", NUMBER},
                      {"skipped", NUMBER},
                      {"from", SMALL},
                      {"to", SMALL},
                      {"name", TEXT}}},
#define IMPORTED                                                                         \
    {"visits", SIGNED}, {"visitors", SIGNED}, {"of", NUMBER},                            \
    {                                                                                    \
        "source", HEX                                                                    \
    }
    [DUMP_IMPORTED_DAY] = {"imported-day", {{"", DAY}, {"views", COUNT}, IMPORTED}},
    [DUMP_IMPORTED_HOUR] = {"imported-hour", {{"", SMALL}, {"views", COUNT}, IMPORTED}},
    [DUMP_IMPORTED_WEEK] = {"imported-week", {{"", SMALL}, IMPORTED}},
    [DUMP_IMPORTED_MONTH] = {"imported-month", {{"", SMALL}, IMPORTED}},
};

static const char *const metrics[] = {"views", "visits", "visitors"};

static const int64_t small_max = (int64_t)1 << 34, day_max = ((int64_t)1 << 34) / 86400;

/* --- What a kind is --- */

const char *dump_word(enum dump_kind kind)
{
    return lines[kind].word;
}

unsigned dump_field_count(enum dump_kind kind)
{
    unsigned n = 0;

    while (n < DUMP_FIELDS && lines[kind].field[n].name != NULL)
        n++;
    return n;
}

int dump_node_field(enum dump_kind kind)
{
    for (unsigned i = 0; i + 1 < dump_field_count(kind); i++)
        if (lines[kind].field[i].type == NODE && lines[kind].field[i + 1].type == HEX)
            return (int)i;
    return -1;
}

static bool is_text(enum type t)
{
    return t == KEY || t == NODE || t == HEX || t == TEXT;
}

bool dump_is_text(enum dump_kind kind, unsigned field)
{
    return is_text(lines[kind].field[field].type);
}

bool dump_is_blob(enum dump_kind kind, unsigned field)
{
    return lines[kind].field[field].type == BLOB;
}

static enum dump_kind kind_of(struct slice word)
{
    for (int k = DUMP_NONE + 1; k < DUMP_KINDS; k++)
        if (slice_equal(slice_of(lines[k].word), word))
            return (enum dump_kind)k;
    return DUMP_NONE;
}

void dump_place_write(struct buffer *out, struct dump_place place)
{
    buffer_format(out, "%s:%lld", lines[place.kind].word, (long long)place.number);
}

int dump_place_parse(struct dump_place *ret_place, struct slice text)
{
    struct dump_place place = {.kind = kind_of(slice_cut(&text, ':'))};

    if (place.kind == DUMP_NONE || slice_signed(text, &place.number) != 0)
        return ERR_MALFORMED;
    *ret_place = place;
    return 0;
}

/* --- The tally --- */

void dump_tally_init(struct dump_tally *t)
{
    *t = (struct dump_tally){.rows = 0};
    crypto_hash_sha256_init(&t->sum);
}

void dump_tally_add(struct dump_tally *t, struct slice text, uint64_t rows,
                    uint64_t sites)
{
    crypto_hash_sha256_update(&t->sum, (const unsigned char *)text.at, text.length);
    t->rows += rows;
    t->sites += sites;
}

/* --- Writing --- */

/* Everything but plain printable ASCII, so that a line is always one line. */
static void write_text(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c > ' ' && c < 0x7f && c != '%')
            buffer_byte(out, (char)c);
        else
            buffer_format(out, "%%%02X", c);
    }
}

static void write_blob(struct buffer *out, struct slice bytes)
{
    char text[DUMP_LINE_MAX];

    if (sodium_base64_ENCODED_LEN(bytes.length, sodium_base64_VARIANT_ORIGINAL) >
        sizeof text) {
        out->error = ERR_FULL;
        return;
    }
    buffer_text(out, sodium_bin2base64(text, sizeof text, (const unsigned char *)bytes.at,
                                       bytes.length, sodium_base64_VARIANT_ORIGINAL));
}

static void write_value(struct buffer *out, enum type type, const struct dump_value *v)
{
    char date[11];

    if (type == DAY) {
        date_write(v->number, date);
        buffer_text(out, date);
    } else if (type == METRIC) {
        buffer_text(out, metrics[v->number >= 0 && v->number < 3 ? v->number : 0]);
    } else if (type == BLOB) {
        write_blob(out, v->text);
    } else if (is_text(type)) {
        write_text(out, v->text);
    } else if (v->absent) {
        buffer_byte(out, '-');
    } else {
        buffer_signed(out, v->number);
    }
}

static void tally_written(struct dump_tally *t, const struct buffer *out, size_t from,
                          uint64_t rows, uint64_t sites)
{
    dump_tally_add(t, (struct slice){out->at + from, out->length - from}, rows, sites);
}

void dump_write_first(struct buffer *out, struct dump_tally *t, const char *version,
                      const char *node, int64_t at_s)
{
    size_t from = out->length;

    buffer_text(out, "luot-dump 1 version=");
    write_text(out, slice_of(version));
    buffer_text(out, " node=");
    write_text(out, slice_of(node));
    buffer_format(out, " at=%lld\n", (long long)at_s);
    tally_written(t, out, from, 0, 0);
}

void dump_write_row(struct buffer *out, struct dump_tally *t, const struct dump_row *row)
{
    size_t from = out->length;

    buffer_text(out, lines[row->kind].word);
    for (unsigned i = 0; i < dump_field_count(row->kind); i++) {
        buffer_byte(out, ' ');
        buffer_text(out, lines[row->kind].field[i].name);
        if (i > 0)
            buffer_byte(out, '=');
        write_value(out, lines[row->kind].field[i].type, &row->value[i]);
    }
    buffer_byte(out, '\n');
    tally_written(t, out, from, 1, row->kind == DUMP_SITE);
}

/* The sum of all that was added so far; more may follow. */
static void tally_hex(const struct dump_tally *t, char hex[65])
{
    crypto_hash_sha256_state sum = t->sum;
    unsigned char bytes[crypto_hash_sha256_BYTES];

    crypto_hash_sha256_final(&sum, bytes);
    sodium_bin2hex(hex, 65, bytes, sizeof bytes);
}

void dump_write_last(struct buffer *out, const struct dump_tally *t,
                     struct dump_place next, int64_t state)
{
    char hex[65];

    tally_hex(t, hex);
    buffer_format(out, "end sites=%llu rows=%llu sha256=%s", (unsigned long long)t->sites,
                  (unsigned long long)t->rows, hex);
    if (next.kind != DUMP_NONE) {
        buffer_text(out, " next=");
        dump_place_write(out, next);
    }
    if (state != 0)
        buffer_format(out, " state=%lld", (long long)state);
    buffer_byte(out, '\n');
}

/* --- Reading --- */

struct memory { /* of one line's text */
    char *at;
    size_t left;
};

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* As write_text, to the letter: one text has one form. */
static int read_text(struct memory *m, struct slice word, struct slice *ret_text)
{
    size_t n = 0;

    if (word.length > m->left)
        return ERR_MALFORMED;
    for (size_t i = 0; i < word.length; i++) {
        char c = word.at[i];
        if (c == '%') {
            int high = i + 2 < word.length ? hex_digit(word.at[i + 1]) : -1;
            int low = i + 2 < word.length ? hex_digit(word.at[i + 2]) : -1;
            if (high < 0 || low < 0 || (high | low) == 0)
                return ERR_MALFORMED;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c <= ' ' || c == 0x7f) {
            return ERR_MALFORMED;
        }
        m->at[n++] = c;
    }
    *ret_text = (struct slice){m->at, n};
    m->at += n;
    m->left -= n;
    return 0;
}

static int read_blob(struct memory *m, struct slice word, struct slice *ret_bytes)
{
    size_t n = 0;

    if (word.length == 0 ||
        sodium_base642bin((unsigned char *)m->at, m->left, word.at, word.length, NULL, &n,
                          NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
        return ERR_MALFORMED;
    *ret_bytes = (struct slice){m->at, n};
    m->at += n;
    m->left -= n;
    return 0;
}

static int read_between(struct slice word, int64_t least, int64_t most,
                        int64_t *ret_number)
{
    int64_t number;

    if (word.length > 1 && (word.at[0] == '0' || word.at[0] == '+'))
        return ERR_MALFORMED; /* one number has one form */
    if (slice_signed(word, &number) != 0 || number < least || number > most)
        return ERR_MALFORMED;
    *ret_number = number;
    return 0;
}

static int read_metric(struct slice word, int64_t *ret_metric)
{
    for (int i = 0; i < 3; i++) {
        if (!slice_equal(slice_of(metrics[i]), word))
            continue;
        *ret_metric = i;
        return 0;
    }
    return ERR_MALFORMED;
}

static bool is_hex_name(struct slice text)
{
    struct slice key = {text.at + 17, text.length - 17};

    if (text.length < 16)
        return false;
    for (int i = 0; i < 16; i++)
        if (strchr("0123456789abcdef", text.at[i]) == NULL || text.at[i] == '\0')
            return false;
    return text.length == 16 || (text.at[16] == '.' && site_key_is_valid(key));
}

static int read_name(struct memory *m, enum type type, struct slice word,
                     struct slice *ret_text)
{
    struct slice text;

    if (read_text(m, word, &text) != 0)
        return ERR_MALFORMED;
    if ((type == KEY && !site_key_is_valid(text)) ||
        (type == HEX && !is_hex_name(text)) ||
        (type == NODE && (text.length == 0 || text.length > 63)) || text.length > 511)
        return ERR_MALFORMED;
    *ret_text = text;
    return 0;
}

static int read_value(struct memory *m, enum type type, struct slice word,
                      struct dump_value *ret_value)
{
    static const int64_t most[] = {[COUNT] = (int64_t)1 << 43,
                                   [TOTAL] = (int64_t)1 << 48,
                                   [NUMBER] = (int64_t)1 << 53,
                                   [OPTIONAL] = (int64_t)1 << 53,
                                   [SIGNED] = (int64_t)1 << 53,
                                   [SMALL] = (int64_t)1 << 34,
                                   [FLAG] = 1};

    *ret_value = (struct dump_value){.number = 0};
    if (type == BLOB)
        return read_blob(m, word, &ret_value->text);
    if (is_text(type))
        return read_name(m, type, word, &ret_value->text);
    if (type == METRIC)
        return read_metric(word, &ret_value->number);
    if (type == DAY)
        return date_parse(word, &ret_value->number) != 0 || ret_value->number < -1 ||
                       ret_value->number > day_max + 1
                   ? ERR_MALFORMED
                   : 0;
    ret_value->absent = type == OPTIONAL && slice_equal(word, SLICE("-"));
    if (ret_value->absent)
        return 0;
    return read_between(word, type == SIGNED ? -most[type] : 0, most[type],
                        &ret_value->number);
}

/* `NAME=`, off the word. */
static bool take_name(struct slice *word, const char *name)
{
    size_t n = strlen(name);

    if (!slice_starts(*word, slice_of(name)) || word->length == n || word->at[n] != '=')
        return false;
    word->at += n + 1;
    word->length -= n + 1;
    return true;
}

static int read_row(struct dump_row *ret_row, char memory[DUMP_LINE_MAX],
                    struct slice line)
{
    struct memory m = {memory, DUMP_LINE_MAX};
    struct slice rest = line;

    ret_row->kind = kind_of(slice_cut(&rest, ' '));
    if (ret_row->kind == DUMP_NONE)
        return ERR_MALFORMED;
    for (unsigned i = 0; i < dump_field_count(ret_row->kind); i++) {
        struct slice word = slice_cut(&rest, ' ');
        if ((i > 0 && !take_name(&word, lines[ret_row->kind].field[i].name)) ||
            read_value(&m, lines[ret_row->kind].field[i].type, word,
                       &ret_row->value[i]) != 0)
            return ERR_MALFORMED;
    }
    return rest.at == NULL ? 0 : ERR_MALFORMED;
}

static int copy_text(char *to, size_t size, struct slice word)
{
    struct memory m = {to, size - 1};
    struct slice text;

    if (read_text(&m, word, &text) != 0)
        return ERR_MALFORMED;
    to[text.length] = '\0';
    return 0;
}

static int read_first(struct dump_reader *r, struct slice line)
{
    struct slice rest = line, word;

    if (!slice_equal(slice_cut(&rest, ' '), SLICE("luot-dump")))
        return ERR_FOREIGN;
    if (!slice_equal(slice_cut(&rest, ' '), SLICE("1")))
        return ERR_VERSION;
    word = slice_cut(&rest, ' ');
    if (!take_name(&word, "version") || copy_text(r->version, sizeof r->version, word))
        return ERR_MALFORMED;
    word = slice_cut(&rest, ' ');
    if (!take_name(&word, "node") || copy_text(r->node, sizeof r->node, word))
        return ERR_MALFORMED;
    word = slice_cut(&rest, ' ');
    if (!take_name(&word, "at") || read_between(word, 0, small_max, &r->at_s) != 0 ||
        rest.at != NULL)
        return ERR_MALFORMED;
    return 0;
}

static int read_last(struct dump_reader *r, struct slice rest)
{
    int64_t sites, rows;
    struct slice word = slice_cut(&rest, ' ');
    char hex[65];

    if (!take_name(&word, "sites") || read_between(word, 0, INT64_MAX, &sites) != 0)
        return ERR_MALFORMED;
    word = slice_cut(&rest, ' ');
    if (!take_name(&word, "rows") || read_between(word, 0, INT64_MAX, &rows) != 0)
        return ERR_MALFORMED;
    word = slice_cut(&rest, ' ');
    tally_hex(&r->tally, hex);
    if (!take_name(&word, "sha256"))
        return ERR_MALFORMED;
    if (!slice_equal(word, slice_of(hex)) || (uint64_t)sites != r->tally.sites ||
        (uint64_t)rows != r->tally.rows)
        return ERR_CORRUPT;
    word = slice_cut(&rest, ' ');
    if (take_name(&word, "next")) {
        if (dump_place_parse(&r->next, word) != 0)
            return ERR_MALFORMED;
        word = slice_cut(&rest, ' ');
    }
    if (take_name(&word, "state")) {
        if (read_between(word, 0, INT64_MAX, &r->state) != 0)
            return ERR_MALFORMED;
        word = slice_cut(&rest, ' ');
    }
    r->ended = true;
    return word.at == NULL && rest.at == NULL ? 0 : ERR_MALFORMED;
}

void dump_reader_init(struct dump_reader *r)
{
    memset(r, 0, offsetof(struct dump_reader, memory));
    dump_tally_init(&r->tally);
}

static int take_line(struct dump_reader *r, struct slice line)
{
    struct slice text = {line.at, line.length - 1}, rest = text;
    int rv;

    r->row.kind = DUMP_NONE;
    if (r->ended)
        return ERR_MALFORMED;
    if (!r->begun) {
        rv = read_first(r, text);
        r->begun = true;
        if (rv == 0)
            dump_tally_add(&r->tally, line, 0, 0);
        return rv;
    }
    if (slice_equal(slice_cut(&rest, ' '), SLICE("end")))
        return read_last(r, rest);
    rv = read_row(&r->row, r->memory, text);
    if (rv == 0 && r->row.kind > DUMP_SITE && r->tally.sites == 0)
        rv = ERR_MALFORMED; /* whose is it? */
    if (rv == 0)
        dump_tally_add(&r->tally, line, 1, r->row.kind == DUMP_SITE);
    return rv;
}

static const char *why(const struct dump_reader *r, int code)
{
    if (code == ERR_FOREIGN)
        return "this is not a dump of luot; it would begin with `luot-dump 1`";
    if (code == ERR_VERSION)
        return "a newer luot made this dump; load it with that one";
    if (code == ERR_CORRUPT)
        return "what the last line says of the lines before it is not so: something was "
               "lost or changed on the way; copy or make the dump again";
    if (r->ended && r->row.kind == DUMP_NONE)
        return "something follows the last line, or is wrong in it; copy or make the "
               "dump again";
    return "this line cannot be read; copy or make the dump again";
}

int dump_reader_line(struct dump_reader *r, struct slice line, char ret_sentence[256])
{
    int rv = line.length == 0 || line.length > DUMP_LINE_MAX ||
                     line.at[line.length - 1] != '\n'
                 ? ERR_MALFORMED
                 : take_line(r, line);

    r->line++;
    if (rv != 0)
        snprintf(ret_sentence, 256, "line %llu: %s", (unsigned long long)r->line,
                 why(r, rv));
    return rv == ERR_FOREIGN ? ERR_MALFORMED : rv;
}

int dump_reader_end(const struct dump_reader *r, char ret_sentence[256])
{
    if (r->ended)
        return 0;
    snprintf(
        ret_sentence, 256,
        "the dump was cut off after line %llu: its last line (`end ...`) is missing; "
        "copy or make it again",
        (unsigned long long)r->line);
    return ERR_PARTIAL;
}
