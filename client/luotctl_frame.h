/* One picture of a live screen: lines from the top, each at its own place, each cut at the
 * right margin. Whatever a stranger named a page, it moves nothing but the end of its line. */
#ifndef LUOT_LUOTCTL_FRAME_H
#define LUOT_LUOTCTL_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/slice.h"

enum frame_style { FRAME_PLAIN, FRAME_HEADING, FRAME_CHOSEN, FRAME_ALARM };

struct frame {
    FILE *out; /* NULL: out of memory, nothing is drawn */
    char *bytes;
    size_t length;
    unsigned columns, rows;
    unsigned row, column; /* of what comes next; row 0: there is no line yet */
    bool colours;         /* else no style is shown                          */
};

void frame_begin(struct frame *ret_frame, unsigned columns, unsigned rows, bool colours);
/* The next line; below the last one what follows is not drawn. */
void frame_line(struct frame *f, enum frame_style style);
/* A line at the very bottom, the last one that is drawn. */
void frame_bottom(struct frame *f, enum frame_style style);
/* How many lines are left above the bottom one. */
unsigned frame_room(const struct frame *f);
void frame_text(struct frame *f, struct slice text);
void frame_format(struct frame *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Exactly so wide, and a gap of two. */
void frame_cell(struct frame *f, struct slice text, unsigned width, bool right);
void frame_number(struct frame *f, int64_t number, unsigned width);
/* Everything below is empty. `bytes` and `length` are there until it is released. */
void frame_end(struct frame *f);
void frame_release(struct frame *f);

#endif
