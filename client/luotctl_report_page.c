/* The page that was seen most: of a site by its path, of a group or of all by whose it is
 * too. Tops are sums of lists that may have been full, so its views can be a least number;
 * the note says by how much, and when it need not be the first at all. */
#include "luotctl_report.h"
#include "luotctl_table.h"

enum { NEARLY_ALL = 99 /* of 100 views: fewer are worth a word */ };

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));

    return text == NULL ? "" : text;
}

static int64_t number_of(const json_t *row, const char *key)
{
    return json_integer_value(json_object_get(row, key));
}

/* Of many sites: the host before the path, as in an address; without one its key. */
static void write_path(char path[REPORT_CELL_MAX], const struct report_line *line,
                       const json_t *row)
{
    const char *host = text_of(row, "top_page_host");

    if (line->kind == REPORT_SITE)
        host = "";
    else if (host[0] == '\0')
        host = text_of(row, "top_page_site");
    snprintf(path, REPORT_CELL_MAX, "%s%s%s", host,
             host[0] != '\0' && text_of(row, "top_page")[0] != '/' ? " " : "",
             text_of(row, "top_page"));
}

void report_page_write(struct report_line *line, const json_t *row, bool plain)
{
    char *cell = line->cell[REPORT_PAGE], number[32], path[REPORT_CELL_MAX];

    if (text_of(row, "top_page")[0] == '\0') {
        snprintf(cell, REPORT_CELL_MAX, "%s", plain ? "" : "–");
        return;
    }
    write_path(path, line, row);
    number_write(number_of(row, "top_page_views"), number);
    if (plain)
        snprintf(cell, REPORT_CELL_MAX, "%s", path);
    else
        snprintf(cell, REPORT_CELL_MAX, "%.*s (%s%s)", REPORT_CELL_MAX - 48, path,
                 number_of(row, "top_page_error") > 0 ? "≥ " : "", number);
    if (plain)
        snprintf(line->cell[REPORT_PAGE_VIEWS], REPORT_CELL_MAX, "%lld",
                 (long long)number_of(row, "top_page_views"));
}

static void note_error(char *cell, const json_t *row)
{
    char note[128], most[32];

    if (number_of(row, "top_page_error") == 0)
        return;
    number_write(number_of(row, "top_page_views") + number_of(row, "top_page_error"),
                 most);
    snprintf(note, sizeof note, "trang: không quá %s lượt xem", most);
    report_note_add(cell, note);
}

/* A month of which only some days have tops: imported, or of a store that lost them. */
static void note_part(char *cell, const json_t *row)
{
    int64_t of = number_of(row, "top_page_of");
    int64_t views =
        number_of(row, "views") - number_of(json_object_get(row, "adjusted"), "views");
    char note[160], a[32], b[32];

    if (of * 100 >= views * NEARLY_ALL)
        return;
    number_write(of, a);
    number_write(views, b);
    snprintf(note, sizeof note, "trang: theo %s trong %s lượt xem", a, b);
    report_note_add(cell, note);
}

void report_page_note(struct report_line *line, const json_t *row)
{
    char *cell = line->cell[REPORT_NOTE];

    if (text_of(row, "top_page")[0] == '\0')
        return;
    note_error(cell, row);
    if (json_is_false(json_object_get(row, "top_page_sure")))
        report_note_add(cell, "có thể trang khác được xem nhiều hơn");
    if (line->kind == REPORT_SITE)
        note_part(cell, row);
}
