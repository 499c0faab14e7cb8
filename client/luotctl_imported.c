#include "luotctl_imported.h"

#include <jansson.h>
#include <string.h>

#include "base/error.h"
#include "luotctl_table.h"

static json_t *time_or_null(const struct import_numbers *n, int64_t t)
{
    return n->views == 0 ? json_null() : json_integer(t);
}

/* One line of JSON a file. */
static int print_json(const struct luotctl *ctl, const char *file, bool dry_run,
                      const struct import_result *result)
{
    const struct import_numbers *n = &result->numbers;
    char escaped[16384];
    struct buffer b;
    buffer_init(&b, escaped, sizeof escaped); /* a name may be no UTF-8 */
    buffer_json(&b, slice_of(file));
    buffer_byte(&b, '\0');
    json_t *name = buffer_error(&b) == 0 ? json_loads(escaped, JSON_DECODE_ANY, NULL)
                                         : json_string("?");
    json_t *object = json_pack(
        "{s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:b, s:b}", "file",
        name, "lines", (json_int_t)n->lines, "parsed", (json_int_t)n->parsed, "malformed",
        (json_int_t)n->malformed, "views", (json_int_t)n->views, "robots",
        (json_int_t)n->robots, "internal", (json_int_t)n->internal, "denied",
        (json_int_t)n->denied, "skipped", (json_int_t)n->skipped, "visitors",
        (json_int_t)result->visitors, "from", time_or_null(n, n->from_s), "to",
        time_or_null(n, n->to_s), "already_imported", (int)result->already_imported,
        "dry_run", (int)dry_run);
    if (object == NULL)
        return ERR_NOMEM;
    json_dumpf(object, ctl->out, JSON_COMPACT);
    fputc('\n', ctl->out);
    json_decref(object);
    return 0;
}

static void add_pair(struct table *t, const char *name, uint64_t number)
{
    table_row(t);
    table_number(t, (int64_t)number);
    table_text(t, CELL_TEXT, slice_of(name));
}

static int print_days(const struct luotctl *ctl, const struct import_tally *tally)
{
    struct table t = {0};
    char date[11];
    table_row(&t);
    table_text(&t, CELL_HEADING, SLICE("day"));
    table_text(&t, CELL_HEADING_NUMBER, SLICE("views"));
    table_text(&t, CELL_HEADING_NUMBER, SLICE("visitors"));
    for (size_t i = 0; i < tally->days; i++) {
        table_row(&t);
        date_write(tally->day[i].day, date);
        table_text(&t, CELL_TEXT, slice_of(date));
        table_number(&t, (int64_t)tally->day[i].views);
        table_number(&t, (int64_t)tally->day[i].visitors);
    }
    fputc('\n', ctl->out);
    int rv = table_print(&t, ctl->out, 2, stream_has_colours(ctl->out));
    table_release(&t);
    return rv;
}

static int print_table(const struct luotctl *ctl, const char *file, bool dry_run,
                       const struct import_result *result)
{
    const struct import_numbers *n = &result->numbers;
    struct table t = {0};
    text_print(ctl->out, slice_of(file));
    if (result->already_imported) {
        fputs(": already imported; nothing changed\n", ctl->out);
        return 0;
    }
    fputs(dry_run ? ": would be imported\n" : ": imported\n", ctl->out);
    add_pair(&t, "lines", n->lines);
    add_pair(&t, "records", n->parsed);
    add_pair(&t, "malformed lines", n->malformed);
    if (n->robots > 0)
        add_pair(&t, "page views of robots, not counted", n->robots);
    if (n->internal > 0)
        add_pair(&t, "page views of who is `internal`, not counted", n->internal);
    if (n->denied > 0)
        add_pair(&t, "page views from hosts in `referrer_deny`, not counted", n->denied);
    if (n->skipped > 0)
        add_pair(&t, "skipped: luotd counted the site itself by then", n->skipped);
    add_pair(&t, "page views", n->views);
    add_pair(&t, "visitors", result->visitors);
    int rv = table_print(&t, ctl->out, 2, false);
    table_release(&t);
    return rv == 0 && result->tally.days > 0 ? print_days(ctl, &result->tally) : rv;
}

int imported_print(const struct luotctl *ctl, const char *file, bool dry_run,
                   const struct import_result *result)
{
    return ctl->json ? print_json(ctl, file, dry_run, result)
                     : print_table(ctl, file, dry_run, result);
}

void imported_note(const struct luotctl *ctl, const char *file, const char *name,
                   const struct import_result *result, unsigned shown)
{
    const struct import_known *known = &result->known;
    if (result->numbers.malformed > shown)
        fprintf(ctl->err, "%s: %llu malformed lines; the first %u are shown\n", file,
                (unsigned long long)result->numbers.malformed, shown);
    if (known->bytes > 0 && known->name[0] != '\0' && strcmp(known->name, name) != 0)
        fprintf(ctl->err,
                "%s: its first line is that of %s, which was imported before; it is "
                "taken for the same log\n",
                file, known->name);
    if (known->bytes > result->file_bytes)
        fprintf(ctl->err,
                "%s: it is shorter than what was imported of it before (%llu bytes)\n",
                file, (unsigned long long)known->bytes);
}
