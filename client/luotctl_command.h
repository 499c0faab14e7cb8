/* The commands of luotctl, one row each: what they are called, and what they may be given
 * and send to luotd. */
#ifndef LUOT_LUOTCTL_COMMAND_H
#define LUOT_LUOTCTL_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

enum { COMMAND_OPTIONS = 9 };

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

const struct command *command_find(const char *name); /* NULL: there is none */
void command_write_help(FILE *out);
void command_write_details(FILE *out, const struct command *command);

#endif
