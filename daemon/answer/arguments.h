/* Floor 4 (answer). A command's line as words: a name, places and options.
 *
 *   seed portal --metric visits --total=50510 note="the old counter"
 *   name place  option          option        option
 *
 * An option is --NAME VALUE, --NAME=VALUE or NAME=VALUE, where '_' is as good as '-'; the
 * last form only for names that the command has, so that a place may hold a '='. */
#ifndef LUOT_ANSWER_ARGUMENTS_H
#define LUOT_ANSWER_ARGUMENTS_H

#include "base/slice.h"

enum { WORDS_MAX = 32, OPTIONS_MAX = 12, COMMAND_LINE_MAX = 4096 };

struct argument_option {
    struct slice name, value;
};

struct arguments { /* points into itself: not copied */
    char memory[COMMAND_LINE_MAX];
    bool json;
    struct slice name;
    struct slice place[WORDS_MAX];
    struct argument_option option[OPTIONS_MAX];
    unsigned places, options;
};

/* Cuts a line into words and unquotes them; `json` first is taken off. The name is empty
 * when the line is. ERR_MALFORMED (a quote that does not end), ERR_TOO_LONG, ERR_FULL. */
int arguments_split(struct arguments *ret_arguments, struct slice line);
/* Moves what are options out of the places. `known`: the command's option names,
 * separated by spaces. ERR_NOT_FOUND: an option that the command does not have, its name
 * in *ret_wrong. ERR_PARTIAL: its value is missing. */
int arguments_options(struct arguments *a, const char *known, struct slice *ret_wrong);
/* false: it was not given. */
bool arguments_option(const struct arguments *a, const char *name,
                      struct slice *ret_value);

#endif
