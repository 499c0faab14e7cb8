#include "answer/commands.h"

#include <stdio.h>
#include <stdlib.h>

#include "answer/command.h"
#include "base/error.h"
#include "base/forget.h"

#define SEED_OPTIONS "metric total today week month as_of note page"

static const struct command table[] = {
    {"help", "[COMMAND]", "this list", command_help, "", 0, 1, false},
    {"stats", "", "what luotd received, counted, suppressed and rejected", command_stats,
     "", 0, 0, false},
    {"metrics", "", "the same and more for Prometheus", command_metrics, "", 0, 0, false},
    {"sites", "", "all sites with the numbers of their boxes", command_sites, "", 0, 0,
     false},
    {"site", "KEY | rename OLD NEW | merge FROM INTO | archive KEY | restore KEY",
     "one site: its settings and its numbers; or gives it another name, makes it part of "
     "another one, puts it away; old names go on working",
     command_site, "", 1, 3, false},
    {"snapshot", "KEY", "all numbers of a site now", command_snapshot, "", 1, 1, false},
    {"series", "KEY METRIC STEP FROM TO",
     "one metric over time; FROM and TO are days (2026-01-31) or unix seconds, TO is not "
     "in it",
     command_series, "metric step from to", 1, 5, false},
    {"report",
     "KEY [by day|hour|week|month] [FROM] [TO] | (KEY | --group G | --all) --month M "
     "[--starts-on N] [--compare previous,year]",
     "views, visits and visitors, a row for each day, hour, week or month; or a month of "
     "one site, a group or all, as JSON",
     command_report, "by from to month group all starts_on compare", 0, 5, false},
    {"top", "KEY [--of WHAT] [--from DAY] [--to DAY]",
     "the first rows of pages, referrers, countries and so on; of today, or of days",
     command_top, "of from to", 1, 2, false},
    {"seed",
     "KEY --metric M --total N [--today N] [--week N] [--month N] [--as-of T] [--note "
     "TEXT] | KEY --page PATH N",
     "sets the numbers that a site begins with; the same twice changes nothing",
     command_seed, SEED_OPTIONS, 1, 2, false},
    {"adjust", "KEY --metric M --day D --by N [--note TEXT]",
     "adds a number to one day; -3 takes three away", command_adjust,
     "metric day by note", 1, 1, false},
    {"load", "(then a document)", "history, as `luotctl import` or `dump` makes it",
     command_load, "", 0, 0, true},
    {"dump", "[KEY] [--from PLACE]",
     "all that is kept of a site, to load elsewhere; `luotctl dump` asks for all pieces",
     command_dump, "from", 0, 1, false},
    {"source", "KEY HASH", "how much of a log was imported; HASH is of its first line",
     command_source, "", 2, 2, false},
    {"import-key", "KEY", "what `luotctl import` needs to know of a site",
     command_import_key, "", 1, 1, false},
    {"audit", "[KEY]", "who changed what, and when: of a site, or of luotd and all sites",
     command_audit, "", 0, 1, false},
    {"privacy", "[--lang vi|km|en]",
     "what is kept of visitors here, and for how long; /privacy says it to them",
     command_privacy, "lang", 0, 0, false},
    {"check", "[--quiet 24h]",
     "whether all is well: store, disk, arena, sites without a view for so long",
     command_check, "quiet", 0, 0, false},
    {"nodes", "", "who counts the same portals through a shared store, and what is odd",
     command_nodes, "", 0, 0, false},
    {"reader", "list",
     "who may read private documents, and of which sites; `luotctl reader add` makes a "
     "token",
     command_reader, "", 1, 1, false},
    {"where", "ADDRESS [KEY]",
     "the country, region and network of an address, and whether it is internal (of site "
     "KEY)",
     command_where, "", 1, 2, false},
    {"snippet", "KEY [--url URL] [--lang vi|km|en]",
     "what to paste into a portal's pages; URL is where browsers find luotd",
     command_snippet, "url lang", 1, 1, false},
    {"reload", "", "reads the configuration again", command_reload, "", 0, 0, false},
    {"loglevel", "[error|warn|info|debug]",
     "how much is logged; with a word, from now on", command_loglevel, "", 0, 1, false},
};

