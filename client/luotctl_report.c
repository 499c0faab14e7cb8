/* What each cell of the monthly report says. */
#include "luotctl_report.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/date.h"
#include "base/error.h"
#include "base/zone.h"
#include "luotctl_run.h"
#include "luotctl_socket.h"
#include "luotctl_table.h"

enum { DAY_S = 86400 };

static const struct {
    const char *heading;
    bool number;
} columns[REPORT_COLUMNS] = {
    [REPORT_UNIT] = {"Đơn vị", false},
    [REPORT_HOST] = {"Địa chỉ", false},
    [REPORT_VIEWS] = {"Lượt xem", true},
    [REPORT_VISITS] = {"Lượt truy cập", true},
    [REPORT_VISITORS] = {"Khách", true},
    [REPORT_PREVIOUS] = {"So với kỳ trước", true},
    [REPORT_YEAR] = {"So với cùng kỳ", true},
    [REPORT_PAGE] = {"Trang xem nhiều nhất", false},
    [REPORT_PAGE_VIEWS] = {"Lượt xem trang đó", true},
    [REPORT_NOTE] = {"Ghi chú", false},
};

const char *report_heading(enum report_column column)
{
    return columns[column].heading;
}

bool report_is_number(enum report_column column)
{
    return columns[column].number;
}

bool report_has(const json_t *report, enum report_column column, bool plain)
{
    const json_t *total = json_object_get(report, "total");

    if (column == REPORT_PREVIOUS)
        return json_object_get(total, "previous") != NULL;
    if (column == REPORT_YEAR)
        return json_object_get(total, "year") != NULL;
    return column != REPORT_PAGE_VIEWS || plain;
}

/* --- Numbers and days --- */

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text == NULL ? "" : text;
}

static void write_number(char cell[REPORT_CELL_MAX], const json_t *value, bool plain)
{
    if (!json_is_integer(value))
        snprintf(cell, REPORT_CELL_MAX, "%s", plain ? "" : "–");
    else if (plain)
        snprintf(cell, REPORT_CELL_MAX, "%lld", (long long)json_integer_value(value));
    else
        number_write(json_integer_value(value), cell);
}

/* By views, in tenths of a per cent. Against nothing there is no per cent. */
static void write_change(char cell[REPORT_CELL_MAX], const json_t *row, const char *key,
                         bool plain)
{
    const json_t *now = json_object_get(row, "views");
    const json_t *then = json_object_get(json_object_get(row, key), "views");
    double change, tenths;

    if (!json_is_integer(now) || !json_is_integer(then) ||
        json_integer_value(then) == 0) {
        snprintf(cell, REPORT_CELL_MAX, "%s", plain ? "" : "–");
        return;
    }
    change =
        ((double)json_integer_value(now) / (double)json_integer_value(then) - 1) * 1000;
    tenths = change < 0 ? -change : change;
    tenths = (double)(int64_t)(tenths + 0.5);
    snprintf(cell, REPORT_CELL_MAX, "%s%lld,%lld%s",
             tenths == 0  ? ""
             : change < 0 ? (plain ? "-" : "−")
             : plain      ? ""
                          : "+",
             (long long)tenths / 10, (long long)tenths % 10, plain ? "" : "%");
}

/* "31/12/2025", where the site is. */
static void write_day(char text[16], const struct zone *zone, int64_t t)
{
    struct date d = date_of_day(zone == NULL ? t / DAY_S : zone_day(zone, t));

    snprintf(text, 16, "%02u/%02u/%04d", d.day, d.month, d.year);
}

/* The caller's; NULL: not known here, then it is UTC. */
static struct zone *zone_of(const json_t *row)
{
    struct zone *zone;

    return zone_load(&zone, slice_of(text_of(row, "tz"))) == 0 ? zone : NULL;
}

/* --- A line --- */

void report_note_add(char *cell, const char *note)
{
    size_t n = strlen(cell);

    if (n + strlen(note) + 3 < REPORT_CELL_MAX)
        snprintf(cell + n, REPORT_CELL_MAX - n, "%s%s", n > 0 ? "; " : "", note);
}

static void note_adjusted(char *cell, const json_t *row)
{
    int64_t by = number_of(json_object_get(row, "adjusted"), "views");
    char note[96], number[32];

    if (by == 0)
        return;
    number_write(by < 0 ? -by : by, number);
    snprintf(note, sizeof note, "đã hiệu chỉnh %s%s lượt xem", by < 0 ? "−" : "+",
             number);
    report_note_add(cell, note);
}

