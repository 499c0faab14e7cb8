#include "daemon.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "answer/commands.h"
#include "answer/http.h"
#include "answer/service.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "identify/geo.h"
#include "keep/keeper.h"
#include "keep/reader.h"
#include "keep/saver.h"
#include "net/console.h"
#include "net/net.h"
#include "notify.h"
#include "pipeline.h"
#include "places.h"
#include "store/history.h"

enum {
    ARENA_VERSION = 1,
    ARENA_WAIT_MS = 5000, /* for a holder that is exiting       */
    DRAIN_MS = 1000,
    LAST_SAVE_MS = 1000
};

struct lane { /* one worker's: pipeline and answers */
    struct daemon *daemon;
    struct pipeline pipeline;
    struct http_lane http;
};

struct daemon {
    const struct options *options;
    char *const *environment;
    struct config *config;     /* the current one                             */
    struct config *old_config; /* the one before: somebody may still read it  */
    struct places places;
    struct notify notify;
    struct clock clock;
    struct arena *arena;
    struct arena_report arena_report;
    struct instant started;
    struct store *saver_store, *reader_store; /* until their threads own them  */
    struct registry *registry;
    struct trust *trusts[2]; /* current and the one before                  */
    _Atomic(const struct trust *) trust;
    unsigned workers;
    struct metrics_row *rows;
    struct lane *lanes;
    void **lane_pointers;
    struct net *net;
    struct keeper *keeper;
    struct saver *saver;
    struct reader *reader;
    struct console *console;
    struct service service;
    uv_loop_t loop;
    uv_signal_t signal[3];
};

/* --- What the other folders call --- */

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
    struct answer_plan plan;

    memcpy(&plan, exchange, sizeof plan);
    answer_respond(&lane->http, request, &plan, response->out, &response->status,
                   &response->close, token, &response->later);
}

