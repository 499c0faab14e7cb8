/* Floor 3 (store). The format of `luotctl dump`: all that a store keeps of its sites, as
 * lines, between machines and between stores. conf/dump.md is the same for people; a test
 * holds the two together.
 *
 *     luot-dump 1 version=0.1.0 node=vm-1 at=1795413600
 *     gap 1795410000 ends=1795410120 node=vm-1
 *     site portal host= created=1790000000 first_live=1790000000 last_view=1795413540
 *     day 2026-11-23 views=12 visits=5 visitors=4 exact=1 node=vm-1 run=00c0ffee00c0ffee
 *     ...
 *     end sites=1 rows=3 sha256=<64 hex digits>
 *
 * A line is a word, its first value, and the others as NAME=VALUE, always all of them, in
 * one order (the table in dump.c), with one space between and LF at the end. Days are
 * dates; times are unix seconds; text is percent-encoded UTF-8; sketches are base64.
 * Lines after a `site` are that site's. `rows` counts the lines between the first and the
 * last, and `sha256` is of every byte before the last line: a file that was cut, or in
 * which one bit is wrong, is refused before anything of it is taken.
 *
 * Rows of live counting say whose they are (node, run): they are absolute, so to load
 * them again changes nothing, and elsewhere they are history of another run. Rows of
 * imports say of which state of their source they are (`of`, its bytes).
 *
 * Pieces: what luotd answers to `dump` is one such document. Of a site that is longer than
 * a piece the last line has two words more, ` next=WORD:NUMBER`, where the next piece
 * begins, and ` state=N`, which must be the same in all pieces.
 *
 * Pure: knows no site, no store and no file. */
#ifndef LUOT_STORE_DUMP_H
#define LUOT_STORE_DUMP_H

#include <sodium/crypto_hash_sha256.h>

#include "base/buffer.h"

enum dump_kind { /* in the order that lines have in a dump */
                 DUMP_NONE,
                 DUMP_GAP,
                 DUMP_NAME,
                 DUMP_SITE,
                 DUMP_TOTAL,
                 DUMP_DAY,
                 DUMP_QUARTER,
                 DUMP_WEEK,
                 DUMP_MONTH,
                 DUMP_ENGAGED,
                 DUMP_SKETCH,
                 DUMP_TOP,
                 DUMP_TOP_MONTH,
                 DUMP_PAGE,
                 DUMP_PAGE_SEED,
                 DUMP_ADJUST,
                 DUMP_SEED,
                 DUMP_AUDIT,
                 DUMP_SOURCE,
                 DUMP_IMPORTED_DAY,
                 DUMP_IMPORTED_HOUR,
                 DUMP_IMPORTED_WEEK,
                 DUMP_IMPORTED_MONTH,
                 DUMP_KINDS
};

enum {
    DUMP_FIELDS = 14,        /* at most, of a line                      */
    DUMP_LINE_MAX = 32 << 10 /* bytes, with its end                     */
};

struct dump_value {
    int64_t number;
    struct slice text; /* of text, names and blobs */
    bool absent;       /* an optional number: "-"  */
};

/* Values in the order of dump.c's table. */
struct dump_row {
    enum dump_kind kind;
    struct dump_value value[DUMP_FIELDS];
};

/* Where a piece begins: {DUMP_NONE, 0} is the beginning. */
struct dump_place {
    enum dump_kind kind;
    int64_t number; /* of a row: its first value */
};

/* What is known of a kind. */
const char *dump_word(enum dump_kind kind);
unsigned dump_field_count(enum dump_kind kind);
/* Which value is one, or -1: the node of live rows (the run is the next one). */
int dump_node_field(enum dump_kind kind);
bool dump_is_text(enum dump_kind kind, unsigned field);
bool dump_is_blob(enum dump_kind kind, unsigned field);

/* "imported-hour:495000", both ways. */
void dump_place_write(struct buffer *out, struct dump_place place);
int dump_place_parse(struct dump_place *ret_place, struct slice text);

/* What the last line says of the lines before it. */
struct dump_tally {
    crypto_hash_sha256_state sum;
    uint64_t sites, rows;
};

void dump_tally_init(struct dump_tally *t);
/* Lines as they stand, each with its end. A first line is no row. */
void dump_tally_add(struct dump_tally *t, struct slice lines, uint64_t rows,
                    uint64_t sites);

/* Each writes one line and adds it to the tally. */
void dump_write_first(struct buffer *out, struct dump_tally *t, const char *version,
                      const char *node, int64_t at_s);
void dump_write_row(struct buffer *out, struct dump_tally *t, const struct dump_row *row);
/* `next`: where the next piece begins; DUMP_NONE: this is all. */
void dump_write_last(struct buffer *out, const struct dump_tally *t,
                     struct dump_place next, int64_t state);

/* Reading, line by line. Some 50 KiB: not on a small stack. */
struct dump_reader {
    struct dump_tally tally;
    uint64_t line; /* how many were read                                          */
    bool begun, ended;
    char node[64], version[32];
    int64_t at_s;
    struct dump_place next; /* of the last line                                     */
    int64_t state;
    struct dump_row row; /* of the line that was read; DUMP_NONE: it held no row      */
    char memory[DUMP_LINE_MAX]; /* its text */
};

void dump_reader_init(struct dump_reader *r);
/* `line` with its LF. r->row is good until the next call. ERR_MALFORMED, ERR_VERSION (a
 * newer luot's), ERR_CORRUPT (the last line says something else), with a sentence. */
int dump_reader_line(struct dump_reader *r, struct slice line, char ret_sentence[256]);
/* Was that all of it? ERR_PARTIAL, with a sentence: it was cut. */
int dump_reader_end(const struct dump_reader *r, char ret_sentence[256]);

#endif