const struct command *commands(size_t *ret_count)
{
    *ret_count = sizeof table / sizeof table[0];
    return table;
}

static const struct command *find(struct slice name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (slice_equal(slice_of(table[i].name), name))
            return &table[i];
    return NULL;
}

bool commands_take_document(struct slice line)
{
    struct slice rest = slice_trim(line);
    struct slice name = slice_cut(&rest, ' ');
    const struct command *command;

    if (slice_equal(name, SLICE("json"))) {
        rest = slice_trim(rest);
        name = slice_cut(&rest, ' ');
    }
    command = find(name);
    return command != NULL && command->document;
}

/* --- For handlers --- */

void command_error(const struct asked_command *c, const char *name, const char *sentence)
{
    destination_error(&c->to, 400, name, sentence);
}

void command_usage(const struct asked_command *c, const char *what)
{
    char sentence[512];

    snprintf(sentence, sizeof sentence, "%s; usage: %s %s", what, c->command->name,
             c->command->arguments);
    command_error(c, "usage", sentence);
}

struct site *command_site_at(const struct asked_command *c, unsigned place)
{
    struct site *site = registry_by_key(c->service->registry, c->words->place[place]);

    if (site == NULL)
        command_error(
            c, "unknown_site",
            "there is no such site; `sites` lists them, and a [site KEY] in the "
            "configuration makes one");
    return site;
}

char *command_begin(const struct asked_command *c, struct buffer *ret_out, size_t limit)
{
    char *memory = malloc(limit);

    if (memory == NULL)
        command_error(c, "memory", "there is not enough memory; try again");
    buffer_init(ret_out, memory, memory == NULL ? 0 : limit);
    return memory;
}

void command_answer(const struct asked_command *c, const struct buffer *out, char *memory)
{
    if (buffer_error(out) == 0)
        destination_document(&c->to, buffer_written(out));
    else
        command_error(c, "memory",
                      "the answer is longer than was thought; please report");
    forget_free(memory, out->length);
}

/* --- A line --- */

static void wrong_option(const struct asked_command *c, int code, struct slice name)
{
    char what[160];

    snprintf(what, sizeof what,
             code == ERR_PARTIAL ? "--%.*s needs a value" : "there is no option --%.*s",
             (int)(name.length < 64 ? name.length : 64), name.length == 0 ? "" : name.at);
    command_usage(c, what);
}

static void run(struct asked_command *c)
{
    struct slice wrong = {NULL, 0};
    int rv = arguments_options(c->words, c->command->options, &wrong);

    if (rv != 0)
        wrong_option(c, rv, wrong);
    else if (c->words->places < c->command->places_min)
        command_usage(c, "something is missing");
    else if (c->words->places > c->command->places_max)
        command_usage(c, "that is too much");
    else
        c->command->run(c);
}

void commands_run(struct service *service, struct slice line, struct slice document,
                  uid_t uid, uint64_t token)
{
    struct arguments words;
    struct asked_command c = {
        .service = service,
        .words = &words,
        .document = document,
        .to = {.service = service, .console = true, .token = token},
        .now = clock_now(service->clock),
        .uid = uid,
    };
    int rv = arguments_split(&words, line);

    c.json = words.json;
    c.command = rv == 0 ? find(words.name) : NULL;
    if (rv == ERR_MALFORMED)
        command_error(&c, "usage", "a quote does not end; write \\\" for one inside");
    else if (rv != 0)
        command_error(&c, "too_long", "that line is too long; shorten it");
    else if (c.command == NULL)
        command_error(&c, "unknown_command",
                      "there is no such command; `help` lists them");
    else
        run(&c);
}
