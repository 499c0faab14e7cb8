/* The joints between net, answer and keep, which do not know each other: small
 * adapters that unpack and call one plain function. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/commands.h"
#include "answer/live.h"
#include "base/error.h"
#include "base/log.h"
#include "daemon_inner.h"
#include "store/history.h"
#include "store/names.h"

static void on_turn_begin(void *context)
{
    struct lane *lane = context;

    pipeline_begin(&lane->pipeline, clock_now(&lane->daemon->clock));
}

static void on_turn_end(void *context)
{
    struct lane *lane = context;

    if (pipeline_end(&lane->pipeline))
        keeper_ring(lane->daemon->keeper);
}

static void on_datagram(void *context, struct slice datagram, const struct address *from)
{
    struct lane *lane = context;

    pipeline_datagram(&lane->pipeline, datagram, from);
}

static_assert(sizeof(struct answer_plan) <= sizeof(struct exchange),
              "a plan fits in net's hands");

static void on_request(void *context, const struct http_request *request,
                       const struct address *peer, struct exchange *ret_exchange)
{
    struct lane *lane = context;
    struct answer_plan plan;

    answer_request(&lane->http, request, peer, &plan);
    memcpy(ret_exchange, &plan, sizeof plan);
}

static void on_respond(void *context, const struct http_request *request,
                       const struct exchange *exchange, struct response *response)
{
    struct lane *lane = context;
    struct http_token token = {response->token.worker, response->token.connection,
                               response->token.generation};
    struct answer_reply reply;
    struct answer_plan plan;

    memcpy(&plan, exchange, sizeof plan);
    answer_respond(&lane->http, request, &plan, response->out, token, response->second,
                   &reply);
    response->status = reply.status;
    response->close = reply.close;
    response->later = reply.later;
    response->streams = reply.streams;
    if (reply.streams)
        memcpy(&response->stream, reply.listener, sizeof response->stream);
}

static_assert(sizeof(struct listener) <= sizeof(struct exchange) &&
                  sizeof(struct exchange) == sizeof((struct answer_reply *)0)->listener,
              "so does a listener");

static bool on_stream(void *context, struct exchange *stream, uint64_t second,
                      struct shared_bytes **ret_bytes)
{
    struct lane *lane = context;
    struct listener listener;
    bool goes_on;

    memcpy(&listener, stream, sizeof listener);
    goes_on = live_next(&lane->http, &listener, second, ret_bytes);
    memcpy(stream, &listener, sizeof listener);
    return goes_on;
}

static void on_stream_end(void *context, const struct exchange *stream)
{
    struct lane *lane = context;
    struct listener listener;

    memcpy(&listener, stream, sizeof listener);
    live_end(&lane->http, &listener);
}

static void on_second(void *context)
{
    struct lane *lane = context;

    pipeline_forget(&lane->pipeline, clock_now(&lane->daemon->clock));
}

const struct net_handlers daemon_net_handlers = {
    .turn_begin = on_turn_begin,
    .datagram = on_datagram,
    .request = on_request,
    .turn_end = on_turn_end,
    .respond = on_respond,
    .second = on_second,
    .stream = on_stream,
    .stream_end = on_stream_end,
};

static bool on_takes_document(void *context, struct slice line)
{
    (void)context;
    return commands_take_document(line);
}

static void on_command(void *context, struct slice line, struct slice document,
                       struct console_peer peer, uint64_t token)
{
    struct daemon *d = context;

    commands_run(&d->service, line, document, peer.uid, token);
}

const struct console_handlers daemon_console_handlers = {on_takes_document, on_command};

static void store_state(struct store_state *ret_state, const char *where,
                        const struct saver_status *saved)
{
    struct buffer b;

    *ret_state = (struct store_state){.durable = saved->durable,
                                      .durable_since_ms = saved->durable_since_ms,
                                      .saves = saved->saves,
                                      .rows = saved->rows,
                                      .failures = saved->failures,
                                      .error = saved->error,
                                      .ms = saved->last_ms};
    buffer_init(&b, ret_state->where, sizeof ret_state->where - 1);
    store_where_write(&b, slice_of(where));
    snprintf(ret_state->sentence, sizeof ret_state->sentence, "%s", saved->sentence);
}

/* All of them as one: what any of them has is durable. */
static struct saver_status all_savers(struct daemon *d, struct service_status *ret_status)
{
    struct saver_status all = saver_status(d->saver[0]);