static void note_begin(char *cell, const json_t *report, const json_t *row,
                       const struct zone *zone)
{
    int64_t since = number_of(row, "since"), last = number_of(row, "last_view");
    char note[96], day[16];

    if (since == 0 || since >= number_of(row, "until")) {
        report_note_add(cell, "chưa đếm trong kỳ này");
        return;
    }
    if (since > number_of(row, "from") + DAY_S) {
        write_day(day, zone, since);
        snprintf(note, sizeof note, "bắt đầu đếm từ %s", day);
        report_note_add(cell, note);
    }
    if (!json_is_integer(json_object_get(row, "views")))
        report_note_add(cell, "không có số liệu trong kỳ này");
    if (json_is_integer(json_object_get(row, "views")) && number_of(row, "views") == 0 &&
        last != 0 && last < number_of(report, "as_of")) {
        write_day(day, zone, last);
        snprintf(note, sizeof note, "không có lượt xem, lần cuối %s", day);
        report_note_add(cell, note);
    }
}

static void write_note(struct report_line *line, const json_t *report, const json_t *row)
{
    char *cell = line->cell[REPORT_NOTE];
    struct zone *zone = NULL;

    if (line->kind == REPORT_SITE) {
        zone = zone_of(row);
        note_begin(cell, report, row, zone);
        zone_free(zone);
        note_adjusted(cell, row);
        if (json_is_integer(json_object_get(row, "visitors")) &&
            json_is_false(json_object_get(row, "deduplicated")))
            report_note_add(cell, "khách là tổng các ngày");
    } else {
        report_note_add(cell, "khách là tổng các đơn vị");
    }
}

static void write_unit(struct report_line *line, const json_t *row)
{
    char *cell = line->cell[REPORT_UNIT];

    if (line->kind == REPORT_SITE)
        snprintf(cell, REPORT_CELL_MAX, "%s", text_of(row, "title"));
    else if (line->kind == REPORT_GROUP)
        snprintf(cell, REPORT_CELL_MAX, "%s (%lld)", text_of(row, "group"),
                 (long long)number_of(row, "sites"));
    else
        snprintf(cell, REPORT_CELL_MAX, "Tổng cộng (%lld)",
                 (long long)number_of(row, "sites"));
}

void report_line_write(struct report_line *ret_line, const json_t *report,
                       const json_t *row, enum report_kind kind, bool plain)
{
    struct report_line *line = ret_line;

    memset(line, 0, sizeof *line);
    line->kind = kind;
    write_unit(line, row);
    snprintf(line->cell[REPORT_HOST], REPORT_CELL_MAX, "%s", text_of(row, "host"));
    write_number(line->cell[REPORT_VIEWS], json_object_get(row, "views"), plain);
    write_number(line->cell[REPORT_VISITS], json_object_get(row, "visits"), plain);
    write_number(line->cell[REPORT_VISITORS], json_object_get(row, "visitors"), plain);
    write_change(line->cell[REPORT_PREVIOUS], row, "previous", plain);
    write_change(line->cell[REPORT_YEAR], row, "year", plain);
    report_page_write(line, row, plain);
    write_note(line, report, row);
    report_page_note(line, row);
}

/* --- Over and under it --- */

void report_title(const json_t *report, char ret_title[128], char ret_span[128])
{
    const char *month = text_of(report, "month");
    const json_t *first = json_array_get(json_object_get(report, "rows"), 0);
    struct zone *zone = zone_of(first);
    char from[16], last[16];

    snprintf(ret_title, 128, "Báo cáo tháng %.2s/%.4s",
             strlen(month) == 7 ? month + 5 : "", month);
    ret_span[0] = '\0';
    write_day(from, zone, number_of(first, "from"));
    write_day(last, zone, number_of(first, "until") - 1);
    if (first != NULL)
        snprintf(ret_span, 128, "Từ %s đến hết %s", from, last);
    zone_free(zone);
}

