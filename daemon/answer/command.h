/* Floor 4 (answer). One command under way, for the files that carry them out. */
#ifndef LUOT_ANSWER_COMMAND_H
#define LUOT_ANSWER_COMMAND_H

#include <sys/types.h>

#include "answer/arguments.h"
#include "answer/destination.h"

struct asked_command {
    struct service *service;
    const struct command *command;
    struct arguments *words;
    struct slice document;
    struct destination to;
    struct instant now;
    uid_t uid;
    bool json;
};

struct command {
    const char *name;
    const char *arguments; /* for people */
    const char *sentence;
    void (*run)(struct asked_command *c); /* answers c->to once, now or later         */
    const char *options;                  /* names that it takes, separated by spaces */
    unsigned places_min, places_max;
    bool document; /* a document follows the line */
};

/* The table; *ret_count of them. */
const struct command *commands(size_t *ret_count);

/* Handlers, by file. commands_read.c: */
void command_stats(struct asked_command *c);
void command_metrics(struct asked_command *c);
void command_sites(struct asked_command *c);
void command_site_card(struct asked_command *c);
void command_snapshot(struct asked_command *c);
void command_series(struct asked_command *c);
void command_report(struct asked_command *c);
/* commands_seed.c, commands_import.c, commands_audit.c: */
void command_seed(struct asked_command *c);
void command_adjust(struct asked_command *c);
void command_load(struct asked_command *c);
void command_source(struct asked_command *c);
void command_import_key(struct asked_command *c);
void command_audit(struct asked_command *c);
/* privacy.c: */
void command_privacy(struct asked_command *c);
/* commands_snippet.c: */
void command_snippet(struct asked_command *c);
/* commands_names.c: */
void command_site(struct asked_command *c);
/* commands_tops.c: */
void command_top(struct asked_command *c);
void command_seed_page(struct asked_command *c, struct site *site, struct slice page);
/* commands_dump.c: */
void command_dump(struct asked_command *c);
/* commands_check.c: */
void command_check(struct asked_command *c);
/* commands_nodes.c: */
void command_nodes(struct asked_command *c);
void command_where(struct asked_command *c);
/* commands_reader.c: */
void command_reader(struct asked_command *c);
/* commands_daemon.c: */
void command_help(struct asked_command *c);
void command_reload(struct asked_command *c);
void command_loglevel(struct asked_command *c);

/* For handlers. ERR usage, with how it is written. */
void command_usage(const struct asked_command *c, const char *what);
/* ERR name sentence. */
void command_error(const struct asked_command *c, const char *name, const char *sentence);
/* The live site that a place names; NULL: there is none, and that was said. */
struct site *command_site_at(const struct asked_command *c, unsigned place);
/* Memory for an answer: NULL, said, when there is none; command_answer frees it. */
char *command_begin(const struct asked_command *c, struct buffer *ret_out, size_t limit);
void command_answer(const struct asked_command *c, const struct buffer *out,
                    char *memory);

#endif
