#include "identify/agent_list.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

static int refuse(char ret_trouble[AGENT_TROUBLE_MAX], int rv, unsigned line,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

static int refuse(char ret_trouble[AGENT_TROUBLE_MAX], int rv, unsigned line,
                  const char *format, ...)
{
    int n = snprintf(ret_trouble, AGENT_TROUBLE_MAX, "line %u: ", line);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(ret_trouble + n, AGENT_TROUBLE_MAX - (size_t)n, format, arguments);
    va_end(arguments);
    return rv;
}

const char *agent_list_word(enum agent_list_kind list)
{
    return list == AGENT_LIST_AGENTS ? "agents" : "bots";
}

static int check_head(enum agent_list_kind list, struct slice line,
                      char ret_trouble[AGENT_TROUBLE_MAX])
{
    const char *word = agent_list_word(list);
    struct slice what, mark = slice_cut(&line, ' ');

    what = slice_cut(&line, ' ');
    if (!slice_equal(mark, SLICE("luot-list")) || !slice_equal(what, slice_of(word)))
        return refuse(ret_trouble, ERR_FOREIGN, 1,
                      "this is no list of %s; its first line must be: luot-list %s 1",
                      word, word);
    if (!slice_equal(line, SLICE("1")))
        return refuse(ret_trouble, ERR_VERSION, 1,
                      "the list is of another version than 1; take the list that came "
                      "with this luotd");
    return 0;
}

static bool kind_of(struct slice word, enum agent_list_kind list, struct agent_row *row)
{
    static const struct {
        struct slice word;
        enum agent_list_kind list;
        enum agent_kind kind;
        bool person;
    } kinds[] = {
        {{"browser", 7}, AGENT_LIST_AGENTS, AGENT_BROWSER, false},
        {{"system", 6}, AGENT_LIST_AGENTS, AGENT_SYSTEM, false},
        {{"device", 6}, AGENT_LIST_AGENTS, AGENT_DEVICE, false},
        {{"bot", 3}, AGENT_LIST_BOTS, AGENT_ROBOT, false},
        {{"person", 6}, AGENT_LIST_BOTS, AGENT_ROBOT, true},
    };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].list == list && slice_equal(kinds[i].word, word)) {
            row->kind = kinds[i].kind;
            row->person = kinds[i].person;
            return true;
        }
    return false;
}

static uint8_t last_capture(struct slice text)
{
    uint8_t last = 0;

    for (size_t i = 0; i < text.length; i++)
        if (agent_text_is_capture(text, i) && text.at[i + 1] - '0' > last)
            last = (uint8_t)(text.at[i + 1] - '0');
    return last;
}

static void note_captures(struct agent_row *row)
{
    uint8_t name = last_capture(row->name), major = last_capture(row->major);

    row->name_captures = name;
    row->captures = name > major ? name : major;
}

static int read_row(struct slice line, enum agent_list_kind list, unsigned number,
                    struct agent_row *ret_row, char ret_trouble[AGENT_TROUBLE_MAX])
{
    static const struct slice caseless = {"(?i)", 4};
    struct agent_row row = {.list = list, .line = number};

    if (!kind_of(slice_cut(&line, '\t'), list, &row))
        return refuse(
            ret_trouble, ERR_MALFORMED, number, "a row begins with %s and a tab",
            list == AGENT_LIST_AGENTS ? "browser, system or device" : "bot or person");
    row.name = slice_cut(&line, '\t');
    row.major = slice_cut(&line, '\t');
    row.pattern = line;
    if (row.pattern.length == 0)
        return refuse(ret_trouble, ERR_MALFORMED, number,
                      "KIND, NAME, MAJOR and PATTERN are expected, parted by tabs");
    if (row.name.length == 0 && !row.person)
        return refuse(ret_trouble, ERR_MALFORMED, number, "NAME is empty");
    if (row.name.length > AGENT_NAME_MAX || row.major.length > AGENT_NAME_MAX ||
        row.pattern.length > AGENT_PATTERN_MAX)
        return refuse(ret_trouble, ERR_TOO_LONG, number,
                      "NAME and MAJOR have at most %d bytes, PATTERN %d", AGENT_NAME_MAX,
                      AGENT_PATTERN_MAX);
    if (memchr(row.pattern.at, '\0', row.pattern.length) != NULL)
        return refuse(ret_trouble, ERR_MALFORMED, number, "a NUL byte in the pattern");
    row.caseless = slice_starts(row.pattern, caseless);
    if (row.caseless) {
        row.pattern.at += caseless.length;
        row.pattern.length -= caseless.length;
    }
    note_captures(&row);
    *ret_row = row;
    return 0;
}

static int add_row(struct agent_rows *rows, const struct agent_row *row)
{
    if (rows->count == rows->room) {
        size_t room = rows->room == 0 ? 1024 : rows->room * 2;
        struct agent_row *more = realloc(rows->row, room * sizeof *more);

        if (more == NULL)
            return ERR_NOMEM;
        rows->row = more;
        rows->room = room;
    }
    rows->row[rows->count++] = *row;
    return 0;
}

int agent_rows_read(struct agent_rows *rows, enum agent_list_kind list, struct slice text,
                    char ret_trouble[AGENT_TROUBLE_MAX])
{
    size_t before = rows->count;
    struct agent_row row;
    int rv;

    rv = check_head(list, slice_cut(&text, '\n'), ret_trouble);
    for (unsigned number = 2; rv == 0 && text.length > 0; number++) {
        struct slice line = slice_cut(&text, '\n');

        if (line.length == 0 || line.at[0] == '#')
            continue;
        if (rows->count == AGENT_ROWS_MAX)
            return refuse(ret_trouble, ERR_FULL, number,
                          "more than %d rows in all; take some out", AGENT_ROWS_MAX);
        rv = read_row(line, list, number, &row, ret_trouble);
        if (rv == 0 && (rv = add_row(rows, &row)) != 0)
            snprintf(ret_trouble, AGENT_TROUBLE_MAX, "%s", error_text(rv));
    }
    if (rv == 0 && rows->count == before)
        return refuse(ret_trouble, ERR_MALFORMED, 1,
                      "the list has no rows; an empty setting means the built-in list");
    return rv;
}

int agent_rows_sort(struct agent_rows *rows)
{
    struct agent_row *sorted = malloc((rows->count + 1) * sizeof *sorted);
    size_t n = 0;

    if (sorted == NULL)
        return ERR_NOMEM;
    for (int kind = 0; kind < AGENT_KINDS; kind++) {
        rows->first[kind] = n;
        for (size_t i = 0; i < rows->count; i++)
            if (rows->row[i].kind == (enum agent_kind)kind)
                sorted[n++] = rows->row[i];
    }
    rows->first[AGENT_KINDS] = n;
    free(rows->row);
    rows->row = sorted;
    rows->room = rows->count + 1;
    return 0;
}

void agent_rows_free(struct agent_rows *rows)
{
    free(rows->row);
    *rows = (struct agent_rows){0};
}
