#include "office.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"

static void keep(struct office *o, struct slice bytes)
{
    cr_assert_lt(bytes.length, sizeof o->bytes);
    if (bytes.length > 0)
        memcpy(o->bytes, bytes.at, bytes.length);
    o->bytes[bytes.length] = '\0';
    o->length = bytes.length;
    o->answers++;
}

/* --- The service --- */

/* Three: this one, its namesake, and one whose clock is wrong and that has gone. */
static void nodes(void *context, struct nodes_seen *ret_nodes)
{
    (void)context;
    *ret_nodes = (struct nodes_seen){.shared = true,
                                     .here = 2,
                                     .count = 3,
                                     .refused = 4,
                                     .row = {{.node = "a",
                                              .incarnation = "0123456789abcdef",
                                              .here = true,
                                              .ours = true,
                                              .wrote_s = 999,
                                              .now_s = 1000,
                                              .version = "1.0"},
                                             {.node = "a",
                                              .incarnation = "1123456789abcdef",
                                              .here = true,
                                              .wrote_s = 1000,
                                              .now_s = 1000,
                                              .shares = true},
                                             {.node = "c",
                                              .incarnation = "2123456789abcdef",
                                              .wrote_s = 900,
                                              .now_s = 1000,
                                              .clock_ms = 5000,
                                              .seen_ms = 9000}}};
}

static void status(void *context, struct service_status *ret_status)
{
    struct office *o = context;

    *ret_status = o->status;
}

static int submit(void *context, struct job *job)
{
    struct office *o = context;

    o->jobs++;
    if (o->submit_error != 0)
        return o->submit_error;
    job->run(job, o->store, town_now(&o->town), o->canceled);
    return 0;
}

static void reply_http(void *context, struct http_token token, char *bytes, size_t length,
                       unsigned status_code)
{
    struct office *o = context;

    cr_expect_eq(token.worker, 1u);
    cr_expect_eq(token.connection, 2u);
    cr_expect_eq(token.generation, 3u);
    keep(o, (struct slice){bytes, length});
    o->status_code = status_code;
    free(bytes);
}

static void reply_console(void *context, uint64_t token, struct slice answer)
{
    cr_expect_eq(token, 42u);
    keep(context, answer);
}

static int reload(void *context, char ret_sentence[1024])
{
    struct office *o = context;

    o->reloads++;
    snprintf(ret_sentence, 1024, "luotd.conf:1: wrong\nin two lines");
    return o->reload_error;
}

struct office *office_new(const char *config)
{
    struct office *o = calloc(1, sizeof *o);

    cr_assert_not_null(o);
    log_set_level(LOG_ERROR);
    town_init(&o->town, config, TOWN_NOON);
    o->status = (struct service_status){.durable = true, .arena_fs = "tmpfs"};
    o->service = (struct service){.registry = o->town.registry,
                                  .clock = &o->town.clock,
                                  .readers = &o->readers,
                                  .rows = o->town.row,
                                  .workers = 1,
                                  .node = "here",
                                  .run_dir = o->town.dir.dir,
                                  .version = "0.0.1",
                                  .context = o,
                                  .status = status,
                                  .nodes = nodes,
                                  .submit = submit,
                                  .reply_http = reply_http,
                                  .reply_console = reply_console,
                                  .reload = reload};
    cr_assert_eq(readers_new(&o->own_readers, o->town.config, 1), 0);
    atomic_store(&o->readers, o->own_readers);
    atomic_store(&o->service.live_limit, 3);
    cr_assert_eq(answer_lane_init(&o->lane, &o->service, &o->town.pipeline), 0);
    return o;
}

void office_free(struct office *o)
{
    answer_lane_release(&o->lane);
    readers_free(o->own_readers);
    if (o->store != NULL)
        o->store->ops->close(o->store);
    town_release(&o->town);
    free(o);
}

void office_open_store(struct office *o)
{
    char where[300], sentence[512];

    snprintf(where, sizeof where, "sqlite:%s", scratch_path(&o->town.dir, "luot.db"));
    cr_assert_eq(store_open(&o->store, where, "here", 1, sentence), 0, "%s", sentence);
    o->status.store = true;
}

