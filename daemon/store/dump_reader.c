/* Reading a dump from its first line to its last, which must be true of the others. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "store/dump_lines.h"

static const int64_t small_max = (int64_t)1 << 34;

static int read_first(struct dump_reader *r, struct slice line)
{
    struct slice rest = line, word;

    if (!slice_equal(slice_cut(&rest, ' '), SLICE("luot-dump")))
        return ERR_FOREIGN;
    if (!slice_equal(slice_cut(&rest, ' '), SLICE("1")))
        return ERR_VERSION;
    word = slice_cut(&rest, ' ');
    if (!dump_take_name(&word, "version") ||
        dump_copy_text(r->version, sizeof r->version, word))
        return ERR_MALFORMED;
    word = slice_cut(&rest, ' ');
    if (!dump_take_name(&word, "node") || dump_copy_text(r->node, sizeof r->node, word))
        return ERR_MALFORMED;
    word = slice_cut(&rest, ' ');
    if (!dump_take_name(&word, "at") ||
        dump_read_between(word, 0, small_max, &r->at_s) != 0 || rest.at != NULL)
        return ERR_MALFORMED;
    return 0;
}

static int read_last(struct dump_reader *r, struct slice rest)
{
    int64_t sites, rows;
    struct slice word = slice_cut(&rest, ' ');
    char hex[65];

    if (!dump_take_name(&word, "sites") ||
        dump_read_between(word, 0, INT64_MAX, &sites) != 0)
        return ERR_MALFORMED;
    word = slice_cut(&rest, ' ');
    if (!dump_take_name(&word, "rows") ||
        dump_read_between(word, 0, INT64_MAX, &rows) != 0)
        return ERR_MALFORMED;
    word = slice_cut(&rest, ' ');
    dump_tally_hex(&r->tally, hex);
    if (!dump_take_name(&word, "sha256"))
        return ERR_MALFORMED;
    if (!slice_equal(word, slice_of(hex)) || (uint64_t)sites != r->tally.sites ||
        (uint64_t)rows != r->tally.rows)
        return ERR_CORRUPT;
    word = slice_cut(&rest, ' ');
    if (dump_take_name(&word, "next")) {
        if (dump_place_parse(&r->next, word) != 0)
            return ERR_MALFORMED;
        word = slice_cut(&rest, ' ');
    }
    if (dump_take_name(&word, "state")) {
        if (dump_read_between(word, 0, INT64_MAX, &r->state) != 0)
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
    rv = dump_read_row(&r->row, r->memory, text);
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
