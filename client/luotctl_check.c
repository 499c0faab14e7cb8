/* `luotctl check`: luotd looks, we say it and turn it into an exit status. */
#include <jansson.h>
#include <sysexits.h>

#include "luotctl_run.h"
#include "luotctl_socket.h"
#include "luotctl_table.h"

enum { NOT_WELL = 1 };

/* "BAD disk    ..." */
static void show(const struct luotctl *ctl, json_t *check)
{
    const char *what = json_string_value(json_object_get(check, "what"));
    const char *sentence = json_string_value(json_object_get(check, "sentence"));

    fprintf(ctl->out, "%-3s %-7s ",
            json_is_true(json_object_get(check, "ok")) ? "ok" : "BAD",
            what == NULL ? "" : what);
    text_print(ctl->out, slice_of(sentence == NULL ? "" : sentence));
    fputc('\n', ctl->out);
}

static int show_all(const struct luotctl *ctl, const struct reply *reply)
{
    json_t *answer =
        json_loadb(reply->bytes, reply->length, JSON_DISABLE_EOF_CHECK, NULL);
    json_t *checks = json_object_get(answer, "checks");
    bool well = json_is_true(json_object_get(answer, "ok"));
    int rv = well ? 0 : NOT_WELL;

    if (!json_is_array(checks))
        rv = luotctl_fail(ctl, EX_PROTOCOL,
                          "luotd did not say how it is: luotctl and luotd must be of one "
                          "version");
    else if (ctl->json)
        fwrite(reply->bytes, 1, reply->length, ctl->out);
    else
        for (size_t i = 0; i < json_array_size(checks); i++)
            show(ctl, json_array_get(checks, i));
    json_decref(answer);
    return rv;
}

int luotctl_check(const struct luotctl *ctl, const struct invocation *i)
{
    char sentence[SOCKET_SENTENCE_MAX], path[SOCKET_PATH_MAX], line[COMMAND_LINE + 256];
    struct reply reply;
    struct buffer b;
    int rv;

    buffer_init(&b, line, sizeof line);
    rv = invocation_write(&b, i, true, sentence);
    if (rv == 0)
        rv = socket_find(path, ctl->socket, sentence);
    if (rv == 0)
        rv = socket_ask(&reply, path, buffer_written(&b), (struct slice){NULL, 0},
                        sentence);
    if (rv != 0)
        return luotctl_fail(ctl, rv, sentence);
    rv = reply.refused ? luotctl_show_reply(ctl, &reply, false) : show_all(ctl, &reply);
    reply_release(&reply);
    return rv;
}