static const struct net_handlers net_handlers = {
    .turn_begin = on_turn_begin,
    .datagram = on_datagram,
    .request = on_request,
    .turn_end = on_turn_end,
    .respond = on_respond,
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

static const struct console_handlers console_handlers = {on_takes_document, on_command};

static void service_status(void *context, struct service_status *ret_status)
{
    struct daemon *d = context;
    struct saver_status saved = saver_status(d->saver);
    size_t count;
    const struct net_listener *listeners = net_listeners(d->net, &count);

    *ret_status = (struct service_status){
        .store = d->places.store[0] != '\0',
        .durable = saved.durable,
        .durable_since_ms = saved.durable_since_ms,
        .saves = saved.saves,
        .save_rows = saved.rows,
        .save_failures = saved.failures,
        .save_error = saved.error,
        .save_ms = saved.last_ms,
        .kernel_drops = net_kernel_drops(d->net),
        .udp_buffer = count > 0 ? listeners[0].udp_buffer : 0,
        .arena_fs = arena_fs_name(d->arena),
        .arena_bytes = arena_bytes_used(d->arena),
        .keeper_as_of_ms = keeper_as_of(d->keeper).ms,
        .incarnation = arena_incarnation(d->arena),
        .started_ms = d->started.ms,
        .log_dropped = log_dropped(),
        .clock_steps = atomic_load_explicit(&d->clock.steps, memory_order_relaxed),
    };
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

static void keeper_ticked(void *context)
{
    struct daemon *d = context;

    notify_send(&d->notify, "WATCHDOG=1");
}

/* --- Reload --- */

/* What only a restart can change; a reload says so and goes on with the rest. */
static void warn_of_restart(const struct settings *now, const struct settings *new)
{
    if (strcmp(now->listen, new->listen) != 0 || now->workers != new->workers ||
        strcmp(now->run_dir, new->run_dir) != 0 ||
        strcmp(now->state_dir, new->state_dir) != 0 ||
        strcmp(now->store, new->store) != 0 || strcmp(now->socket, new->socket) != 0 ||
        now->sites_max != new->sites_max || now->connections != new->connections ||
        now->udp_buffer != new->udp_buffer)
        log_warn(
            "event=reload_partial error=\"listen, workers, directories, store, socket, "
            "sites_max, "
            "connections and udp_buffer change at a restart only\" next=restart_luotd");
}

static int set_trust(struct daemon *d, const struct settings *s)
{
    struct trust *t = malloc(sizeof *t);

    if (t == NULL)
        return ERR_NOMEM;
    *t = (struct trust){.udp = s->udp_trusted, .proxies = s->trusted_proxies};
    free(d->trusts[1]); /* two reloads ago: nobody has it any more */
    d->trusts[1] = d->trusts[0];
    d->trusts[0] = t;
    atomic_store_explicit(&d->trust, t, memory_order_release);
    if (d->net != NULL)
        net_set_unlimited(d->net, &t->proxies);
    return 0;
}

static int service_reload(void *context, char ret_sentence[1024])
{
    struct daemon *d = context;
    struct config_error error;
    struct config *config;
    int rv;

    if (registry_config(d->registry) != d->config) {
        snprintf(ret_sentence, 1024,
                 "the reload before this one is under way; try again");
        return ERR_IN_USE;
    }
    rv = config_load(&config, d->options->config_file, d->environment,
                     d->options->overrides, d->options->override_count, &error);
    if (rv == 0)
        rv = set_trust(d, &config->settings);
    if (rv != 0) {
        snprintf(ret_sentence, 1024, "%s", rv == ERR_NOMEM ? error_text(rv) : error.text);
        log_error("event=reload_failed error=\"%s\" next=the_old_configuration_stays",
                  ret_sentence);
        return rv;
    }
    warn_of_restart(&d->config->settings, &config->settings);
    log_set_level(config->settings.log_level);
    registry_reload(d->registry, config);
    config_free(d->old_config);
    d->old_config = d->config;
    d->config = config;
    log_info("event=reloaded sites=%zu", config->site_count);
    return 0;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *d = handle->data;
    char sentence[1024];

    if (number == SIGHUP) {
        notify_send(&d->notify, "RELOADING=1");
        (void)service_reload(d, sentence);
        notify_send(&d->notify, "READY=1");
        return;
    }
    log_info("event=stopping signal=%d", number);
    notify_send(&d->notify, "STOPPING=1");
    uv_stop(&d->loop);
}

/* --- Start --- */

static int fail(enum daemon_exit code, const char *event, const char *sentence)
{
    log_error("event=%s error=\"%s\" next=exit_%d", event, sentence, code);
    return code;
}

static int open_arena(struct daemon *d)
{
    struct arena_layout layout = {
        .version = ARENA_VERSION,
        .layout_hash = site_layout_hash(),
        .head_bytes = sizeof(struct count_head),
        .ranges = d->config->settings.sites_max,
        .range_bytes = SITE_RANGE_BYTES,
    };
    int rv = arena_open(&d->arena, d->places.run_dir, &layout, ARENA_WAIT_MS,
                        &d->arena_report);

    if (rv == ERR_IO)
        return fail(EXIT_IOERR, "arena", d->arena_report.sentence);
    if (rv != 0)
        return fail(EXIT_CANTCREAT, "arena", d->arena_report.sentence);
    if (strcmp(arena_fs_name(d->arena), "tmpfs") != 0)
        log_warn("event=arena_on_disk fs=%s dir=%s "
                 "next=counting_may_wait_for_the_disk_set_run_dir_to_a_tmpfs",
                 arena_fs_name(d->arena), d->places.run_dir);
    if (d->arena_report.outcome == ARENA_REPLACED)
        log_warn("event=arena_replaced sentence=\"%s\"", d->arena_report.sentence);
    return EXIT_OK;
}

static int open_stores(struct daemon *d)
{
    struct store **stores[] = {&d->saver_store, &d->reader_store};
    char sentence[512] = "";

    if (d->places.store[0] == '\0') {
        log_warn("event=store_none next=counts_are_lost_at_a_reboot");
        return EXIT_OK;
    }
    for (unsigned i = 0; i < 2; i++) {
        int rv = store_open(stores[i], d->places.store, d->config->settings.node,
                            d->arena_report.incarnation, sentence);
        if (rv != 0)
            return fail(rv == ERR_FOREIGN || rv == ERR_VERSION ? EXIT_CONFIG
                        : rv == ERR_IO                         ? EXIT_IOERR
                                                               : EXIT_CANTCREAT,
                        "store", sentence);
        if (i == 0 && sentence[0] != '\0')
            log_warn("event=store sentence=\"%s\"", sentence);
    }
    return EXIT_OK;
}

static void check_geo(const char *path)
{
    char sentence[256];

    if (path[0] == '\0')
        return;
    if (geo_check(path, sentence) == 0)
        log_info("event=geo_db is=\"%s\"", sentence);
    else
        log_error("event=geo_db error=\"%s\" next=count_on_without_countries", sentence);
}

static int open_sites(struct daemon *d)
{
    struct registry_report report;
    bool fresh = d->arena_report.outcome != ARENA_ADOPTED;
    int rv = registry_open(&d->registry, d->arena, d->config->settings.sites_max,
                           d->config, d->started, &report);

    if (rv != 0)
        return fail(rv == ERR_NOSPACE ? EXIT_CANTCREAT : EXIT_OSERR, "sites",
                    error_text(rv));
    if (report.full[0] != '\0')
        log_error("event=sites_full site=%s next=not_counted_raise_sites_max",
                  report.full);
    if (d->reader_store != NULL) {
        rv = history_load_all(d->registry, d->reader_store, d->started, fresh);
        if (rv != 0)
            log_error("event=history error=\"%s\" next=count_on_without_it",
                      error_text(rv));
        history_gap(d->reader_store, d->arena_report.last_alive_ms, d->started);
    }
    if (service_read_gaps(&d->service, d->reader_store, d->started) != 0)
        log_error("event=gaps next=series_show_0_where_nobody_counted");
    log_info("event=sites adopted=%u created=%u archived=%u arena=%s incarnation=%016llx",
             report.adopted, report.created, report.archived, fresh ? "new" : "adopted",
             (unsigned long long)d->arena_report.incarnation);
    return EXIT_OK;
}

static unsigned worker_count(const struct settings *s)
{
    long cores = s->workers != 0 ? (long)s->workers : sysconf(_SC_NPROCESSORS_ONLN);

    return cores < 1 ? 1 : cores > WORKERS_MAX ? WORKERS_MAX : (unsigned)cores;
}

static int open_lanes(struct daemon *d)
{
    struct count_head *head = arena_head(d->arena);

    d->workers = worker_count(&d->config->settings);
    d->rows = aligned_alloc(64, d->workers * sizeof *d->rows);
    d->lanes = calloc(d->workers, sizeof *d->lanes);
    d->lane_pointers = calloc(d->workers, sizeof *d->lane_pointers);
    if (d->rows == NULL || d->lanes == NULL || d->lane_pointers == NULL)
        return fail(EXIT_OSERR, "memory", error_text(ERR_NOMEM));
    memset((void *)d->rows, 0, d->workers * sizeof *d->rows);
    for (unsigned i = 0; i < d->workers; i++) {
        struct lane *lane = &d->lanes[i];
        lane->daemon = d;
        d->lane_pointers[i] = lane;
        if (pipeline_init(&lane->pipeline, d->registry, &d->rows[i], &head->turns.line[i],
                          &d->trust) != 0 ||
            answer_lane_init(&lane->http, &d->service, &lane->pipeline) != 0)
            return fail(EXIT_OSERR, "memory", error_text(ERR_NOMEM));
    }
    return EXIT_OK;
}

static int open_net(struct daemon *d)
{
    const struct settings *s = &d->config->settings;
    struct net_options options = {
        .listen = s->listen,
        .udp = s->udp_trusted.count > 0,
        .workers = d->workers,
        .connections = s->connections,
        .connections_per_address = s->connections_per_address,
        .unlimited = &d->trusts[0]->proxies,
        .udp_buffer = s->udp_buffer,
        .rows = d->rows,
        .handlers = &net_handlers,
        .lanes = d->lane_pointers,
    };
    char sentence[256];
    int rv = net_open(&d->net, &options, sentence);

    if (rv == 0)
        return EXIT_OK;
    return fail(rv == ERR_MALFORMED ? EXIT_CONFIG : EXIT_UNAVAILABLE, "listen", sentence);
}

static int start_threads(struct daemon *d)
{
    struct keeper_options keeper = {.registry = d->registry,
                                    .arena = d->arena,
                                    .clock = &d->clock,
                                    .workers = d->workers,
                                    .tick = keeper_ticked,
                                    .context = d};
    struct saver_options saver = {.registry = d->registry,
                                  .clock = &d->clock,
                                  .store = d->saver_store,
                                  .incarnation = d->arena_report.incarnation};
    char sentence[256];
    int rv = keeper_start(&d->keeper, &keeper);

    if (rv == 0)
        rv = saver_start(&d->saver, &saver);
    if (rv == 0) {
        d->saver_store = NULL; /* its thread's now */
        rv = reader_start(&d->reader, d->reader_store, &d->clock);
    }
    if (rv != 0)
        return fail(EXIT_OSERR, "threads", error_text(rv));
    d->reader_store = NULL;
    rv = console_start(&d->console, &d->loop, d->places.socket, &console_handlers, d,
                       sentence);
    if (rv != 0)
        return fail(EXIT_CANTCREAT, "socket", sentence);
    rv = net_start(d->net);
    return rv == 0 ? EXIT_OK : fail(EXIT_OSERR, "threads", error_text(rv));
}

static void catch_signals(struct daemon *d)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

    for (unsigned i = 0; i < 3; i++) {
        uv_signal_init(&d->loop, &d->signal[i]);
        d->signal[i].data = d;
        uv_signal_start(&d->signal[i], on_signal, numbers[i]);
    }
}

/* Who starts it without a configuration is told what to do next. */
static void say_hints(const struct net_listener *l, const char *socket)
{
    printf("\n"
           "  look     http://%s/\n"
           "  send     curl -s 'http://%s/p.gif?s=demo&p=/hello' -o /dev/null\n"
           "           bash -c \"echo 's=demo&p=/hello' >/dev/udp/%.*s/%u\"\n"
           "  read     curl -s http://%s/v1/demo/widget.json\n"
           "           build/luotctl --socket %s site demo\n"
           "\n",
           l->text, l->text, (int)(strrchr(l->text, ':') - l->text), l->text, l->port,
           l->text, socket);
}

static void say_ready(struct daemon *d)
{
    size_t count;
    const struct net_listener *l = net_listeners(d->net, &count);
    struct instant now = clock_now(&d->clock);

    log_info("event=ready adoptions=%llu start_ms=%lld udp_buffer=%llu workers=%u",
             (unsigned long long)d->arena_report.adoptions,
             (long long)(now.ms - d->started.ms), (unsigned long long)l[0].udp_buffer,
             d->workers);
    printf("ready http=%s udp=%s socket=%s pid=%ld\n", l[0].text,
           l[0].udp ? l[0].text : "none", d->places.socket, (long)getpid());
    if (d->options->config_file == NULL)
        say_hints(&l[0], d->places.socket);
    fflush(stdout);
    notify_send(&d->notify, "READY=1");
}

static int start(struct daemon *d)
{
    char sentence[512];
    int rv = hash_start();

    if (rv == 0)
        rv = clock_init(&d->clock, d->config->settings.clock_file[0] != '\0'
                                       ? d->config->settings.clock_file
                                       : NULL);
    if (rv != 0)
        return fail(EXIT_OSERR, "start", error_text(rv));
    d->started = clock_now(&d->clock);
    if (places_find(&d->places, &d->config->settings, sentence) != 0)
        return fail(EXIT_CANTCREAT, "directory", sentence);
    if (set_trust(d, &d->config->settings) != 0)
        return fail(EXIT_OSERR, "memory", error_text(ERR_NOMEM));
    d->service = (struct service){
        .clock = &d->clock,
        .node = d->config->settings.node,
        .run_dir = d->places.run_dir,
        .version = LUOT_VERSION,
        .context = d,
        .status = service_status,
        .submit = service_submit,
        .reply_http = service_reply_http,
        .reply_console = service_reply_console,
        .reload = service_reload,
    };
    check_geo(d->config->settings.geo_db);
    rv = open_arena(d);
    if (rv == EXIT_OK)
        rv = open_stores(d);
    if (rv == EXIT_OK)
        rv = open_sites(d);
    d->service.registry = d->registry;
    if (rv == EXIT_OK)
        rv = open_lanes(d);
    d->service.rows = d->rows;
    d->service.workers = d->workers;
    if (rv == EXIT_OK)
        rv = open_net(d);
    return rv == EXIT_OK ? start_threads(d) : rv;
}

/* --- Stop --- */

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void stop(struct daemon *d)
{
    if (d->net != NULL)
        net_stop(d->net, DRAIN_MS);
    keeper_stop(d->keeper);
    if (d->saver != NULL)
        saver_stop(d->saver, LAST_SAVE_MS);
    reader_stop(d->reader);
    if (d->console != NULL)
        console_stop(d->console);
    uv_run(&d->loop, UV_RUN_NOWAIT);
    uv_walk(&d->loop, close_handle, NULL);
    uv_run(&d->loop, UV_RUN_DEFAULT);
    uv_loop_close(&d->loop);
    net_free(d->net);
    for (unsigned i = 0; d->lanes != NULL && i < d->workers; i++) {
        answer_lane_release(&d->lanes[i].http);
        pipeline_release(&d->lanes[i].pipeline);
    }
    if (d->saver_store != NULL)
        d->saver_store->ops->close(d->saver_store);
    if (d->reader_store != NULL)
        d->reader_store->ops->close(d->reader_store);
    registry_close(d->registry);
    arena_close(d->arena);
    clock_release(&d->clock);
    notify_release(&d->notify);
    free(d->lane_pointers);
    free(d->lanes);
    free(d->rows);
    free(d->trusts[0]);
    free(d->trusts[1]);
    config_free(d->old_config);
    config_free(d->config);
}

int daemon_run(struct config *config, const struct options *options,
               char *const *environment)
{
    struct daemon *d = calloc(1, sizeof *d);
    int code;

    if (d == NULL) {
        config_free(config);
        return EXIT_OSERR;
    }
    d->config = config;
    d->options = options;
    d->environment = environment;
    log_set_level(config->settings.log_level);
    uv_loop_init(&d->loop);
    notify_init(&d->notify);
    code = start(d);
    if (code == EXIT_OK) {
        catch_signals(d);
        say_ready(d);
        uv_run(&d->loop, UV_RUN_DEFAULT);
    }
    stop(d);
    if (code == EXIT_OK)
        log_info("event=stopped");
    free(d);
    return code;
}
