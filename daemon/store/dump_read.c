/* Reading one line of a dump: each text, number and row has one form, and no other is
 * taken. */
#include <sodium.h>
#include <string.h>

#include "base/config.h"
#include "base/date.h"
#include "base/error.h"
#include "store/dump_lines.h"

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

int dump_read_between(struct slice word, int64_t least, int64_t most, int64_t *ret_number)
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
        if (!slice_equal(slice_of(dump_metrics[i]), word))
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
    if (dump_type_is_text(type))
        return read_name(m, type, word, &ret_value->text);
    if (type == METRIC)
        return read_metric(word, &ret_value->number);
    if (type == DAY)
        return date_parse(word, &ret_value->number) != 0 || ret_value->number < -1 ||
                       ret_value->number > DUMP_DAY_MAX + 1
                   ? ERR_MALFORMED
                   : 0;
    ret_value->absent = type == OPTIONAL && slice_equal(word, SLICE("-"));
    if (ret_value->absent)
        return 0;
    return dump_read_between(word, type == SIGNED ? -most[type] : 0, most[type],
                             &ret_value->number);
}

/* `NAME=`, off the word. */
bool dump_take_name(struct slice *word, const char *name)
{
    size_t n = strlen(name);

    if (!slice_starts(*word, slice_of(name)) || word->length == n || word->at[n] != '=')
        return false;
    word->at += n + 1;
    word->length -= n + 1;
    return true;
}

int dump_read_row(struct dump_row *ret_row, char memory[DUMP_LINE_MAX], struct slice line)
{
    struct memory m = {memory, DUMP_LINE_MAX};
    struct slice rest = line;

    ret_row->kind = dump_kind_of(slice_cut(&rest, ' '));
    if (ret_row->kind == DUMP_NONE)
        return ERR_MALFORMED;
    for (unsigned i = 0; i < dump_field_count(ret_row->kind); i++) {
        struct slice word = slice_cut(&rest, ' ');
        if ((i > 0 && !dump_take_name(&word, dump_lines[ret_row->kind].field[i].name)) ||
            read_value(&m, dump_lines[ret_row->kind].field[i].type, word,
                       &ret_row->value[i]) != 0)
            return ERR_MALFORMED;
    }
    return rest.at == NULL ? 0 : ERR_MALFORMED;
}

int dump_copy_text(char *to, size_t size, struct slice word)
{
    struct memory m = {to, size - 1};
    struct slice text;

    if (read_text(&m, word, &text) != 0)
        return ERR_MALFORMED;
    to[text.length] = '\0';
    return 0;
}