    for (unsigned i = 0; i < d->places.stores; i++) {
        struct saver_status one = saver_status(d->saver[i]);

        store_state(&ret_status->stores[i], d->places.store[i], &one);
        ret_status->stores[i].lost_s = d->lost_saves_s[i];
        if (i == 0)
            continue;
        all.durable = all.durable || one.durable;
        if (one.durable_since_ms > all.durable_since_ms)
            all.durable_since_ms = one.durable_since_ms;
        all.saves += one.saves;
        all.rows += one.rows;
        all.failures += one.failures;
        all.error = all.error != 0 ? all.error : one.error;
        all.last_ms = one.last_ms > all.last_ms ? one.last_ms : all.last_ms;
    }
    return all;
}

static void service_status(void *context, struct service_status *ret_status)
{
    struct daemon *d = context;
    struct saver_status saved;
    size_t count;
    const struct net_listener *listeners = net_listeners(d->net, &count);

    *ret_status = (struct service_status){
        .store = d->places.stores > 0,
        .store_count = d->places.stores,
        .kernel_drops = net_kernel_drops(d->net),
        .udp_buffer = count > 0 ? listeners[0].udp_buffer : 0,
        .arena_fs = arena_fs_name(d->arena),
        .arena_bytes = arena_bytes_used(d->arena),
        .nodes_here = nodes_here(d->nodes),
        .arena_damaged = d->arena_damaged,
        .keeper_as_of_ms = keeper_as_of(d->keeper).ms,
        .incarnation = arena_incarnation(d->arena),
        .started_ms = d->started.ms,
        .log_dropped = log_dropped(),
        .clock_steps = atomic_load_explicit(&d->clock.steps, memory_order_relaxed),
    };
    saved = all_savers(d, ret_status);
    ret_status->durable = saved.durable;
    ret_status->durable_since_ms = saved.durable_since_ms;
    ret_status->saves = saved.saves;
    ret_status->save_rows = saved.rows;
    ret_status->save_failures = saved.failures;
    ret_status->save_error = saved.error;
    ret_status->save_ms = saved.last_ms;
}

static int service_submit(void *context, struct job *job)
{
    struct daemon *d = context;

    return reader_submit(d->reader, job);
}

static void service_reply_http(void *context, struct http_token token, char *bytes,
                               size_t length, unsigned status)
{
    struct daemon *d = context;
    struct reply_token to = {token.worker, token.connection, token.generation};

    net_reply(d->net, to, bytes, length, status);
}

static void service_reply_console(void *context, uint64_t token, struct slice answer)
{
    struct daemon *d = context;

    console_reply(d->console, token, answer);
}

void daemon_keeper_ticked(void *context)
{
    struct daemon *d = context;

    notify_send(&d->notify, "WATCHDOG=1");
}

static void service_nodes(void *context, struct nodes_seen *ret_nodes)
{
    struct daemon *d = context;
    struct nodes_status *status = malloc(sizeof *status);

    *ret_nodes = (struct nodes_seen){.here = 1};
    if (status == NULL)
        return;
    nodes_status(d->nodes, status);
    *ret_nodes = (struct nodes_seen){.shared = d->nodes != NULL,
                                     .error = status->error,
                                     .here = status->here,
                                     .count = status->count,
                                     .published = status->published,
                                     .heard = status->heard,
                                     .refused = status->refused};
    for (unsigned i = 0; i < status->count; i++)
        ret_nodes->row[i] = status->row[i];
    free(status);
}

