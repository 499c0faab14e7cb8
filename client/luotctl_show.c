#include "luotctl_show.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/zone.h"
#include "luotctl_table.h"
#include "luotctl_value.h"

enum { INDENT = 2 };

struct show {
    FILE *out;
    bool colours;
    struct zone *zone; /* of the document's site; NULL: UTC   */
    int64_t as_of;     /* of the document; 0: it does not say */
    int error;
};

/* --- One value --- */

static void show_cell(const struct show *s, struct table *t, const char *key,
                      const json_t *value, enum precision precision)
{
    char text[64];
    if (value_is_time(key, value)) {
        value_write_time(s->zone, json_integer_value(value), precision, text);
        table_text(t, CELL_TEXT, slice_of(text));
    } else if (value_is_duration(key, value) && value_unit(key) == 3) {
        value_write_real(key, json_number_value(value), text);
        strcat(text, " ms");
        table_text(t, CELL_TEXT, slice_of(text));
    } else if (value_is_duration(key, value)) {
        value_write_duration((int64_t)json_number_value(value), text);
        table_text(t, CELL_TEXT, slice_of(text));
    } else if (json_is_integer(value)) {
        table_number(t, json_integer_value(value));
    } else if (json_is_real(value)) {
        value_write_real(key, json_real_value(value), text);
        table_text(t, CELL_NUMBER, slice_of(text));
    } else if (json_is_string(value)) {
        struct slice string = {json_string_value(value), json_string_length(value)};
        table_text(t, CELL_TEXT, string.length == 0 ? SLICE("-") : string);
    } else if (json_is_boolean(value)) {
        table_text(t, CELL_TEXT, json_is_true(value) ? SLICE("yes") : SLICE("no"));
    } else {
        table_text(t, CELL_TEXT, SLICE("-"));
    }
}

/* A key as words: last_24h is "last 24h". Its unit stands with its value. */
static void show_name(struct table *t, enum table_cell_kind kind, const char *key)
{
    char text[128];
    snprintf(text, sizeof text, "%.*s", (int)(strlen(key) - value_unit(key)), key);
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
    return json_is_number(sample) && !value_is_time(key, sample) &&
           !value_is_duration(key, sample);
}

/* What is the least that all times of a column need? */
static enum precision common_precision(const struct show *s, enum precision so_far,
                                       int64_t t)
{
    enum precision own = value_is_day_start(s->zone, t) ? TO_THE_DAY
                         : t % 60 == 0                  ? TO_THE_MINUTE
                                                        : TO_THE_SECOND;
    return own < so_far ? own : so_far;
}

static enum precision column_precision(const struct show *s, json_t *rows,
                                       const char *key)
{
    enum precision precision = TO_THE_DAY;
    const char *name;
    size_t i;
    json_t *row, *value;
    json_object_foreach(rows, name,
                        row) if (value_is_time(key, value = json_object_get(row, key)))
        precision = common_precision(s, precision, json_integer_value(value));
    json_array_foreach(rows, i,
                       row) if (value_is_time(key, value = json_object_get(row, key)))
        precision = common_precision(s, precision, json_integer_value(value));
    return precision;
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
    json_object_foreach(columns, key, sample) show_cell(
        s, t, key, json_object_get(row, key),
        value_is_time(key, sample) ? column_precision(s, rows, key) : TO_THE_SECOND);
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

static bool is_to_come(const struct show *s, json_t *point)
{
    return s->as_of > 0 && json_integer_value(json_array_get(point, 0)) > s->as_of &&
           json_is_null(json_array_get(point, 1));
}

/* [[unix seconds, value], ...] */
static void show_points(struct show *s, json_t *points, unsigned indent)
{
    struct table t = {0};
    size_t i;
    json_t *point;
    enum precision precision = TO_THE_DAY;
    json_array_foreach(points, i, point) precision =
        common_precision(s, precision, json_integer_value(json_array_get(point, 0)));
    json_array_foreach(points, i, point)
    {
        if (is_to_come(s, point))
            continue;
        table_row(&t);
        show_cell(s, &t, "at", json_array_get(point, 0), precision);
        show_cell(s, &t, "", json_array_get(point, 1), precision);
    }
    finish(s, &t, indent);
}

/* [[from, to], ...] */
static void show_spans(struct show *s, json_t *spans, unsigned indent)
{
    struct table t = {0};
    size_t i, column;
    json_t *span, *value;
    json_array_foreach(spans, i, span)
    {
        table_row(&t);
        json_array_foreach(span, column, value)
            show_cell(s, &t, "at", value, TO_THE_SECOND);
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
            show_cell(s, &t, key, value, TO_THE_SECOND);
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
        show_cell(s, &t, "", value, TO_THE_SECOND);
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
        (strcmp(key, "gaps") == 0 ? show_spans : show_points)(s, value, indent);
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
    s.as_of = json_integer_value(json_object_get(document, "as_of"));
    if (json_is_array(document) && json_array_size(document) == 0)
        fputs("none\n", out);
    else
        show_value(&s, "", document, 0);
    zone_free(s.zone);
    json_decref(document);
    return s.error;
}
