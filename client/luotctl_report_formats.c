/* The monthly report, three ways. */
#include <string.h>

#include "luotctl_report.h"
#include "luotctl_table.h"

typedef void write_line(void *context, const struct report_line *line);

/* All lines: sites, groups, and the sum of them when there are several. */
static void each_line(const json_t *report, bool plain, write_line *write, void *context)
{
    static const struct {
        const char *key;
        enum report_kind kind;
    } parts[] = {{"rows", REPORT_SITE}, {"groups", REPORT_GROUP}};
    const json_t *rows = json_object_get(report, "rows"), *row;
    static struct report_line line; /* 10 KiB; luotctl has one thread */
    size_t i;

    for (int p = 0; p < 2; p++)
        json_array_foreach(json_object_get(report, parts[p].key), i, row)
        {
            report_line_write(&line, report, row, parts[p].kind, plain);
            write(context, &line);
        }
    if (json_array_size(rows) < 2)
        return;
    report_line_write(&line, report, json_object_get(report, "total"), REPORT_TOTAL,
                      plain);
    write(context, &line);
}

struct writing {
    const json_t *report;
    FILE *out;
    struct table *table;
};

/* --- For a terminal --- */

static void table_line(void *context, const struct report_line *line)
{
    const struct writing *w = context;

    table_row(w->table);
    for (int c = 0; c < REPORT_COLUMNS; c++)
        if (report_has(w->report, (enum report_column)c, false))
            table_text(w->table,
                       report_is_number((enum report_column)c) ? CELL_NUMBER : CELL_TEXT,
                       line->cell[c][0] == '\0' ? SLICE("–") : slice_of(line->cell[c]));
}

int report_table(const json_t *report, FILE *out, bool colours)
{
    struct table table = {0};
    struct writing w = {report, out, &table};
    char title[128], span[128];
    int rv;

    report_title(report, title, span);
    fprintf(out, "%s\n%s\n\n", title, span);
    table_row(&table);
    for (int c = 0; c < REPORT_COLUMNS; c++)
        if (report_has(report, (enum report_column)c, false))
            table_text(&table,
                       report_is_number((enum report_column)c) ? CELL_HEADING_NUMBER
                                                               : CELL_HEADING,
                       slice_of(report_heading((enum report_column)c)));
    each_line(report, false, table_line, &w);
    rv = table_print(&table, out, 0, colours);
    table_release(&table);
    fputc('\n', out);
    report_remarks(report, out, "", "\n");
    return rv;
}

/* --- For a spreadsheet ---
 *
 * UTF-8 with a mark, or Excel takes it for something else; `;` between cells, as programs
 * of a language with a decimal comma expect. A cell of text that a program would take for
 * a formula begins with an apostrophe: titles are people's, pages are strangers'. */

static void csv_cell(FILE *out, const char *text, bool number)
{
    if (!number && strchr("=+-@\t\r", text[0]) != NULL && text[0] != '\0')
        fprintf(out, "\"'");
    else
        fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
    }
    fputc('"', out);
}

static void csv_line(void *context, const struct report_line *line)
{
    const struct writing *w = context;

    for (int c = 0; c < REPORT_COLUMNS; c++) {
        bool number = report_is_number((enum report_column)c);

        if (!report_has(w->report, (enum report_column)c, true))
            continue;
        if (c > 0)
            fputc(';', w->out);
        if (number)
            fputs(line->cell[c], w->out);
        else
            csv_cell(w->out, line->cell[c], false);
    }
    fputs("\r\n", w->out);
}

void report_csv(const json_t *report, FILE *out)
{
    struct writing w = {report, out, NULL};

    fputs("\xEF\xBB\xBF", out);
    for (int c = 0; c < REPORT_COLUMNS; c++) {
        bool percent = c == REPORT_PREVIOUS || c == REPORT_YEAR;

        if (!report_has(report, (enum report_column)c, true))
            continue;
        fprintf(out, "%s\"%s%s\"", c > 0 ? ";" : "",
                report_heading((enum report_column)c), percent ? " (%)" : "");
    }
    fputs("\r\n", out);
    each_line(report, true, csv_line, &w);
}

/* --- To print --- */

/* Widths are the columns' own, in parts of the table: by their contents a long address would
 * leave nothing to the names beside it. */