static int service_reload(void *context, char ret_sentence[1024])
{
    return daemon_reload(context, ret_sentence);
}

void daemon_join_service(struct daemon *d)
{
    static_assert(sizeof d->node == sizeof d->config->settings.node, "the same text");
    memcpy(d->node, d->config->settings.node, sizeof d->node);
    d->service = (struct service){
        .atlas = &d->atlas,
        .readers = &d->readers,
        .clock = &d->clock,
        .node = d->node,
        .run_dir = d->places.run_dir,
        .version = LUOT_VERSION,
        .context = d,
        .status = service_status,
        .nodes = service_nodes,
        .submit = service_submit,
        .reply_http = service_reply_http,
        .reply_console = service_reply_console,
        .reload = service_reload,
    };
    for (unsigned i = 0; i < d->places.stores; i++)
        d->service.store[d->service.stores++] = d->places.store[i];
}

enum { MARKS_ROUNDS = 3600 };

/* Sites that opened by themselves are given what the store knows of them; marks of
 * imports go when their key has gone. */
void daemon_rows_came(void *context, struct slice key)
{
    struct daemon *d = context;
    const struct site *site = registry_by_key(d->registry, key);

    if (site != NULL)
        atomic_store_explicit(&d->came[site->index].any, true, memory_order_release);
}

/* What other runs counted, or people said elsewhere, since the reader looked. */
static void load_what_came(struct daemon *d, struct store *store, struct instant now)
{
    for (size_t i = 0; d->came != NULL && i < registry_limit(d->registry); i++) {
        struct site *site;
        if (!atomic_exchange_explicit(&d->came[i].any, false, memory_order_acquire))
            continue;
        site = registry_at(d->registry, i);
        if (site != NULL && history_load(site, store, now) != 0)
            atomic_store_explicit(&d->came[i].any, true, memory_order_relaxed);
    }
}

/* The store was away at start, and came. When nobody counted is noted now, by what the arena
 * knows (the store's last sign of life may be ours by now), and is in series again. */
static void take_up_history(struct daemon *d, struct store *store, struct instant now)
{
    if (history_gap_late(store, d->arena_report.last_alive_ms, d->started) != 0)
        return;
    if (service_read_gaps(&d->service, store, now) != 0)
        return;
    /* All of it: an arena may hold history that a kill left half written. Who names no
     * trouble of its own logs each site that fails, and is not asked again for that. */
    if (history_load_all(d->registry, store, now, d->restoring) == 0 ||
        store->ops->trouble == NULL)
        d->gap_waits = false;
}

static void run_upkeep(struct job *job, struct store *store, struct instant now,
                       bool canceled)
{
    struct upkeep *u = (struct upkeep *)job;
    struct daemon *d = u->daemon;

    if (!canceled && store != NULL) {
        if (d->gap_waits)
            take_up_history(d, store, now);
        if (d->lost.count > 0)
            (void)history_raise_late(d->registry, &d->lost, now,
                                     deadline_in(0).at_ms >= d->lost_until_ms);
        (void)names_follow(d->registry, store, d->places.run_dir);
        (void)history_load_new(d->registry, store, now, d->restoring);
        load_what_came(d, store, now);
        (void)history_refresh(d->registry, store, now, &u->refresh);
        if (u->rounds++ % MARKS_ROUNDS == 0)
            (void)history_expire_marks(d->registry, d->places.run_dir);
    }
    atomic_store_explicit(&u->waiting, false, memory_order_release);
}

void daemon_upkeep(struct daemon *d)
{
    if (atomic_exchange_explicit(&d->upkeep.waiting, true, memory_order_acquire))
        return;
    d->upkeep.daemon = d;
    d->upkeep.job.run = run_upkeep;
    d->upkeep.job.operators = true;
    if (reader_submit(d->reader, &d->upkeep.job) != 0)
        atomic_store_explicit(&d->upkeep.waiting, false, memory_order_release);
}
