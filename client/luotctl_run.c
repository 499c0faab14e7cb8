/* The happy path of a command: parse what was typed -> a line for luotd -> its answer ->
 * tables, or as it is. */
#include "luotctl_run.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/error.h"
#include "luotctl_show.h"
#include "luotctl_socket.h"
#include "luotctl_table.h"

enum { EXIT_REFUSED = 1 };

int luotctl_fail(const struct luotctl *ctl, int status, const char *sentence)
{
    fputs("luotctl: ", ctl->err);
    text_print(ctl->err, slice_of(sentence));
    fputc('\n', ctl->err);
    return status;
}

int luotctl_show_reply(const struct luotctl *ctl, const struct reply *reply, bool tables)
{
    struct slice text = {reply->bytes, reply->length};
    int rv = 0;
    if (reply->refused) {
        fprintf(ctl->err, "luotctl: ");
        text_print(ctl->err, reply->sentence);
        fputc('\n', ctl->err);
        return EXIT_REFUSED;
    }
    if (tables)
        rv = show_json(text, ctl->out, stream_has_colours(ctl->out));
    if (rv == ERR_NOMEM)
        return luotctl_fail(ctl, EX_OSERR, "there is not enough memory");
    if (!tables || rv == ERR_MALFORMED)
        text_print(ctl->out, text);
    return 0;
}

/* One command, one answer. */
static int ask(const struct luotctl *ctl, const struct invocation *i,
               struct slice document)
{
    char sentence[SOCKET_SENTENCE_MAX], path[SOCKET_PATH_MAX], line[COMMAND_LINE + 256];
    bool json = ctl->json || i->command->kind == COMMAND_JSON ||
                i->command->kind == COMMAND_REPORT || i->command->kind == COMMAND_READER;
    struct reply reply;
    struct buffer b;
    buffer_init(&b, line, sizeof line);
    int rv = invocation_write(&b, i, json, sentence);
    if (rv == 0)
        rv = socket_find(path, ctl->socket, sentence);
    if (rv == 0)
        rv = socket_ask(&reply, path, buffer_written(&b), document, sentence);
    if (rv != 0)
        return luotctl_fail(ctl, rv, sentence);
    rv = luotctl_show_reply(ctl, &reply, json && !ctl->json);
    reply_release(&reply);
    return rv;
}

static int help(const struct luotctl *ctl, const struct invocation *i)
{
    const struct command *about = i->words > 0 ? command_find(i->word[0]) : NULL;
    if (i->words > 0 && about == NULL)
        return luotctl_fail(ctl, EX_USAGE,
                            "there is no such command; `luotctl help` lists all of them");
    if (about != NULL)
        command_write_details(ctl->out, about);
    else
        command_write_help(ctl->out);
    return 0;
}

/* What stands before the command. *at moves over it. */
static int take_global(struct luotctl *ctl, int argc, char *const *argv, int *at)
{
    const char *option = argv[*at];
    if (strcmp(option, "--json") == 0)
        ctl->json = true;
    else if (strncmp(option, "--socket=", 9) == 0)
        ctl->socket = option + 9;
    else if (strcmp(option, "--socket") == 0 && *at + 1 < argc)
        ctl->socket = argv[++*at];
    else if (strcmp(option, "--socket") == 0)
        return luotctl_fail(ctl, EX_USAGE, "--socket needs the path of luotd's socket");
    else
        return luotctl_fail(ctl, EX_USAGE,
                            "before the command there may be --socket PATH and --json; "
                            "see `luotctl help`");
    return 0;
}

static int run_command(const struct luotctl *ctl, int argc, char *const *argv)
{
    char sentence[512];
    struct invocation i;
    int rv = invocation_parse(&i, argc, argv, sentence);
    if (rv != 0)
        return luotctl_fail(ctl, rv, sentence);
    switch (i.command->kind) {
    case COMMAND_HELP:
        return help(ctl, &i);
    case COMMAND_IMPORT:
        return luotctl_import(ctl, &i);
    case COMMAND_LOAD:
        return luotctl_load(ctl, &i);
    case COMMAND_CHECK:
        return luotctl_check(ctl, &i);
    case COMMAND_CLASSIFY:
        return luotctl_classify(ctl, &i);
    case COMMAND_DUMP:
        return luotctl_dump(ctl, &i);
    case COMMAND_REPORT:
        if (month_report_is_asked(&i))
            return luotctl_report(ctl, &i);
        break;
    case COMMAND_TOP:
        if (i.words == 0)
            return luotctl_live(ctl, &i);
        break;
    case COMMAND_READER:
        if (reader_add_is_asked(&i))
            return luotctl_reader(ctl, &i);
        break;
    case COMMAND_TEXT:
    case COMMAND_JSON:
        break;
    }
    return ask(ctl, &i, (struct slice){NULL, 0});
}

int luotctl_run(FILE *out, FILE *err, int argc, char *const *argv)
{
    struct luotctl ctl = {.out = out, .err = err};
    int at = 1, rv = 0;
    for (; at < argc && argv[at][0] == '-' && rv == 0; at++) {
        if (strcmp(argv[at], "-h") == 0 || strcmp(argv[at], "--help") == 0) {
            command_write_help(out);
            return 0;
        }
        rv = take_global(&ctl, argc, argv, &at);
    }
    if (rv == 0 && at >= argc) {
        command_write_help(err);
        return EX_USAGE;
    }
    if (rv == 0)
        rv = run_command(&ctl, argc - at, argv + at);
    if (fflush(out) != 0 && rv == 0)
        rv = luotctl_fail(&ctl, EX_IOERR, "the answer could not be written");
    return rv;
}
