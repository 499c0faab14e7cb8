#include "base/config_table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "base/store_where.h"

#define SIZE_OF(record, member) sizeof(((struct record *)0)->member)

/* A row; its value lies in `member` of `record`. */
#define ROW(record, member, name, kind, low, high, unit, fallback, sentence)             \
    {#name,                                                                              \
     KIND_##kind,                                                                        \
     (low),                                                                              \
     (high),                                                                             \
     (unit),                                                                             \
     (fallback),                                                                         \
     (sentence),                                                                         \
     offsetof(struct record, member),                                                    \
     SIZE_OF(record, member)},

static const struct setting GLOBAL_ROWS[] = {
#define SETTING(name, ...) ROW(settings, name, name, __VA_ARGS__)
#include "base/config.def"
};

static const struct setting SITE_ROWS[] = {
#define SITE_SETTING(name, member, ...) ROW(site_config, member, name, __VA_ARGS__)
#include "base/config.def"
};

static const struct setting READER_ROWS[] = {
#define READER_SETTING(name, ...) ROW(reader_config, name, name, __VA_ARGS__)
#include "base/config.def"
};

const struct setting_table GLOBAL_SETTINGS = {GLOBAL_ROWS, sizeof(GLOBAL_ROWS) /
                                                               sizeof(GLOBAL_ROWS[0])};
const struct setting_table SITE_SETTINGS = {SITE_ROWS,
                                            sizeof(SITE_ROWS) / sizeof(SITE_ROWS[0])};
const struct setting_table READER_SETTINGS = {READER_ROWS, sizeof(READER_ROWS) /
                                                               sizeof(READER_ROWS[0])};

enum { NAME_MAX_LENGTH = 32, VALUE_SHOWN = 120, NEAR_ENOUGH = 3 };

const struct setting *setting_find(struct setting_table t, struct slice name)
{
    for (size_t i = 0; i < t.count; i++)
        if (slice_equal(slice_of(t.rows[i].name), name))
            return t.rows + i;
    return NULL;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Levenshtein's distance, whatever the case, one row of its table at a time; both at most
 * NAME_MAX_LENGTH. */
static unsigned edit_distance(struct slice a, struct slice b)
{
    unsigned row[NAME_MAX_LENGTH + 1];
    for (unsigned j = 0; j <= b.length; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a.length; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b.length; j++) {
            unsigned replaced = diagonal + (lower(a.at[i - 1]) != lower(b.at[j - 1]));
            diagonal = row[j];
            row[j] = least(replaced, 1 + least(row[j], row[j - 1]));
        }
    }
    return row[b.length];
}

const struct setting *setting_nearest(struct setting_table t, struct slice name)
{
    const struct setting *nearest = NULL;
    unsigned best = NEAR_ENOUGH + 1;
    if (name.length > NAME_MAX_LENGTH)
        return NULL;
    for (size_t i = 0; i < t.count; i++) {
        struct slice known = slice_of(t.rows[i].name);
        unsigned distance = edit_distance(known, name);
        /* Of a short name nothing may be left that was typed: `x` means no setting. */
        if (distance < best && distance * 2 <= known.length) {
            best = distance;
            nearest = &t.rows[i];
        }
    }
    return nearest;
}

void settings_default(struct setting_table t, void *record)
{
    for (size_t i = 0; i < t.count; i++) {
        const struct setting *s = &t.rows[i];
        /* Not parsed: that would read the zone's file once for each site, and fail
         * without tzdata. */
        if (s->kind == KIND_ZONE) {
            memcpy((char *)record + s->offset, s->fallback, strlen(s->fallback) + 1);
            continue;
        }
        int rv = setting_parse(s, record, slice_of(s->fallback));
        assert(rv == 0);
        (void)rv;
    }
}

int config_say(struct config_error *ret_error, int rv, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(ret_error->text, sizeof(ret_error->text), format, arguments);
    va_end(arguments);
    return rv;
}

/* Values come from environments and command lines too: whatever would move a terminal's
 * cursor is shown as '?'. */
