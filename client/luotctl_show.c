#include "luotctl_show.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/zone.h"
#include "luotctl_table.h"

enum { INDENT = 2, SECONDS_FROM = 100000000 /* 1973: less is a number of something */ };

struct show {
    FILE *out;
    bool colours;
    struct zone *zone; /* of the document's site; NULL: UTC */
    int error;
};

/* --- One value --- */

/* Keys whose numbers are unix seconds. */
static bool is_time_key(const char *key)
{
    static const char *const KEYS[] = {"as_of",
                                       "since",
                                       "identity_since",
                                       "from",
                                       "to",
                                       "until",
                                       "at",
                                       "created",
                                       "first_live",
                                       "first_live_s",
                                       "created_s",
                                       "hour",
                                       "minute",
                                       "quarter",
                                       "time",
                                       "last_view",
                                       "durable_since",
                                       "keeper_as_of_s"};
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        if (strcmp(KEYS[i], key) == 0)
            return true;
    return false;
}

static bool is_time(const char *key, const json_t *value)
{
    return is_time_key(key) && json_is_integer(value) &&
           json_integer_value(value) >= SECONDS_FROM;
}

static bool is_day_start(const struct show *s, int64_t t)
{
    return s->zone == NULL ? t % 86400 == 0
                           : zone_day_start(s->zone, zone_day(s->zone, t)) == t;
}

/* "2026-11-23 03:21:04"; without its time where that is said by all its neighbours. */
static void write_time(const struct show *s, int64_t t, bool date_only, char text[32])
{
    int64_t local = t + (s->zone == NULL ? 0 : zone_offset(s->zone, t));
    int64_t day = local / 86400 - (local % 86400 < 0);
    int second = (int)(local - day * 86400);
    date_write(date_only && s->zone != NULL ? zone_day(s->zone, t) : day, text);
    if (!date_only)
        snprintf(text + 10, 22, " %02d:%02d:%02d%s", second / 3600, second / 60 % 60,
                 second % 60, s->zone == NULL ? " UTC" : "");
}

/* With a comma, and without zeros at the end; shares in percent. */
static void write_real(const char *key, double number, char text[64])
{
    bool share = strcmp(key, "error") == 0;
    snprintf(text, 60, "%.*f", share ? 1 : 3, share ? number * 100 : number);
    char *point = strpbrk(text, ".,");
    if (point != NULL) {
        char *end = text + strlen(text);
        *point = ',';
        while (!share && end > point && (end[-1] == '0' || end[-1] == ','))
            *--end = '\0';
    }
    if (share)
        strcat(text, " %");
}

static void show_cell(const struct show *s, struct table *t, const char *key,
                      const json_t *value, bool date_only)
{
    char text[64];
    if (is_time(key, value)) {
        write_time(s, json_integer_value(value), date_only, text);
        table_text(t, CELL_TEXT, slice_of(text));
    } else if (json_is_integer(value)) {
        table_number(t, json_integer_value(value));
    } else if (json_is_real(value)) {
        write_real(key, json_real_value(value), text);
        table_text(t, CELL_NUMBER, slice_of(text));
    } else if (json_is_string(value)) {
        struct slice string = {json_string_value(value), json_string_length(value)};
        table_text(t, CELL_TEXT, string);
    } else if (json_is_boolean(value)) {
        table_text(t, CELL_TEXT, json_is_true(value) ? SLICE("yes") : SLICE("no"));
    } else {
        table_text(t, CELL_TEXT, SLICE("-"));
    }
}

/* A key as words: last_24h is "last 24h". */
static void show_name(struct table *t, enum table_cell_kind kind, const char *key)
{
    char text[128];
    snprintf(text, sizeof text, "%s", key);
    for (char *p = text; *p != '\0'; p++)
        if (*p == '_')
            *p = ' ';
    table_text(t, kind, slice_of(text));
}

static void finish(struct show *s, struct table *t, unsigned indent)
{
    int rv = table_print(t, s->out, indent, s->colours);
    if (s->error == 0)
        s->error = rv;
    table_release(t);
}

