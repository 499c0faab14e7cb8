/* Floor 3 (store), private to dump*.c: what each line of the format is made of. */
#ifndef LUOT_STORE_DUMP_LINES_H
#define LUOT_STORE_DUMP_LINES_H

#include "store/dump.h"

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

struct dump_line {
    const char *word;
    struct {
        const char *name;
        enum type type;
    } field[DUMP_FIELDS + 1];
};

extern const struct dump_line dump_lines[DUMP_KINDS]; /* dump.c */
extern const char *const dump_metrics[3];

enum { DUMP_DAY_MAX = 198841 }; /* the last day that a time of 2^34 s lies in */

/* Of TEXT and of names. */
static inline bool dump_type_is_text(enum type t)
{
    return t == KEY || t == NODE || t == HEX || t == TEXT;
}

/* The kind that a word begins; DUMP_NONE. */
enum dump_kind dump_kind_of(struct slice word);
/* The sum of all that was added so far; more may follow. */
void dump_tally_hex(const struct dump_tally *t, char ret_hex[65]);

/* --- dump_read.c: a line --- */
/* The line's text is kept in `memory`, which the row points into. ERR_MALFORMED. */
int dump_read_row(struct dump_row *ret_row, char memory[DUMP_LINE_MAX],
                  struct slice line);
/* `NAME=`, off the word. */
bool dump_take_name(struct slice *word, const char *name);
int dump_read_between(struct slice word, int64_t least, int64_t most,
                      int64_t *ret_number);
int dump_copy_text(char *to, size_t size, struct slice word);

#endif
