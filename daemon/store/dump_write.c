/* Writing a dump. */
#include <sodium.h>

#include "base/date.h"
#include "base/error.h"
#include "store/dump_lines.h"

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
        buffer_text(out, dump_metrics[v->number >= 0 && v->number < 3 ? v->number : 0]);
    } else if (type == BLOB) {
        write_blob(out, v->text);
    } else if (dump_type_is_text(type)) {
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

    buffer_text(out, dump_lines[row->kind].word);
    for (unsigned i = 0; i < dump_field_count(row->kind); i++) {
        buffer_byte(out, ' ');
        buffer_text(out, dump_lines[row->kind].field[i].name);
        if (i > 0)
            buffer_byte(out, '=');
        write_value(out, dump_lines[row->kind].field[i].type, &row->value[i]);
    }
    buffer_byte(out, '\n');
    tally_written(t, out, from, 1, row->kind == DUMP_SITE);
}
void dump_write_last(struct buffer *out, const struct dump_tally *t,
                     struct dump_place next, int64_t state)
{
    char hex[65];

    dump_tally_hex(t, hex);
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
