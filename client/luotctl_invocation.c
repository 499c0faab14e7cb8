#include "luotctl_invocation.h"

#include <string.h>
#include <sysexits.h>

static int usage(char ret_sentence[512], const char *command, const char *what,
                 const char *which)
{
    snprintf(ret_sentence, 512, "%s%.200s; see `luotctl help %s`", what, which, command);
    return EX_USAGE;
}

static int find_option(const struct command *command, struct slice name)
{
    for (int i = 0; i < COMMAND_OPTIONS && command->option[i].name != NULL; i++)
        if (slice_equal(slice_of(command->option[i].name), name))
            return i;
    return -1;
}

/* --name=value, --name value, --flag. *at moves over what it takes. */
static int take_option(struct invocation *i, int argc, char *const *argv, int *at,
                       char ret_sentence[512])
{
    struct slice value = slice_of(argv[*at] + 2);
    struct slice name = slice_cut(&value, '=');
    int n = find_option(i->command, name);
    if (n < 0)
        return usage(ret_sentence, i->command->name, "there is no option ", argv[*at]);
    bool flag = i->command->option[n].flag;
    if (flag && value.at != NULL)
        return usage(ret_sentence, i->command->name, "it takes no value: ", argv[*at]);
    if (i->value[n] != NULL && !i->command->option[n].many)
        return usage(ret_sentence, i->command->name, "it is given twice: ", argv[*at]);
    if (!flag && value.at == NULL && *at + 1 == argc)
        return usage(ret_sentence, i->command->name, "it needs a value: ", argv[*at]);
    const char *given = flag ? "" : value.at != NULL ? value.at : argv[++*at];
    if (i->value[n] == NULL) {
        i->value[n] = given;
        return 0;
    }
    if (i->agains == COMMAND_AGAIN)
        return usage(ret_sentence, i->command->name, "that is too often: ", argv[*at]);
    i->again[i->agains].name = i->command->option[n].name;
    i->again[i->agains++].value = given;
    return 0;
}

static int take_word(struct invocation *i, const char *word, char ret_sentence[512])
{
    if (i->words == i->command->words_max || i->words == COMMAND_WORDS)
        return usage(ret_sentence, i->command->name, "this is one word too many: ", word);
    i->word[i->words++] = word;
    return 0;
}

static int check_complete(const struct invocation *i, char ret_sentence[512])
{
    const struct command *c = i->command;
    for (int n = 0; n < COMMAND_OPTIONS && c->option[n].name != NULL; n++)
        if (c->option[n].required && i->value[n] == NULL)
            return usage(ret_sentence, c->name, "it needs --", c->option[n].name);
    if (c->kind == COMMAND_IMPORT && i->rest_count == 0)
        return usage(ret_sentence, c->name, "it needs at least one FILE", "");
    if (c->kind != COMMAND_IMPORT && i->words < c->words_min)
        return usage(ret_sentence, c->name, "it needs more words: ", c->usage);
    return 0;
}

/* The files of an import come after its options. */
static int take_files(struct invocation *i, int argc, char *const *argv, int at,
                      char ret_sentence[512])
{
    i->rest = argv + at;
    i->rest_count = (unsigned)(argc - at);
    for (unsigned n = 0; n < i->rest_count; n++)
        if (strncmp(i->rest[n], "--", 2) == 0 && (at == 0 || strcmp(argv[at - 1], "--")))
            return usage(ret_sentence, i->command->name,
                         "options stand before the files: ", i->rest[n]);
    return 0;
}

int invocation_parse(struct invocation *ret_invocation, int argc, char *const *argv,
                     char ret_sentence[512])
{
    struct invocation i = {.command = command_find(argv[0])};
    bool options = true;
    int rv = 0;
    if (i.command == NULL) {
        snprintf(ret_sentence, 512,
                 "there is no command %.200s; `luotctl help` lists all of them", argv[0]);
        return EX_USAGE;
    }
    for (int at = 1; at < argc && rv == 0; at++) {
        if (options && strcmp(argv[at], "--") == 0)
            options = false;
        else if (options && strncmp(argv[at], "--", 2) == 0)
            rv = take_option(&i, argc, argv, &at, ret_sentence);
        else if (i.command->kind == COMMAND_IMPORT) {
            rv = take_files(&i, argc, argv, at, ret_sentence);
            break;
        } else
            rv = take_word(&i, argv[at], ret_sentence);
    }
    if (rv == 0)
        rv = check_complete(&i, ret_sentence);
    if (rv == 0)
        *ret_invocation = i;
    return rv;
}

const char *invocation_option(const struct invocation *i, const char *name)
{
    int n = find_option(i->command, slice_of(name));
    return n < 0 ? NULL : i->value[n];
}

const char *invocation_again(const struct invocation *i, const char *name, unsigned n)
{
    for (unsigned k = 0; k < i->agains; k++)
        if (strcmp(i->again[k].name, name) == 0 && n-- == 0)
            return i->again[k].value;
    return NULL;
}

/* --- As it is sent --- */

/* One word: in quotes if it needs them. */
static void write_word(struct buffer *b, const char *key, const char *value)
{
    bool quoted = *value == '\0' || strpbrk(value, " \t\"\\") != NULL;
    buffer_byte(b, ' ');
    if (quoted)
        buffer_byte(b, '"');
    if (key != NULL) {
        buffer_text(b, key);
        buffer_byte(b, '=');
    }
    for (const char *p = value; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            buffer_byte(b, '\\');
        buffer_byte(b, *p);
    }
    if (quoted)
        buffer_byte(b, '"');
}

int invocation_write(struct buffer *b, const struct invocation *i, bool json,
                     char ret_sentence[512])
{
    const struct command *c = i->command;
    size_t from = b->length;
    if (json)
        buffer_text(b, "json ");
    buffer_text(b, c->name);
    for (unsigned n = 0; n < i->words; n++)
        write_word(b, NULL, i->word[n]);
    for (int n = 0; n < COMMAND_OPTIONS && c->option[n].name != NULL; n++) {
        if (i->value[n] != NULL && c->option[n].key != NULL)
            write_word(b, c->option[n].key, i->value[n]);
    }
    if (buffer_error(b) != 0 || b->length - from > COMMAND_LINE)
        return usage(ret_sentence, c->name, "a command has at most 4096 bytes", "");
    if (memchr(b->at + from, '\n', b->length - from) != NULL ||
        memchr(b->at + from, '\r', b->length - from) != NULL)
        return usage(ret_sentence, c->name, "a word may not hold the end of a line", "");
    return 0;
}
