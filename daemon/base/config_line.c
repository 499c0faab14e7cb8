/* What the text of a configuration file says.
 *
 * inih splits lines into names and values. It cuts a long line silently, cuts a section's
 * name at 49 bytes, knows no line numbers and only one character for comments after a
 * value, so take_line(), which feeds it, counts lines, refuses what inih would cut, reads
 * the sections and takes the comments away.
 *
 * It fails at the first error: later ones are often its consequence. */
#include "base/config_read.h"

#include <ini.h>
#include <stdlib.h>

#include "base/error.h"

const struct demo_value DEMO_VALUES[] = {
    {"title", "Demo"}, {"public", "yes"}, {"any_host", "yes"}};
const size_t DEMO_VALUE_COUNT = sizeof(DEMO_VALUES) / sizeof(DEMO_VALUES[0]);

int reading_fail(struct reading *r, const char *sentence)
{
    r->error = config_say(r->ret_error, ERR_MALFORMED, "%.300s:%u: %s", r->place.file,
                          r->place.line, sentence);
    return r->error;
}

/* --- Sections --- */

static int add_site(struct parsed *p, struct slice key, struct place place)
{
    struct parsed_site *site;
    if (p->site_count == p->site_room) {
        size_t room = p->site_room == 0 ? 16 : p->site_room * 2;
        struct parsed_site *sites = realloc(p->sites, room * sizeof(*sites));
        if (sites == NULL)
            return ERR_NOMEM;
        p->sites = sites;
        p->site_room = room;
    }
    site = &p->sites[p->site_count];
    memset(site, 0, sizeof(*site));
    settings_default(SITE_SETTINGS, &site->config);
    memcpy(site->config.key, key.at, key.length);
    site->place = place;
    site->order = p->site_count++;
    return 0;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The name of a `[WORD NAME]` whose WORD is this one; false: it is another. */
static bool section_name(struct slice inside, struct slice word, struct slice *ret_name)
{
    if (!slice_starts(inside, word) || inside.length < word.length + 2 ||
        !is_space(inside.at[word.length]))
        return false;
    *ret_name =
        slice_trim((struct slice){inside.at + word.length, inside.length - word.length});
    return true;
}

static void open_site(struct reading *r, struct slice key)
{
    int rv;
    if (!site_key_is_valid(key)) {
        reading_fail(
            r, "a site's key is 1 to 63 of a-z, 0-9, `_` and `-`, and begins with a "
               "letter or a digit");
        return;
    }
    rv = add_site(r->parsed, key, r->place);
    if (rv != 0)
        r->error = config_say(r->ret_error, rv, "%s", error_text(rv));
    r->section = rv == 0 ? SECTION_SITE : SECTION_NONE;
}

/* "[site KEY]", "[reader NAME]" */
static void open_section(struct reading *r, struct slice line)
{
    struct slice inside = {line.at + 1, line.length - 1}, name;
    if (slice_ends(inside, SLICE("]")))
        inside = slice_trim((struct slice){inside.at, inside.length - 1});
    else
        inside.length = 0;
    if (section_name(inside, SLICE("site"), &name))
        open_site(r, name);
    else if (section_name(inside, SLICE("reader"), &name))
        reading_reader(r, name);
    else
        reading_fail(r, "a section begins with [site KEY] or [reader NAME], alone on its "
                        "line");
}

/* --- Lines --- */

/* The index behind the closing quote of a value that begins with one, or the end. */
static size_t quoted_end(struct slice line, size_t start)
{
    for (size_t i = start + 1; i < line.length; i++) {
        if (line.at[i] == '\\')
            i++;
        else if (line.at[i] == '"')
            return i + 1;
    }
    return line.length;
}

/* The line without its comment. '#' and ';' begin one at the start of a line or after a
 * space, not inside quotes. */
static struct slice without_comment(struct slice line)
{
    size_t i = slice_find(line, '=') + 1;
    size_t first = slice_find(line, '#');
    size_t semicolon = slice_find(line, ';');
    first = semicolon < first ? semicolon : first;
    if (first < i) /* before any value: there are no quotes yet */
        i = first;
    while (i < line.length && is_space(line.at[i]))
        i++;
    if (i < line.length && line.at[i] == '"')
        i = quoted_end(line, i);
    for (; i < line.length; i++)
        if ((line.at[i] == '#' || line.at[i] == ';') &&
            (i == 0 || is_space(line.at[i - 1])))
            return (struct slice){line.at, i};
    return line;
}

/* The reader that inih calls: one line that it understands into `at`, or NULL at the end
 * or an error. What is not a setting (comments, sections) becomes an empty line. */
static char *take_line(char *at, int limit, void *stream)
{
    struct reading *r = stream;
    struct slice line;
    if (r->error != 0 || r->rest.length == 0)
        return NULL;
    line = slice_cut(&r->rest, '\n');
    r->place.line++;
    if (line.length > CONFIG_LINE_MAX || line.length + 2 > (size_t)limit)
        reading_fail(r, "the line is longer than 4096 bytes; make it shorter");
    else if (slice_find(line, '\0') < line.length)
        reading_fail(r, "the line has a NUL byte; is this a text file?");
    if (r->error != 0)
        return NULL;
    line = slice_trim(without_comment(line));
    if (line.length > 0 && line.at[0] == '[')
        open_section(r, line);
    else if (line.length > 0 && slice_find(line, '=') >= slice_find(line, ':'))
        reading_fail(r, "a line is `name = value`, `[site KEY]`, `[reader NAME]` or a "
                        "# comment");
    else if (line.length > 0)
        memcpy(at, line.at, line.length);
    if (r->error != 0)
        return NULL;
    if (line.length > 0 && line.at[0] == '[')
        line.length = 0;
    at[line.length] = '\n';
    at[line.length + 1] = '\0';
    return at;
}

/* Takes the quotes off *value, into `room`, which is as long as the value. ERR_MALFORMED:
 * one is missing or too many. */
static int unquote(struct slice *value, char *room)
{
    size_t length = 0;
    if (value->length == 0 || value->at[0] != '"')
        return 0;
    for (size_t i = 1; i < value->length; i++) {
        char c = value->at[i];
        if (c == '"') {
            if (i + 1 < value->length)
                return ERR_MALFORMED;
            *value = (struct slice){room, length};
            return 0;
        }
        if (c == '\\' && i + 1 < value->length &&
            (value->at[i + 1] == '"' || value->at[i + 1] == '\\'))
            c = value->at[++i];
        room[length++] = c;
    }
    return ERR_MALFORMED;
}

/* The table of the open section, and its record. */
static struct setting_table table_of(const struct reading *r, void **ret_record)
{
    struct parsed *p = r->parsed;
    if (r->section == SECTION_SITE) {
        *ret_record = &p->sites[p->site_count - 1].config;
        return SITE_SETTINGS;
    }
    if (r->section == SECTION_READER) {
        *ret_record = &p->readers[p->reader_count - 1].config;
        return READER_SETTINGS;
    }
    *ret_record = &p->settings;
    return GLOBAL_SETTINGS;
}

/* What inih calls with each name and value; nonzero is success. */
static int take_value(void *user, const char *section, const char *name_text,
                      const char *value_text)
{
    struct reading *r = user;
    struct slice name = slice_of(name_text);
    struct slice value = slice_of(value_text), named;
    void *record;
    struct setting_table table = table_of(r, &record);
    const struct setting *setting = setting_find(table, name);
    char room[CONFIG_LINE_MAX];
    (void)section; /* take_line reads them: inih would cut a long key */
    if (r->error != 0)
        return 0;
    if (unquote(&value, room) != 0)
        reading_fail(
            r, "a value that begins with a quote ends with one; inside, write \\\"");
    else if (slice_equal(name, SLICE("include")))
        reading_include(r, value);
    else if (network_setting(name, &named))
        reading_network(r, named, value);
    else if (setting == NULL)
        r->error = setting_unknown(table, name, r->place, r->ret_error);
    if (r->error != 0 || setting == NULL)
        return r->error == 0;
    r->error = setting_apply(setting, record, value, r->place, r->ret_error);
    return r->error == 0;
}

int reading_run(struct reading *r)
{
    if (slice_starts(r->rest, SLICE("\xEF\xBB\xBF")))
        r->rest = (struct slice){r->rest.at + 3, r->rest.length - 3};
    /* inih's options are global to the process; these never change again. */
    if (ini_max_line != CONFIG_LINE_MAX + 2)
        ini_max_line = CONFIG_LINE_MAX + 2;
    if (ini_allow_inline_comments)
        ini_allow_inline_comments = false;
    if (ini_parse_stream(take_line, r, take_value, r) != 0 && r->error == 0)
        reading_fail(r, "the line could not be read");
    return r->error;
}

int parsed_text(struct parsed *p, struct slice text, const char *name,
                struct config_error *ret_error)
{
    struct reading r = {.parsed = p,
                        .rest = text,
                        .place = {PLACE_FILE, name, 0},
                        .from_memory = true,
                        .ret_error = ret_error};
    return reading_run(&r);
}

int parsed_demo(struct parsed *p, struct config_error *ret_error)
{
    struct place place = {PLACE_FILE, "(default)", 1};
    int rv = add_site(p, SLICE("demo"), place);
    if (rv != 0)
        return config_say(ret_error, rv, "%s", error_text(rv));
    for (size_t i = 0; i < DEMO_VALUE_COUNT && rv == 0; i++)
        rv = setting_apply(setting_find(SITE_SETTINGS, slice_of(DEMO_VALUES[i].name)),
                           &p->sites[0].config, slice_of(DEMO_VALUES[i].value), place,
                           ret_error);
    return rv;
}
