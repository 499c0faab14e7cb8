/* The commands of luotctl, one row each: what they are called, what they may be given,
 * and what is sent to luotd. */
#ifndef LUOT_LUOTCTL_COMMAND_H
#define LUOT_LUOTCTL_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buffer.h"

enum { COMMAND_OPTIONS = 9, COMMAND_WORDS = 8, COMMAND_AGAIN = 64, COMMAND_LINE = 4096 };

struct command_option {
    const char *name; /* --NAME VALUE                                 */
    const char *key;  /* sent as KEY=VALUE; NULL: it is luotctl's own */
    bool required;
    bool flag; /* takes no value           */
    bool many; /* may be given again       */
};

enum command_kind {
    COMMAND_TEXT,     /* luotd's text is shown as it is                    */
    COMMAND_JSON,     /* luotd is asked for JSON, which is shown as tables */
    COMMAND_HELP,     /* ours: no luotd is asked                           */
    COMMAND_IMPORT,   /* ours: luotctl_import.c                            */
    COMMAND_LOAD,     /* followed by a document from a file                */
    COMMAND_DUMP,     /* ours: luotctl_dump.c                              */
    COMMAND_CHECK,    /* ours: luotctl_check.c                             */
    COMMAND_READER,   /* ours but for `list`: luotctl_reader.c             */
    COMMAND_CLASSIFY, /* ours: luotctl_classify.c                         */
    COMMAND_REPORT,   /* ours with --month: luotctl_report.c; else as JSON */
    COMMAND_TOP       /* ours without KEY: luotctl_live.c; else as text    */
};

struct command {
    const char *name;
    enum command_kind kind;
    const char *usage;    /* what follows the name     */
    const char *sentence; /* what it does, in one line */
    const char *details;  /* more lines, or ""         */
    unsigned words_min, words_max;
    struct command_option option[COMMAND_OPTIONS]; /* ends with name NULL */
};

/* A command as it was typed. */
struct invocation {
    const struct command *command;
    const char *word[COMMAND_WORDS]; /* KEY and the like */
    unsigned words;
    const char *value[COMMAND_OPTIONS]; /* by option; NULL: not given; flags: "" */
    struct {
        const char *name, *value;
    } again[COMMAND_AGAIN]; /* further values of options with `many`, as typed */
    unsigned agains;
    char *const *rest; /* COMMAND_IMPORT: the files             */
    unsigned rest_count;
};

const struct command *command_find(const char *name); /* NULL: there is none */
/* argv[0] is the command's name. Options may stand anywhere; `--` ends them. EX_USAGE
 * with a sentence. */
int invocation_parse(struct invocation *ret_invocation, int argc, char *const *argv,
                     char ret_sentence[512]);
/* The value of an option, NULL when it was not given. */
const char *invocation_option(const struct invocation *i, const char *name);
/* Its n-th further value, from 0; NULL: it was not given so often. */
const char *invocation_again(const struct invocation *i, const char *name, unsigned n);
/* The line for luotd, without its end. EX_USAGE with a sentence: too long, or a word that
 * holds a line end. */
int invocation_write(struct buffer *b, const struct invocation *i, bool json,
                     char ret_sentence[512]);

void command_write_help(FILE *out);
void command_write_details(FILE *out, const struct command *command);

#endif
