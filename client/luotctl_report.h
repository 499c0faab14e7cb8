/* The monthly report as people want it: a table in the terminal, a file for a spreadsheet,
 * a page to print. In Vietnamese: it goes to offices of Vietnamese provinces. */
#ifndef LUOT_LUOTCTL_REPORT_H
#define LUOT_LUOTCTL_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* One line of it as text: of a site, a group, or the sum. */
enum report_column {
    REPORT_UNIT,
    REPORT_HOST,
    REPORT_VIEWS,
    REPORT_VISITS,
    REPORT_VISITORS,
    REPORT_PREVIOUS,
    REPORT_YEAR,
    REPORT_PAGE,       /* with its views, but not in a spreadsheet */
    REPORT_PAGE_VIEWS, /* of a spreadsheet only                    */
    REPORT_NOTE,
    REPORT_COLUMNS
};
enum { REPORT_CELL_MAX = 1024 };
enum report_kind { REPORT_SITE, REPORT_GROUP, REPORT_TOTAL };

struct report_line {
    enum report_kind kind;
    char cell[REPORT_COLUMNS][REPORT_CELL_MAX];
};

/* What stands over a column, and whether numbers stand in it. */
const char *report_heading(enum report_column column);
bool report_is_number(enum report_column column);
/* Has the report this column: comparisons are there when they were asked for. `plain`: in a
 * spreadsheet. */
bool report_has(const json_t *report, enum report_column column, bool plain);
/* `plain`: numbers as a spreadsheet takes them, 50510 and -12,3; else 50.510 and −12,3%. */
void report_line_write(struct report_line *ret_line, const json_t *report,
                       const json_t *row, enum report_kind kind, bool plain);
/* "Báo cáo tháng 12/2025", "Từ 15/12/2025 đến hết 14/01/2026", and remarks on all of it;
 * remarks end with a line each. */
void report_title(const json_t *report, char ret_title[128], char ret_span[128]);
void report_remarks(const json_t *report, FILE *out, const char *before,
                    const char *after);

/* luotctl_report_page.c: the cells that say which page was seen most, and what a note says
 * of it; `cell`: of a line, to which notes are added. */
void report_page_write(struct report_line *line, const json_t *row, bool plain);
void report_page_note(struct report_line *line, const json_t *row);
void report_note_add(char *cell, const char *note);

/* luotctl_report_formats.c. 0 or ERR_NOMEM. */
int report_table(const json_t *report, FILE *out, bool colours);
void report_csv(const json_t *report, FILE *out);
void report_html(const json_t *report, FILE *out);

#endif
