/* The command about other nodes: who is there, how old their numbers are, whose clock
 * differs, whose visitors can be told from ours. */
#include <stdlib.h>
#include <string.h>

#include "answer/command.h"
#include "base/error.h"
#include "report/json.h"

enum { NODES_BYTES = 32768, CLOCK_MS = 2000, SHORT = 8 /* digits of an incarnation */ };

int64_t node_ahead_ms(const struct node_row *row)
{
    return row->seen_ms == 0 ? 0 : row->clock_ms - row->seen_ms;
}

bool node_is_twice(const struct nodes_seen *seen, const struct node_row *row)
{
    unsigned same = 0;

    for (unsigned i = 0; i < seen->count; i++)
        same += seen->row[i].here && strcmp(seen->row[i].node, row->node) == 0;
    return row->here && same > 1;
}

bool node_clock_differs(const struct node_row *row)
{
    return llabs(node_ahead_ms(row)) > CLOCK_MS;
}

static void nodes_json(struct buffer *out, const struct nodes_seen *seen)
{
    struct json_out j;

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_bool(&j, "shared", seen->shared);
    json_out_number(&j, "here", seen->here);
    json_out_number(&j, "published", seen->published);
    json_out_number(&j, "heard", seen->heard);
    json_out_number(&j, "refused", seen->refused);
    json_out_text(&j, "error", seen->error == 0 ? "" : error_text(seen->error));
    json_out_array(&j, "nodes");
    for (unsigned i = 0; i < seen->count; i++) {
        const struct node_row *row = &seen->row[i];

        json_out_object(&j, NULL);
        json_out_text(&j, "node", row->node);
        json_out_text(&j, "incarnation", row->incarnation);
        json_out_text(&j, "version", row->version);
        json_out_bool(&j, "this", row->ours);
        json_out_bool(&j, "here", row->here);
        json_out_signed(&j, "age_s", row->now_s - row->wrote_s);
        if (row->seen_ms != 0)
            json_out_signed(&j, "clock_ahead_ms", node_ahead_ms(row));
        else
            json_out_null(&j, "clock_ahead_ms");
        json_out_bool(&j, "shares_visitors", row->ours || row->shares);
        json_out_bool(&j, "name_twice", node_is_twice(seen, row));
        json_out_bool(&j, "clock_differs", node_clock_differs(row));
        json_out_object_end(&j);
    }
    json_out_array_end(&j);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}

static void node_text(struct buffer *out, const struct nodes_seen *seen,
                      const struct node_row *row)
{
    buffer_format(out, "%-20s %-10.*s %-10s %8lld s %+9lld ms  %s\n", row->node, SHORT,
                  row->incarnation, row->version[0] == '\0' ? "-" : row->version,
                  (long long)(row->now_s - row->wrote_s), (long long)node_ahead_ms(row),
                  row->ours     ? "this one"
                  : !row->here  ? "gone"
                  : row->shares ? "shares visitors"
                                : "visitors are a sum");
    if (node_is_twice(seen, row))
        buffer_format(out,
                      "WARNING: two machines call themselves %s; both are counted; give "
                      "each its own `node`\n",
                      row->node);
    if (node_clock_differs(row))
        buffer_format(out,
                      "WARNING: the clock of %s differs from Redis' by %lld ms; set both "
                      "by NTP\n",
                      row->node, (long long)node_ahead_ms(row));
}

static void nodes_text(struct buffer *out, const struct nodes_seen *seen)
{
    if (!seen->shared) {
        buffer_text(out, "This node counts alone: `store` names no redis://...\n");
        return;
    }
    if (seen->error != 0)
        buffer_format(out, "WARNING: %s; this is what was known last\n",
                      error_text(seen->error));
    buffer_format(out, "%-20s %-10s %-10s %10s %12s\n", "node", "run", "version", "wrote",
                  "clock");
    for (unsigned i = 0; i < seen->count; i++)
        node_text(out, seen, &seen->row[i]);
    if (seen->refused > 0)
        buffer_format(out, "WARNING: %llu sheets were refused; see the log\n",
                      (unsigned long long)seen->refused);
}

void command_nodes(struct asked_command *c)
{
    struct nodes_seen *seen = malloc(sizeof *seen);
    struct buffer out;
    char *memory = command_begin(c, &out, NODES_BYTES);

    if (seen == NULL || memory == NULL) {
        if (memory != NULL)
            command_error(c, "memory", "there is not enough memory; try again");
        free(memory);
        free(seen);
        return;
    }
    c->service->nodes(c->service->context, seen);
    if (c->json)
        nodes_json(&out, seen);
    else
        nodes_text(&out, seen);
    free(seen);
    command_answer(c, &out, memory);
}