/* --- Shapes --- */

static bool is_single(const json_t *value)
{
    return !json_is_object(value) && !json_is_array(value);
}

static bool holds_only_singles(json_t *value)
{
    const char *key;
    size_t i;
    json_t *member;
    json_object_foreach(value, key, member) if (!is_single(member)) return false;
    json_array_foreach(value, i, member) if (!is_single(member)) return false;
    return true;
}

/* Objects of single values under one roof: the rows of a table. */
static bool is_rows(json_t *value)
{
    const char *key;
    size_t i;
    json_t *member;
    json_object_foreach(value, key, member) if (!json_is_object(member) ||
                                                !holds_only_singles(member)) return false;
    json_array_foreach(value, i, member) if (!json_is_object(member) ||
                                             !holds_only_singles(member)) return false;
    return json_array_size(value) + json_object_size(value) > 0;
}

static bool is_points(json_t *value)
{
    size_t i;
    json_t *member;
    json_array_foreach(value, i, member) if (!json_is_array(member) ||
                                             !holds_only_singles(member)) return false;
    return json_array_size(value) > 0;
}

/* --- Tables --- */

static bool is_number_column(const char *key, const json_t *sample)
{
    return json_is_number(sample) && !is_time(key, sample);
}

/* Are all times of this column the first second of a day? */
static bool column_is_days(const struct show *s, json_t *rows, const char *key)
{
    const char *name;
    size_t i;
    json_t *row, *value;
    json_object_foreach(
        rows, name, row) if (is_time(key, value = json_object_get(row, key)) &&
                             !is_day_start(s, json_integer_value(value))) return false;
    json_array_foreach(rows, i,
                       row) if (is_time(key, value = json_object_get(row, key)) &&
                                !is_day_start(s, json_integer_value(value))) return false;
    return true;
}

/* `columns`: an object with a member for each column, its value the column's first one
 * that is not null. NULL: out of memory. */
static json_t *find_columns(json_t *rows)
{
    json_t *columns = json_object(), *row, *value;
    const char *name, *key;
    size_t i;
    bool ok = columns != NULL;
    json_object_foreach(rows, name, row) json_object_foreach(
        row, key, value) if (json_is_null(json_object_get(columns, key)) ||
                             json_object_get(columns, key) == NULL) ok =
        json_object_set(columns, key, value) == 0 && ok;
    json_array_foreach(rows, i, row) json_object_foreach(
        row, key, value) if (json_is_null(json_object_get(columns, key)) ||
                             json_object_get(columns, key) == NULL) ok =
        json_object_set(columns, key, value) == 0 && ok;
    if (ok)
        return columns;
    json_decref(columns);
    return NULL;
}

static void show_row(const struct show *s, struct table *t, json_t *columns, json_t *rows,
                     json_t *row)
{
    const char *key;
    json_t *sample;
    json_object_foreach(columns, key, sample)
        show_cell(s, t, key, json_object_get(row, key),
                  is_time(key, sample) && column_is_days(s, rows, key));
}

static void show_rows(struct show *s, json_t *rows, unsigned indent)
{
    struct table t = {0};
    json_t *columns = find_columns(rows), *row, *sample;
    const char *name, *key;
    size_t i;
    if (columns == NULL) {
        s->error = ERR_NOMEM;
        return;
    }
    table_row(&t);
    if (json_is_object(rows))
        table_text(&t, CELL_HEADING, SLICE(""));
    json_object_foreach(columns, key, sample) show_name(
        &t, is_number_column(key, sample) ? CELL_HEADING_NUMBER : CELL_HEADING, key);
    json_object_foreach(rows, name, row)
    {
        table_row(&t);
        show_name(&t, CELL_TEXT, name);
        show_row(s, &t, columns, rows, row);
    }
    json_array_foreach(rows, i, row)
    {
        table_row(&t);
        show_row(s, &t, columns, rows, row);
    }
    json_decref(columns);
    finish(s, &t, indent);
}