static const unsigned widths[REPORT_COLUMNS] = {
    [REPORT_UNIT] = 18,  [REPORT_HOST] = 16,    [REPORT_VIEWS] = 9,
    [REPORT_VISITS] = 9, [REPORT_VISITORS] = 9, [REPORT_PREVIOUS] = 8,
    [REPORT_YEAR] = 8,   [REPORT_PAGE] = 19,    [REPORT_NOTE] = 15};

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"vi\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light\">\n";
static const char page_style[] =
    "<style>\n"
    "@page { size: A4 landscape; margin: 12mm 12mm 16mm;"
    " @bottom-right { content: counter(page) \" / \" counter(pages);"
    " font: 9px system-ui, \"Noto Sans\", sans-serif; color: #57606a } }\n"
    "body { font: 14px/1.45 system-ui, \"Noto Sans\", sans-serif; color: #1b1f24;"
    " background: #fff; margin: 2em auto; max-width: 96em; padding: 0 1em }\n"
    "h1 { font-size: 1.6em; margin: 0 }\n"
    ".span { color: #57606a; margin: .2em 0 1.4em }\n"
    ".wide { overflow-x: auto }\n"
    "table { border-collapse: collapse; table-layout: fixed; width: 100%;"
    " min-width: 80em }\n"
    "th { text-align: left; border-bottom: 2px solid #1b1f24; vertical-align: bottom }\n"
    "th, td { padding: .35em .5em; overflow-wrap: anywhere }\n"
    "td { border-bottom: 1px solid #d0d7de; vertical-align: top }\n"
    ".n { text-align: right }\n"
    "th.n { overflow-wrap: normal } .n + :not(.n) { padding-left: 1.2em }\n"
    "td.n { white-space: nowrap; font-variant-numeric: tabular-nums }\n"
    ".group td, .total td { font-weight: 600; background: #f3f5f7 }\n"
    ".total td { border-top: 2px solid #1b1f24 }\n"
    ".remarks { color: #57606a; margin-top: 1.2em; padding-left: 1.2em }\n"
    "tr, .remarks { break-inside: avoid } thead { display: table-header-group }\n"
    "@media print { body { margin: 0; max-width: none; padding: 0; font-size: 10.5px }"
    " .wide { overflow: visible } table { min-width: 0 }"
    " .group td, .total td { print-color-adjust: exact } }\n"
    "</style>\n";

static void html_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
}

/* An address may be broken behind a dot or a slash, and not in a word. */
static void html_address(FILE *out, const char *text)
{
    char piece[2] = "";

    for (; *text != '\0'; text++) {
        piece[0] = *text;
        html_text(out, piece);
        if (strchr("./_=?&", *text) != NULL && text[1] != '\0' && text[1] != ' ')
            fputs("<wbr>", out);
    }
}

static void html_line(void *context, const struct report_line *line)
{
    static const char *const classes[] = {[REPORT_SITE] = "",
                                          [REPORT_GROUP] = " class=\"group\"",
                                          [REPORT_TOTAL] = " class=\"total\""};
    const struct writing *w = context;

    fprintf(w->out, "<tr%s>", classes[line->kind]);
    for (int c = 0; c < REPORT_COLUMNS; c++) {
        if (!report_has(w->report, (enum report_column)c, false))
            continue;
        fputs(report_is_number((enum report_column)c) ? "<td class=\"n\">" : "<td>",
              w->out);
        if (c == REPORT_HOST || c == REPORT_PAGE)
            html_address(w->out, line->cell[c]);
        else
            html_text(w->out, line->cell[c]);
        fputs("</td>", w->out);
    }
    fputs("</tr>\n", w->out);
}

/* The shares of those that are there add up to the whole. */
static void html_columns(const json_t *report, FILE *out)
{
    unsigned sum = 0;

    for (int c = 0; c < REPORT_COLUMNS; c++)
        if (report_has(report, (enum report_column)c, false))
            sum += widths[c];
    fputs("<colgroup>", out);
    for (int c = 0; c < REPORT_COLUMNS; c++)
        if (report_has(report, (enum report_column)c, false))
            fprintf(out, "<col style=\"width: %u.%02u%%\">", widths[c] * 100 / sum,
                    widths[c] * 10000 / sum % 100);
    fputs("</colgroup>\n", out);
}

void report_html(const json_t *report, FILE *out)
{
    struct writing w = {report, out, NULL};
    char title[128], span[128];

    report_title(report, title, span);
    fputs(page_head, out);
    fputs("<title>", out);
    html_text(out, title);
    fputs("</title>\n", out);
    fputs(page_style, out);
    fputs("</head>\n<body>\n<h1>", out);
    html_text(out, title);
    fputs("</h1>\n<p class=\"span\">", out);
    html_text(out, span);
    fputs("</p>\n<div class=\"wide\">\n<table>\n", out);
    html_columns(report, out);
    fputs("<thead>\n<tr>", out);
    for (int c = 0; c < REPORT_COLUMNS; c++)
        if (report_has(report, (enum report_column)c, false))
            fprintf(out, "<th scope=\"col\"%s>%s</th>",
                    report_is_number((enum report_column)c) ? " class=\"n\"" : "",
                    report_heading((enum report_column)c));
    fputs("</tr>\n</thead>\n<tbody>\n", out);
    each_line(report, false, html_line, &w);
    fputs("</tbody>\n</table>\n</div>\n<ul class=\"remarks\">\n", out);
    report_remarks(report, out, "<li>", "</li>\n");
    fputs("</ul>\n</body>\n</html>\n", out);
}
