#include "net/http_batch.h"

#include <stdlib.h>

#include "base/error.h"
#include "net/http_output.h"
#include "net/refusal.h"

int http_batch_fill(struct http *h)
{
    for (int i = 0; i < SPARE_BATCHES; i++) {
        struct http_batch *batch = calloc(1, sizeof *batch);
        if (batch == NULL)
            return ERR_NOMEM;
        http_batch_put(h, batch);
    }
    return 0;
}

void http_batch_empty(struct http *h)
{
    while (h->spare != NULL) {
        struct http_batch *next = h->spare->next_spare;
        free(h->spare);
        h->spare = next;
    }
}

void http_batch_put(struct http *h, struct http_batch *batch)
{
    if (batch == NULL)
        return;
    batch->next_spare = h->spare;
    h->spare = batch;
}

static struct http_batch *take(struct http *h)
{
    struct http_batch *batch = h->spare;
    if (batch != NULL)
        h->spare = batch->next_spare;
    else
        batch = malloc(sizeof *batch);
    if (batch != NULL)
        batch->count = batch->next = batch->refusal = 0;
    return batch;
}

/* --- Reading --- */

/* As many requests as are complete. What follows one that closes the connection is not
 * looked at. */
static void parse(struct http_conn *c, struct http_batch *batch)
{
    bool last = false;
    c->more = false;
    while (!last && c->begin < c->end && batch->refusal == 0) {
        if (batch->count == PIPELINED_MAX) {
            c->more = true;
            return;
        }
        struct http_request *request = &batch->request[batch->count];
        struct slice bytes = {c->input + c->begin, c->end - c->begin};
        size_t used = 0;
        int rv = http_parser_feed(&c->parser, bytes, request, &used, &batch->refusal);
        if (rv == ERR_PARTIAL)
            return;
        if (rv != 0)
            continue; /* batch->refusal is set: the loop ends */
        c->begin += used;
        c->continued = false;
        http_parser_next(&c->parser);
        last = c->last_said = !request->keep_alive;
        batch->count++;
    }
}

static void count_turn(struct http_conn *c, struct http_batch *batch)
{
    const struct lane *lane = &c->http->lane;
    if (batch->count == 0)
        return;
    lane->handlers->turn_begin(lane->context);
    for (unsigned i = 0; i < batch->count; i++)
        lane->handlers->request(lane->context, &batch->request[i], &c->peer,
                                &batch->exchange[i]);
    lane->handlers->turn_end(lane->context);
}

void http_batch_read(struct http_conn *c)
{
    struct http *h = c->http;
    struct http_batch *batch = take(h);
    if (batch == NULL) {
        http_conn_stop(c);
        return;
    }
    parse(c, batch);
    if (batch->count == 0 && batch->refusal == 0) {
        http_batch_put(h, batch);
        return;
    }
    if (h->stopping && !c->more && batch->count > 0)
        batch->request[batch->count - 1].keep_alive = false;
    metrics_bump(h->lane.row, http_requests, batch->count + (batch->refusal != 0));
    c->phase = PHASE_NONE; /* whatever is waited for next has a deadline of its own */
    c->batch = batch;
    count_turn(c, batch);
}

/* --- Answering --- */

static void flush(struct http_conn *c, struct buffer *out, bool last)
{
    struct http *h = c->http;
    if (h->output_touched < out->length)
        h->output_touched = out->length;
    http_output_send(c, buffer_written(out), last);
    buffer_init(out, h->output, OUTPUT_BYTES);
}

/* Member by member: `stream` is set where something streams, and to clear it takes longer
 * than all the rest. */
static void begin_response(const struct http_conn *c, struct buffer *out,
                           struct response *ret_response)
{
    ret_response->out = out;
    ret_response->status = 200;
    ret_response->close = ret_response->later = ret_response->streams = false;
    ret_response->second = uv_now(c->http->loop) / 1000;
    ret_response->token = http_conn_token(c);
}

/* One answer into `out`. When it does not fit behind the others, those are sent and it is
 * asked for again: false if the reader did not take them all. When it does not fit at all
 * the answer is 500. */
static bool respond(struct http_conn *c, struct buffer *out,
                    struct response *ret_response)
{
    const struct lane *lane = &c->http->lane;
    struct http_batch *batch = c->batch;
    for (;;) {
        size_t before = out->length;
        begin_response(c, out, ret_response);
        lane->handlers->respond(lane->context, &batch->request[batch->next],
                                &batch->exchange[batch->next], ret_response);
        if (ret_response->later || buffer_error(out) == 0)
            return true;
        out->length = before;
        out->error = 0;
        if (before == 0)
            break;
        flush(c, out, false);
        if (http_conn_is_blocked(c))
            return false;
    }
    refusal_write(out, 500);
    begin_response(c, out, ret_response);
    ret_response->status = 500;
    ret_response->close = true;
    return true;
}

/* What an answer says about what comes next. */
static void follow(struct http_conn *c, const struct response *response)
{
    struct http_batch *batch = c->batch;
    if (response->later)
        c->awaits_reply = true; /* http_reply() counts its status */
    else
        http_output_count(c->http, response->status);
    c->streams = response->streams;
    if (response->streams)
        c->stream = response->stream;
    c->close_after = response->close || !batch->request[batch->next].keep_alive;
    batch->next++;
}

static void answer_all(struct http_conn *c, struct buffer *out)
{
    struct http_batch *batch = c->batch;
    struct response response;
    while (batch->next < batch->count && !c->close_after && !http_conn_is_blocked(c)) {
        if (!respond(c, out, &response))
            return;
        follow(c, &response);
        if (out->length >= OUTPUT_FLUSH_BYTES)
            flush(c, out, false);
    }
}

void http_batch_answer(struct http_conn *c)
{
    struct http *h = c->http;
    struct http_batch *batch = c->batch;
    struct buffer out;
    buffer_init(&out, h->output, OUTPUT_BYTES);
    answer_all(c, &out);
    if (!http_conn_is_blocked(c) && batch->refusal != 0 && !c->close_after) {
        refusal_write(&out, batch->refusal);
        http_output_count(h, batch->refusal);
        c->close_after = true;
    }
    bool last = c->close_after && !http_conn_is_blocked(c) && http_conn_is_at_end(c);
    if (c->unsent.block == NULL)
        flush(c, &out, last);
    if (http_conn_is_blocked(c))
        return;
    c->batch = NULL;
    http_batch_put(h, batch);
}
