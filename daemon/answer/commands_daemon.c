/* Commands about luotd itself: help, reload, loglevel. */
#include <stdio.h>

#include "answer/auditing.h"
#include "base/log.h"
#include "report/json.h"

enum { HELP_BYTES = 16384, SHORT_BYTES = 2048, NAME_WIDTH = 12 };

static void help_json(struct buffer *out)
{
    size_t count;
    const struct command *command = commands(&count);
    struct json_out j;

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_array(&j, "commands");
    for (size_t i = 0; i < count; i++) {
        json_out_object(&j, NULL);
        json_out_text(&j, "name", command[i].name);
        json_out_text(&j, "arguments", command[i].arguments);
        json_out_text(&j, "sentence", command[i].sentence);
        json_out_object_end(&j);
    }
    json_out_array_end(&j);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}

static void help_text(struct buffer *out, struct slice only)
{
    size_t count;
    const struct command *command = commands(&count);

    for (size_t i = 0; i < count; i++)
        if (only.length == 0 || slice_equal(only, slice_of(command[i].name)))
            buffer_format(out, "%-*s %s\n%*s %s\n", NAME_WIDTH, command[i].name,
                          command[i].arguments, NAME_WIDTH, "", command[i].sentence);
    if (only.length == 0)
        buffer_text(out, "\n`json` before a command asks for JSON. An answer ends with a "
                         "line of one dot.\n");
}

void command_help(struct asked_command *c)
{
    struct slice only = {NULL, 0};
    struct buffer out;
    char *memory = command_begin(c, &out, HELP_BYTES);

    if (memory == NULL)
        return;
    if (c->words->places > 0)
        only = c->words->place[0];
    if (c->json)
        help_json(&out);
    else
        help_text(&out, only);
    if (out.length == 0)
        buffer_text(&out, "There is no such command; `help` lists them.\n");
    command_answer(c, &out, memory);
}

void command_reload(struct asked_command *c)
{
    char sentence[1024] = "";
    struct buffer out;
    char *memory;
    int rv = c->service->reload(c->service->context, sentence);

    if (rv != 0) {
        log_info("event=audit command=reload uid=%u result=refused", (unsigned)c->uid);
        command_error(c, "configuration", sentence);
        return;
    }
    audit_done(c, "reload", "");
    memory = command_begin(c, &out, SHORT_BYTES);
    if (memory == NULL)
        return;
    buffer_text(&out, c->json ? "{\"reloaded\":true}\n"
                              : "The configuration was read again; it is in force within "
                                "a second.\n");
    command_answer(c, &out, memory);
}

static const char *const levels[] = {[LOG_ERROR] = "error",
                                     [LOG_WARN] = "warn",
                                     [LOG_INFO] = "info",
                                     [LOG_DEBUG] = "debug"};

static bool set_level(struct asked_command *c)
{
    char words[64];

    for (int i = 0; i <= LOG_DEBUG; i++) {
        if (!slice_equal(c->words->place[0], slice_of(levels[i])))
            continue;
        snprintf(words, sizeof words, "old=%s new=%s", levels[log_get_level()],
                 levels[i]);
        audit_done(c, "loglevel", words);
        log_set_level((enum log_level)i);
        return true;
    }
    command_usage(c, "that is no level");
    return false;
}

void command_loglevel(struct asked_command *c)
{
    struct buffer out;
    char *memory;

    if (c->words->places > 0 && !set_level(c))
        return;
    memory = command_begin(c, &out, SHORT_BYTES);
    if (memory == NULL)
        return;
    buffer_format(&out, c->json ? "{\"loglevel\":\"%s\"}\n" : "loglevel %s\n",
                  levels[log_get_level()]);
    command_answer(c, &out, memory);
}