/* --- HTTP --- */

static void answer(struct office *o, const struct http_request *request,
                   const struct address *peer)
{
    static char memory[OFFICE_BYTES];
    struct http_token token = {1, 2, 3};
    struct answer_plan plan;
    struct buffer out;
    struct answer_reply reply;

    pipeline_begin(&o->town.pipeline, town_now(&o->town));
    answer_request(&o->lane, request, peer, &plan);
    (void)pipeline_end(&o->town.pipeline);
    buffer_init(&out, memory, sizeof memory);
    answer_respond(&o->lane, request, &plan, &out, token, o->second, &reply);
    cr_assert_eq(buffer_error(&out), 0);
    o->close = reply.close;
    o->later = reply.later;
    o->streams = reply.streams;
    if (reply.streams)
        memcpy(&o->listener, reply.listener, sizeof o->listener);
    if (o->later) {
        cr_expect_eq(out.length, 0u, "an answer that comes later is nothing now");
        return;
    }
    o->status_code = reply.status;
    keep(o, buffer_written(&out));
}

unsigned office_http_from(struct office *o, const char *request, const char *peer)
{
    struct http_parser parser;
    struct http_request parsed;
    struct address from;
    size_t used;
    unsigned refusal = 0;

    cr_assert_eq(address_parse(&from, slice_of(peer)), 0);
    http_parser_init(&parser);
    cr_assert_eq(http_parser_feed(&parser, slice_of(request), &parsed, &used, &refusal),
                 0, "%u: %s", refusal, request);
    o->answers = 0;
    answer(o, &parsed, &from);
    cr_assert_eq(o->answers, 1u);
    cr_assert_eq(strncmp(o->bytes, "HTTP/1.1 ", 9), 0);
    cr_expect_eq(o->status_code, (unsigned)atoi(o->bytes + 9));
    return (unsigned)atoi(o->bytes + 9);
}

unsigned office_http(struct office *o, const char *request)
{
    return office_http_from(o, request, "127.0.0.1");
}

unsigned office_get(struct office *o, const char *target, const char *headers)
{
    static char request[16384];

    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: luot\r\n%s\r\n", target,
             headers);
    return office_http(o, request);
}

unsigned office_post(struct office *o, const char *target, const char *headers,
                     const char *body)
{
    static char request[131072];

    snprintf(request, sizeof request,
             "POST %s HTTP/1.1\r\nHost: luot\r\n%sContent-Length: %zu\r\n\r\n%s", target,
             headers, strlen(body), body);
    return office_http(o, request);
}

struct slice office_body(const struct office *o)
{
    const char *at = strstr(o->bytes, "\r\n\r\n");

    cr_assert_not_null(at);
    return (struct slice){at + 4, o->length - (size_t)(at + 4 - o->bytes)};
}

const char *office_header(const struct office *o, const char *name)
{
    static char value[1024];
    struct slice rest = {o->bytes, o->length - office_body(o).length};

    for (slice_cut(&rest, '\n'); rest.length > 0;) {
        struct slice text = slice_trim(slice_cut(&rest, '\n'));
        struct slice key = slice_cut(&text, ':');
        if (!slice_equal_nocase(key, slice_of(name)))
            continue;
        text = slice_trim(text);
        cr_assert_lt(text.length, sizeof value);
        memcpy(value, text.at, text.length);
        value[text.length] = '\0';
        return value;
    }
    return NULL;
}

/* --- The console --- */

const char *office_load(struct office *o, const char *line, struct slice document)
{
    o->answers = 0;
    commands_run(&o->service, slice_of(line), document, 0, 42);
    cr_assert_eq(o->answers, 1u, "%s", line);
    cr_assert(slice_equal((struct slice){o->bytes, o->length}, SLICE(".\n")) ||
                  slice_ends((struct slice){o->bytes, o->length}, SLICE("\n.\n")),
              "%s: %s", line, o->bytes);
    o->length -= 2;
    o->bytes[o->length] = '\0';
    return o->bytes;
}

const char *office_ask(struct office *o, const char *line)
{
    return office_load(o, line, (struct slice){NULL, 0});
}
