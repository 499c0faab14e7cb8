/* Tables for people: columns as wide as what stands in them, measured as a terminal
 * shows it (wide and combining characters), numbers to the right. */
#ifndef LUOT_LUOTCTL_TABLE_H
#define LUOT_LUOTCTL_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/slice.h"

enum table_cell_kind { CELL_TEXT, CELL_NUMBER, CELL_HEADING, CELL_HEADING_NUMBER };

struct table {
    struct table_cell *cell; /* row after row */
    size_t count, capacity;
    size_t *row; /* index of each row's first cell */
    size_t rows, rows_capacity;
    bool left;   /* numbers stand to the left, like text */
    bool failed; /* out of memory: nothing is printed    */
};

/* All zero is an empty table. */
void table_release(struct table *t);
void table_row(struct table *t); /* the cells that follow are a new row's */
/* Copies. Control bytes and what is no UTF-8 become U+FFFD: a page's name comes from
 * strangers and may not move the cursor. */
void table_text(struct table *t, enum table_cell_kind kind, struct slice text);
void table_number(struct table *t, int64_t number);
/* Each row after `indent` spaces; `colours`: headings in bold. ERR_NOMEM, ERR_IO. */
int table_print(const struct table *t, FILE *out, unsigned indent, bool colours);

/* 50510 as "50.510", the way it is written in Vietnam. */
void number_write(int64_t number, char ret_text[32]);
/* Columns that a terminal needs for a text. UTF-8 whatever the locale says. */
size_t text_width(struct slice text);
/* Writes as much of a text as fits into so many columns, "…" for the rest; how many it
 * needs. Line ends and all that moves a cursor become U+FFFD, and of marks that need no
 * column no more than eight stand on a character: letters of no language have as many. */
size_t text_fit(FILE *out, struct slice text, size_t columns);
/* May this stream have colours: a terminal, and no NO_COLOR. */
bool stream_has_colours(FILE *stream);
/* Writes a text as it is, but for control bytes (not \n and \t), which become U+FFFD. */
void text_print(FILE *out, struct slice text);

#endif