/* [[unix seconds, value], ...], or spans [[from, to], ...] */
static void show_points(struct show *s, json_t *points, bool spans, unsigned indent)
{
    struct table t = {0};
    size_t i, column;
    json_t *point, *value;
    bool days = true;
    json_array_foreach(points, i, point) days =
        days && is_day_start(s, json_integer_value(json_array_get(point, 0)));
    json_array_foreach(points, i, point)
    {
        table_row(&t);
        json_array_foreach(point, column, value)
            show_cell(s, &t, column == 0 || spans ? "at" : "", value, days && !spans);
    }
    finish(s, &t, indent);
}

static bool is_empty_list(const json_t *value)
{
    return json_is_array(value) && json_array_size(value) == 0;
}

/* Numbers stand to the right where nothing else stands with them. */
static bool pairs_are_numbers(json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(
        object, key,
        value) if (is_empty_list(value) ||
                   (is_single(value) && !is_number_column(key, value))) return false;
    return true;
}

static void show_pairs(struct show *s, json_t *object, unsigned indent)
{
    struct table t = {.left = !pairs_are_numbers(object)};
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (!is_single(value) && !is_empty_list(value))
            continue;
        table_row(&t);
        show_name(&t, CELL_HEADING, key);
        if (is_empty_list(value))
            table_text(&t, CELL_TEXT, SLICE("none"));
        else
            show_cell(s, &t, key, value, false);
    }
    finish(s, &t, indent);
}

/* One of each: numbers, words. */
static void show_list(struct show *s, json_t *list, unsigned indent)
{
    struct table t = {0};
    size_t i;
    json_t *value;
    json_array_foreach(list, i, value)
    {
        table_row(&t);
        show_cell(s, &t, "", value, false);
    }
    finish(s, &t, indent);
}

/* --- The document --- */

static void show_value(struct show *s, const char *key, json_t *value, unsigned indent);

static void show_members(struct show *s, json_t *object, unsigned indent)
{
    const char *key;
    json_t *value;
    struct table heading;
    show_pairs(s, object, indent);
    json_object_foreach(object, key, value)
    {
        if (is_single(value) || json_array_size(value) + json_object_size(value) == 0)
            continue;
        if (indent == 0)
            fputc('\n', s->out);
        heading = (struct table){0};
        table_row(&heading);
        show_name(&heading, CELL_HEADING, key);
        finish(s, &heading, indent);
        show_value(s, key, value, indent + INDENT);
    }
}

static void show_value(struct show *s, const char *key, json_t *value, unsigned indent)
{
    size_t i;
    json_t *member;
    if (is_rows(value))
        show_rows(s, value, indent);
    else if (is_points(value))
        show_points(s, value, strcmp(key, "gaps") == 0, indent);
    else if (json_is_object(value))
        show_members(s, value, indent);
    else if (holds_only_singles(value))
        show_list(s, value, indent);
    else
        json_array_foreach(value, i, member) show_value(s, "", member, indent);
}

/* The site's zone, in the document or in its settings. */
static void find_zone(struct show *s, json_t *document)
{
    static const char *const KEYS[] = {"tz", "timezone", "zone"};
    json_t *settings = json_object_get(document, "settings");
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0] && s->zone == NULL; i++) {
        json_t *zone = json_object_get(document, KEYS[i]);
        if (zone == NULL)
            zone = json_object_get(settings, KEYS[i]);
        if (json_is_string(zone) &&
            zone_load(&s->zone, slice_of(json_string_value(zone))) != 0)
            s->zone = NULL;
    }
}

int show_json(struct slice text, FILE *out, bool colours)
{
    struct show s = {.out = out, .colours = colours};
    json_t *document =
        json_loadb(text.at, text.length, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
    if (document == NULL)
        return ERR_MALFORMED;
    find_zone(&s, document);
    if (json_is_array(document) && json_array_size(document) == 0)
        fputs("none\n", out);
    else
        show_value(&s, "", document, 0);
    zone_free(s.zone);
    json_decref(document);
    return s.error;
}
