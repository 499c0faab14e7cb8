/* A command as it was typed, and the line that luotd gets of it. */
#ifndef LUOT_LUOTCTL_INVOCATION_H
#define LUOT_LUOTCTL_INVOCATION_H

#include "base/buffer.h"
#include "luotctl_command.h"

enum { COMMAND_WORDS = 8, COMMAND_AGAIN = 64, COMMAND_LINE = 4096 };

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

#endif
