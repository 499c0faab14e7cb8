/* A picture of a live screen, and texts that are cut to fit into it. */
#include "luotctl_frame.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "luotctl_table.h"

static size_t fitted(char ret_text[512], const char *text, size_t columns)
{
    FILE *out = fmemopen(ret_text, 512, "w");
    size_t used = text_fit(out, slice_of(text), columns);

    fclose(out);
    return used;
}

static void expect_fit(const char *text, size_t columns, const char *shown, size_t used)
{
    char got[512] = "";

    cr_expect_eq(fitted(got, text, columns), used, "\"%s\" in %zu", text, columns);
    cr_expect_str_eq(got, shown);
}

Test(text_fit, shows_all_that_fits_and_says_what_does_not)
{
    expect_fit("/tin", 4, "/tin", 4);
    expect_fit("/tin", 3, "/t…", 3);
    expect_fit("/tin", 1, "…", 1);
    expect_fit("/tin", 0, "", 0);
    expect_fit("", 0, "", 0);
}

Test(text_fit, counts_columns_as_a_terminal_does)
{
    expect_fit("đại hội", 7, "đại hội", 7);
    expect_fit("a\u0323\u0302n", 2, "a\u0323\u0302n", 2);
    expect_fit("漢字", 4, "漢字", 4);
    expect_fit("漢字", 3, "漢…", 3);
    expect_fit("漢字x", 4, "漢…", 3); /* half of a character does not fit */
}

Test(text_fit, lets_nothing_move_the_cursor)
{
    expect_fit("\033[2J", 9, "\uFFFD[2J", 4);
    expect_fit("a\nb\tc\rd", 9, "a\uFFFDb\uFFFDc\uFFFDd", 7);
    expect_fit("\xC2\x9B"
               "31m",
               9, "\uFFFD31m", 4);
    expect_fit("\x9B\xFF", 9, "\uFFFD\uFFFD", 2);
    expect_fit("\u202Eabc", 9, "\uFFFDabc", 4);
}

Test(text_fit, leaves_out_marks_that_pile_up)
{
    char text[512] = "e", got[512] = "";

    for (int i = 0; i < 100; i++)
        strcat(text, "\u0301");
    cr_expect_eq(fitted(got, text, 10), 1);
    cr_expect_eq(strlen(got), 1 + 8 * 2,
                 "eight of them are more than any language needs");
}

/* --- Frames --- */

static void expect_drawn(struct frame *f, const char *bytes)
{
    frame_end(f);
    cr_assert_eq(f->length, strlen(f->bytes));
    cr_expect_str_eq(f->bytes, bytes);
    frame_release(f);
}

Test(frame, gives_each_line_a_place_of_its_own)
{
    struct frame f;

    frame_begin(&f, 10, 3, false);
    frame_line(&f, FRAME_HEADING);
    frame_text(&f, SLICE("one"));
    frame_line(&f, FRAME_PLAIN);
    frame_text(&f, SLICE("two, and too long"));
    expect_drawn(&f, "\033[1;1H\033[2Kone\033[2;1H\033[2Ktwo, and …\033[3;1H\033[J");
}

Test(frame, draws_nothing_below_its_last_line)
{
    struct frame f;

    frame_begin(&f, 10, 2, false);
    for (int i = 0; i < 5; i++) {
        frame_line(&f, FRAME_PLAIN);
        frame_format(&f, "%d", i);
    }
    cr_expect_eq(frame_room(&f), 0);
    frame_bottom(&f, FRAME_PLAIN);
    frame_text(&f, SLICE("end"));
    expect_drawn(&f, "\033[1;1H\033[2K0\033[2;1H\033[2K1\033[2;1H\033[2Kend");
}

Test(frame, aligns_cells_and_cuts_them_at_their_width)
{
    struct frame f;

    frame_begin(&f, 80, 1, false);
    frame_line(&f, FRAME_PLAIN);
    frame_cell(&f, SLICE("ab"), 4, false);
    frame_number(&f, 1234, 7);
    frame_cell(&f, SLICE("abcdef"), 4, true);
    frame_cell(&f, SLICE("漢字"), 3, true);
    frame_text(&f, SLICE("|"));
    expect_drawn(&f, "\033[1;1H\033[2Kab      1.234  abc…  漢…  |");
}

Test(frame, shows_styles_only_where_colours_may_be)
{
    struct frame f;

    frame_begin(&f, 80, 1, true);
    frame_line(&f, FRAME_ALARM);
    frame_text(&f, SLICE("x"));
    expect_drawn(&f, "\033[1;1H\033[0m\033[2K\033[0;1;31mx\033[0m");
}