static void write_shown(struct buffer *b, struct slice text)
{
    size_t length = text.length < VALUE_SHOWN ? text.length : VALUE_SHOWN;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text.at[i];
        buffer_byte(b, c < 0x20 || c == 0x7F ? '?' : (char)c);
    }
    if (length < text.length)
        buffer_text(b, "...");
}

/* A store may hold a password. */
static void write_shown_of(struct buffer *b, const struct setting *s, struct slice value)
{
    char masked[CONFIG_LINE_MAX + 64];
    struct buffer m;
    if (s->kind == KIND_STORE) {
        buffer_init(&m, masked, sizeof(masked));
        store_where_write(&m, value);
        value = buffer_written(&m);
    }
    write_shown(b, value);
}

static void write_upper(struct buffer *b, struct slice name)
{
    for (size_t i = 0; i < name.length && i < VALUE_SHOWN; i++) {
        char c = name.at[i];
        buffer_byte(b, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
}

/* The name as it is spelt where it was found: `listen`, LUOT_LISTEN, --listen. */
static void write_name(struct buffer *b, struct slice name, enum place_kind kind)
{
    if (kind == PLACE_ENVIRONMENT) {
        buffer_text(b, "LUOT_");
        write_upper(b, name);
    } else if (kind == PLACE_COMMAND_LINE) {
        buffer_text(b, "--");
        write_shown(b, name);
    } else {
        buffer_byte(b, '`');
        write_shown(b, name);
        buffer_byte(b, '`');
    }
}

static void write_place(struct buffer *b, struct place place)
{
    if (place.kind == PLACE_FILE)
        buffer_format(b, "%.300s:%u: ", place.file, place.line);
}

int setting_apply(const struct setting *s, void *record, struct slice value,
                  struct place place, struct config_error *ret_error)
{
    char text[sizeof(ret_error->text)];
    struct buffer b;
    if (setting_parse(s, record, value) == 0)
        return 0;
    buffer_init(&b, text, sizeof(text));
    write_place(&b, place);
    if (place.kind == PLACE_FILE)
        buffer_text(&b, s->name);
    else
        write_name(&b, slice_of(s->name), place.kind);
    buffer_text(&b, place.kind == PLACE_FILE ? " = " : "=");
    write_shown_of(&b, s, value);
    buffer_text(&b, ": must be ");
    setting_describe(&b, s);
    return config_say(ret_error, ERR_MALFORMED, "%.*s", (int)b.length, b.at);
}

int setting_unknown(struct setting_table t, struct slice name, struct place place,
                    struct config_error *ret_error)
{
    bool in_site = t.rows == SITE_SETTINGS.rows;
    bool in_reader = t.rows == READER_SETTINGS.rows;
    const struct setting *nearest = setting_nearest(t, name);
    char text[sizeof(ret_error->text)];
    struct buffer b;
    buffer_init(&b, text, sizeof(text));
    write_place(&b, place);
    if (!in_site && setting_find(SITE_SETTINGS, name) != NULL) {
        write_name(&b, name, place.kind);
        buffer_text(&b, " is a setting of a site; put it into a file, below [site KEY]");
    } else if (!in_reader && setting_find(READER_SETTINGS, name) != NULL) {
        write_name(&b, name, place.kind);
        buffer_text(&b, " is a setting of a reader; put it below [reader NAME]");
    } else if ((in_site || in_reader) && setting_find(GLOBAL_SETTINGS, name) != NULL) {
        write_name(&b, name, place.kind);
        buffer_format(&b,
                      " is not a setting of a %s; put it above the first [site KEY]%s",
                      in_site ? "site" : "reader", in_site ? "" : " or [reader NAME]");
    } else {
        buffer_text(&b, "unknown setting ");
        write_name(&b, name, place.kind);
        if (nearest != NULL) {
            buffer_text(&b, "; did you mean ");
            write_name(&b, slice_of(nearest->name), place.kind);
            buffer_byte(&b, '?');
        } else {
            buffer_text(&b, "; `luotd --help` lists them all");
        }
    }
    return config_say(ret_error, ERR_MALFORMED, "%.*s", (int)b.length, b.at);
}