static void remark_gaps(const json_t *report, FILE *out, const char *before,
                        const char *after)
{
    const json_t *gaps = json_object_get(report, "gaps"), *gap;
    struct zone *zone = zone_of(json_array_get(json_object_get(report, "rows"), 0));
    size_t i;

    json_array_foreach(gaps, i, gap)
    {
        int64_t from = json_integer_value(json_array_get(gap, 0));
        int64_t until = json_integer_value(json_array_get(gap, 1));
        int64_t shift = zone == NULL ? 0 : zone_offset(zone, from);
        struct date a = date_of_day((from + shift) / DAY_S);
        struct date b = date_of_day((until + shift) / DAY_S);

        fprintf(out,
                "%sKhông có dữ liệu từ %02d:%02d %02u/%02u/%04d đến %02d:%02d "
                "%02u/%02u/%04d.%s",
                before, (int)((from + shift) % DAY_S / 3600),
                (int)((from + shift) % 3600 / 60), a.day, a.month, a.year,
                (int)((until + shift) % DAY_S / 3600), (int)((until + shift) % 3600 / 60),
                b.day, b.month, b.year, after);
    }
    zone_free(zone);
}

void report_remarks(const json_t *report, FILE *out, const char *before,
                    const char *after)
{
    const json_t *first = json_array_get(json_object_get(report, "rows"), 0);
    char day[16];

    if (first == NULL)
        fprintf(out, "%sKhông có đơn vị nào.%s", before, after);
    if (first != NULL && number_of(first, "until") > number_of(report, "as_of")) {
        struct zone *zone = zone_of(first);
        write_day(day, zone, number_of(report, "as_of"));
        zone_free(zone);
        fprintf(out, "%sKỳ chưa hết: số liệu đến %s.%s", before, day, after);
    }
    if (report_has(report, REPORT_PREVIOUS, false) ||
        report_has(report, REPORT_YEAR, false))
        fprintf(out, "%sSo sánh theo lượt xem.%s", before, after);
    remark_gaps(report, out, before, after);
}

/* --- The command --- */

static int write_as(const struct luotctl *ctl, const char *format, const json_t *report,
                    const struct reply *reply)
{
    if (strcmp(format, "json") == 0)
        fwrite(reply->bytes, 1, reply->length, ctl->out);
    else if (strcmp(format, "csv") == 0)
        report_csv(report, ctl->out);
    else if (strcmp(format, "html") == 0)
        report_html(report, ctl->out);
    else if (report_table(report, ctl->out, stream_has_colours(ctl->out)) != 0)
        return luotctl_fail(ctl, EX_OSERR, "there is not enough memory");
    return 0;
}

static int show(const struct luotctl *ctl, const char *format, const struct reply *reply)
{
    json_t *report =
        json_loadb(reply->bytes, reply->length, JSON_DISABLE_EOF_CHECK, NULL);
    int rv;

    if (json_object_get(report, "rows") == NULL)
        rv = luotctl_fail(ctl, EX_PROTOCOL,
                          "luotd did not send a report: luotctl and luotd must be of one "
                          "version");
    else
        rv = write_as(ctl, format, report, reply);
    json_decref(report);
    return rv;
}

bool month_report_is_asked(const struct invocation *i)
{
    static const char *const names[] = {"month",     "all",     "group",
                                        "starts-on", "compare", "format"};

    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        if (invocation_option(i, names[n]) != NULL)
            return true;
    return i->words == 0;
}

int luotctl_report(const struct luotctl *ctl, const struct invocation *i)
{
    char sentence[SOCKET_SENTENCE_MAX], path[SOCKET_PATH_MAX], line[COMMAND_LINE + 256];
    const char *format = invocation_option(i, "format");
    struct reply reply;
    struct buffer b;
    int rv;

    if (format == NULL)
        format = ctl->json ? "json" : "table";
    if (strcmp(format, "table") != 0 && strcmp(format, "csv") != 0 &&
        strcmp(format, "json") != 0 && strcmp(format, "html") != 0)
        return luotctl_fail(ctl, EX_USAGE, "--format is table, csv, json or html");
    if (invocation_option(i, "month") == NULL)
        return luotctl_fail(ctl, EX_USAGE,
                            "it needs KEY, or --month 2025-12 with KEY, --group G or "
                            "--all; see `luotctl help report`");
    buffer_init(&b, line, sizeof line);
    rv = invocation_write(&b, i, true, sentence);
    if (rv == 0)
        rv = socket_find(path, ctl->socket, sentence);
    if (rv == 0)
        rv = socket_ask(&reply, path, buffer_written(&b), (struct slice){NULL, 0},
                        sentence);
    if (rv != 0)
        return luotctl_fail(ctl, rv, sentence);
    rv = reply.refused ? luotctl_show_reply(ctl, &reply, false)
                       : show(ctl, format, &reply);
    reply_release(&reply);
    return rv;
}
