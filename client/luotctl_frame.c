#include "luotctl_frame.h"

#include <stdarg.h>
#include <stdlib.h>

#include "luotctl_table.h"

enum { GAP = 2, FORMAT_MAX = 512 };

void frame_begin(struct frame *ret_frame, unsigned columns, unsigned rows, bool colours)
{
    struct frame *f = ret_frame;

    *f = (struct frame){.columns = columns, .rows = rows, .colours = colours};
    f->out = open_memstream(&f->bytes, &f->length);
}

static bool is_drawn(const struct frame *f)
{
    return f->out != NULL && f->row > 0 && f->row <= f->rows;
}

/* A line is emptied before it is written: behind what fills it, the cursor stands on its
 * last character. */
static void go_to(struct frame *f, unsigned row, enum frame_style style)
{
    static const char *const styles[] = {[FRAME_PLAIN] = "\033[0m",
                                         [FRAME_HEADING] = "\033[0;1m",
                                         [FRAME_CHOSEN] = "\033[0;7m",
                                         [FRAME_ALARM] = "\033[0;1;31m"};

    f->row = row;
    f->column = 0;
    if (is_drawn(f))
        fprintf(f->out, "\033[%u;1H%s\033[2K%s", row, f->colours ? "\033[0m" : "",
                f->colours ? styles[style] : "");
}

void frame_line(struct frame *f, enum frame_style style)
{
    go_to(f, f->row + 1, style);
}

void frame_bottom(struct frame *f, enum frame_style style)
{
    if (f->row < f->rows && f->out != NULL)
        fprintf(f->out, "\033[%u;1H%s\033[J", f->row + 1, f->colours ? "\033[0m" : "");
    go_to(f, f->rows, style);
}

unsigned frame_room(const struct frame *f)
{
    return f->row + 1 < f->rows ? f->rows - f->row - 1 : 0;
}

void frame_text(struct frame *f, struct slice text)
{
    if (is_drawn(f) && f->column < f->columns)
        f->column += (unsigned)text_fit(f->out, text, f->columns - f->column);
}

void frame_format(struct frame *f, const char *format, ...)
{
    char text[FORMAT_MAX];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    frame_text(f, slice_of(text));
}

static void spaces(struct frame *f, unsigned n)
{
    for (; n > 0; n--)
        frame_text(f, SLICE(" "));
}

void frame_cell(struct frame *f, struct slice text, unsigned width, bool right)
{
    unsigned from = f->column, whole = f->columns;
    size_t needs = text_width(text);

    if (f->columns > from + width)
        f->columns = from + width; /* what is longer is cut there */
    if (right && needs < width)
        spaces(f, width - (unsigned)needs);
    frame_text(f, text);
    f->columns = whole;
    if (is_drawn(f))
        spaces(f, from + width + GAP - f->column);
}

void frame_number(struct frame *f, int64_t number, unsigned width)
{
    char text[32];

    number_write(number, text);
    frame_cell(f, slice_of(text), width, true);
}

void frame_end(struct frame *f)
{
    if (f->out == NULL)
        return;
    if (f->colours)
        fputs("\033[0m", f->out);
    if (f->row < f->rows)
        fprintf(f->out, "\033[%u;1H\033[J", f->row + 1);
    if (fclose(f->out) != 0)
        f->length = 0;
    f->out = NULL;
}

void frame_release(struct frame *f)
{
    if (f->out != NULL)
        fclose(f->out);
    free(f->bytes);
    *f = (struct frame){.out = NULL};
}
