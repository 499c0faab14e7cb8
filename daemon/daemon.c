#include "daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "answer/sites_kept.h"
#include "base/date.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "daemon_inner.h"
#include "keep/tick.h"
#include "store/history.h"
#include "store/names.h"

enum {
    /* 1 had no checks (count/check_word.h); 2 no days aside (count/site_aside.h), no seals
     * (count/site_seal.h) and no engaged visits (count/site_engaged.h), whose bit it would
     * read as part of a slot: they are made at adoption. 3 did not keep what had been found
     * damaged (count/damage.h), and would save of a site that waits. */
    ARENA_VERSION = 4,
    ARENA_OLDEST = 1,
    HOLDER_WAIT_MS = 5000, /* of an arena, that is exiting */
    DRAIN_MS = 1000
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *d = handle->data;

    if (number == SIGHUP) {
        notify_send(&d->notify, "RELOADING=1");
        daemon_reload_soon(d);
        notify_send(&d->notify, "READY=1");
        return;
    }
    log_info("event=stopping signal=%d", number);
    notify_send(&d->notify, "STOPPING=1");
    uv_stop(&d->loop);
}

static void on_second(uv_timer_t *timer)
{
    struct daemon *d = timer->data;

    daemon_upkeep(d);
    agents_quicken(d->own_agents);
    daemon_reload_second(d);
}

/* --- Start --- */

int daemon_fail(int code, const char *event, const char *sentence)
{
    log_error("event=%s error=\"%s\" next=exit_%d", event, sentence, code);
    return code;
}

static int open_arena(struct daemon *d)
{
    struct arena_layout layout = {
        .version = ARENA_VERSION,
        .oldest = ARENA_OLDEST,
        .layout_hash = site_layout_hash(),
        .head_bytes = sizeof(struct count_head),
        .ranges = d->config->settings.sites_max,
        .range_bytes = SITE_RANGE_BYTES,
    };
    int rv = arena_open(&d->arena, d->places.run_dir, &layout, HOLDER_WAIT_MS,
                        &d->arena_report);

    if (rv == ERR_IO)
        return daemon_fail(EXIT_IOERR, "arena", d->arena_report.sentence);
    if (rv != 0)
        return daemon_fail(EXIT_CANTCREAT, "arena", d->arena_report.sentence);
    if (strcmp(arena_fs_name(d->arena), "tmpfs") != 0)
        log_warn("event=arena_on_disk fs=%s dir=%s "
                 "next=counting_may_wait_for_the_disk_set_run_dir_to_a_tmpfs",
                 arena_fs_name(d->arena), d->places.run_dir);
    if (d->arena_report.outcome == ARENA_REPLACED)
        log_warn("event=arena_replaced sentence=\"%s\"", d->arena_report.sentence);
    if (d->arena_report.converted != 0)
        log_info("event=arena_converted from=%llu to=%d",
                 (unsigned long long)d->arena_report.converted, ARENA_VERSION);
    return EXIT_OK;
}

static int open_referrers(struct daemon *d)
{
    char sentence[1024] = "";
    int rv = daemon_set_referrers(d, &d->config->settings, sentence);

    if (rv == 0)
        return EXIT_OK;
    return daemon_fail(rv == ERR_NOMEM ? EXIT_OSERR : EXIT_CONFIG, "referrer_list",
                       sentence);
}

static int open_sharing(struct daemon *d)
{
    char sentence[512] = "";
    int rv = daemon_open_sharing(d, sentence);

    if (rv == 0)
        return EXIT_OK;
    return daemon_fail(rv == ERR_NOMEM ? EXIT_OSERR : EXIT_CONFIG, "cluster_secret_file",
                       sentence[0] != '\0' ? sentence : error_text(rv));
}

/* Once: the next start finds what is whole, or, killed before this line, that it was not
 * said. */
static void say_damage(struct daemon *d, const struct registry_report *report)
{
    uint64_t said = log_dropped();

    d->arena_damaged = report->head_damaged;
    if (report->head_damaged > 0)
        log_error("event=arena_damaged file=%s/arena site=- mended=%u lost=0 day=- "
                  "next=check_memory_and_who_writes_there",
                  d->places.run_dir, report->head_damaged);
    if (log_dropped() == said)
        count_head_told(arena_head(d->arena));
    for (size_t i = 0; i < registry_limit(d->registry); i++) {
        const struct site *s = registry_site(d->registry, i);
        uint64_t dropped = log_dropped();
        char day[11] = "-";

        if (s->damage.mended + s->damage.lost == 0)
            continue;
        d->arena_damaged += s->damage.mended + s->damage.lost;
        if (s->damage.day >= 0)
            date_write(s->damage.day, day);
        log_error("event=arena_damaged file=%s/arena site=%s mended=%u lost=%u day=%s "
                  "next=check_memory_and_who_writes_there",
                  d->places.run_dir, s->block->key[0] != '\0' ? s->block->key : "-",
                  s->damage.mended, s->damage.lost, day);
        if (log_dropped() == dropped)
            site_damage_told(registry_site(d->registry, i));
    }
}

static int open_sites(struct daemon *d)
{
    struct registry_report report;
    bool fresh = d->arena_report.outcome != ARENA_ADOPTED;
    unsigned reopened = 0;
    int rv = registry_open_sharing(
        &d->registry, d->arena, d->config->settings.sites_max, d->config, d->started,
        d->ring, names_at_start(d->reader_store, d->places.run_dir), &report);

    if (rv != 0)
        return daemon_fail(rv == ERR_NOSPACE ? EXIT_CANTCREAT : EXIT_OSERR, "sites",
                           error_text(rv));
    if (report.full[0] != '\0')
        log_error("event=sites_full site=%s next=not_counted_raise_sites_max",
                  report.full);
    say_damage(d, &report);
    tick_say_ahead(d->registry, d->started);
    daemon_look_for_lost_saves(d);
    if (d->reader_store != NULL) {
        rv = history_reopen_sites(d->registry, d->reader_store, d->started, &reopened);
        if (rv == 0)
            rv = history_load_all(d->registry, d->reader_store, d->started, fresh);
        if (rv != 0)
            log_error("event=history error=\"%s\" next=count_on_without_it",
                      error_text(rv));
        d->restoring = fresh && rv != 0;
        rv = daemon_raise_lost(d);
        if (rv != EXIT_OK)
            return rv;
        d->gap_waits =
            history_gap(d->reader_store, d->arena_report.last_alive_ms, d->started) != 0;
    }
    d->gap_waits =
        d->gap_waits || service_read_gaps(&d->service, d->reader_store, d->started) != 0;
    if (d->gap_waits)
        log_error(
            "event=gaps next=series_show_0_where_nobody_counted_until_they_are_read");
    log_info("event=sites adopted=%u created=%u reopened=%u archived=%u arena=%s "
             "incarnation=%016llx",
             report.adopted, report.created, reopened, report.archived,
             fresh ? "new" : "adopted", (unsigned long long)d->arena_report.incarnation);
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

    d->rows = aligned_alloc(64, d->workers * sizeof *d->rows);
    d->lanes = calloc(d->workers, sizeof *d->lanes);
    d->lane_pointers = calloc(d->workers, sizeof *d->lane_pointers);
    if (d->rows == NULL || d->lanes == NULL || d->lane_pointers == NULL)
        return daemon_fail(EXIT_OSERR, "memory", error_text(ERR_NOMEM));
    if (daemon_open_guard(d) != 0)
        return daemon_fail(EXIT_OSERR, "memory", error_text(ERR_NOMEM));
    memset((void *)d->rows, 0, d->workers * sizeof *d->rows);
    for (unsigned i = 0; i < d->workers; i++) {
        struct lane *lane = &d->lanes[i];
        lane->daemon = d;
        d->lane_pointers[i] = lane;
        if (pipeline_init(&lane->pipeline, d->registry, &d->rows[i], &head->turns.line[i],
                          &d->trust) != 0)
            return daemon_fail(EXIT_OSERR, "memory", error_text(ERR_NOMEM));
        lane->pipeline.guard = d->guard;
        lane->pipeline.senders = d->senders;
        if (answer_lane_init(&lane->http, &d->service, &lane->pipeline) != 0)
            return daemon_fail(EXIT_OSERR, "memory", error_text(ERR_NOMEM));
        lane->pipeline.referrers = &d->referrers;
        lane->pipeline.atlas = &d->atlas;
    }
    return EXIT_OK;
}

static int open_ahead(struct daemon *d)
{
    int rv = daemon_end_ahead(d);

    for (unsigned i = 0; i < d->workers && rv == EXIT_OK; i++)
        pipeline_use_agents(&d->lanes[i].pipeline, &d->agents, i);
    return rv;
}

static int open_net(struct daemon *d)
{
    const struct settings *s = &d->config->settings;
    struct net_options options = {
        .listen = s->listen,
        .udp = s->udp_trusted.count > 0 || s->writers[0] != '\0',
        .workers = d->workers,
        .connections = s->connections,
        .connections_per_address = s->connections_per_address,
        .unlimited = &d->own_trust->proxies,
        .udp_buffer = s->udp_buffer,
        .rows = d->rows,
        .handlers = &daemon_net_handlers,
        .lanes = d->lane_pointers,
        .handed = d->handover.sockets,
        .handed_count = d->handover.count,
    };
    char sentence[256];
    int rv = net_open(&d->net, &options, sentence);

    if (rv == 0 && daemon_set_readers(d, d->config) != 0)
        return daemon_fail(EXIT_OSERR, "memory", error_text(ERR_NOMEM));
    if (rv == 0) {
        handover_store(&d->handover, d->net, &d->notify);
        return EXIT_OK;
    }
    return daemon_fail(rv == ERR_MALFORMED                 ? EXIT_CONFIG
                       : rv == ERR_NOMEM || rv == ERR_FULL ? EXIT_OSERR
                                                           : EXIT_UNAVAILABLE,
                       "listen", sentence);
}

static int start_threads(struct daemon *d)
{
    struct keeper_options keeper = {.registry = d->registry,
                                    .arena = d->arena,
                                    .clock = &d->clock,
                                    .workers = d->workers,
                                    .tick = daemon_keeper_ticked,
                                    .context = d};
    char sentence[256];
    int rv = keeper_start(&d->keeper, &keeper);

    if (rv == 0)
        rv = daemon_start_keeping(d);
    if (rv != 0)
        return daemon_fail(EXIT_OSERR, "threads", error_text(rv));
    rv = console_start(&d->console, &d->loop, d->places.socket, &daemon_console_handlers,
                       d, sentence);
    if (rv != 0)
        return daemon_fail(EXIT_CANTCREAT, "socket", sentence);
    rv = net_start(d->net);
    return rv == 0 ? EXIT_OK : daemon_fail(EXIT_OSERR, "threads", error_text(rv));
}

static void catch_signals(struct daemon *d)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    sigset_t reload;

    for (unsigned i = 0; i < 3; i++) {
        uv_signal_init(&d->loop, &d->signal[i]);
        d->signal[i].data = d;
        uv_signal_start(&d->signal[i], on_signal, numbers[i]);
    }
    (void)sigemptyset(&reload);
    (void)sigaddset(&reload, SIGHUP); /* main() holds it back until here */
    (void)pthread_sigmask(SIG_UNBLOCK, &reload, NULL);
}

/* Without passwords. */
static void say_places(const struct places *p)
{
    char text[STORES_MAX * sizeof p->store[0]];
    struct buffer b;

    buffer_init(&b, text, sizeof text);
    for (unsigned i = 0; i < p->stores; i++) {
        buffer_text(&b, i == 0 ? "" : ",");
        store_where_write(&b, slice_of(p->store[i]));
    }
    if (p->stores == 0)
        buffer_text(&b, "none");
    log_info("event=places run_dir=%s store=%.*s", p->run_dir, (int)b.length, b.at);
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
        return daemon_fail(EXIT_OSERR, "start", error_text(rv));
    d->started = clock_now(&d->clock);
    d->workers = worker_count(&d->config->settings);
    if (places_find(&d->places, &d->config->settings, sentence) != 0)
        return daemon_fail(EXIT_CANTCREAT, "directory", sentence);
    daemon_begin_ahead(d);
    if (d->places.makeshift)
        log_warn(
            "event=run_dir dir=%s error=\"neither /run/luot nor $XDG_RUNTIME_DIR can "
            "be written by this user\" next=use_it_or_set_run_dir",
            d->places.run_dir);
    say_places(&d->places);
    rv = daemon_set_trust(d, &d->config->settings, sentence);
    if (rv == ERR_NOMEM)
        return daemon_fail(EXIT_OSERR, "memory", error_text(ERR_NOMEM));
    if (rv != 0)
        return daemon_fail(EXIT_CONFIG, "writers", sentence);
    daemon_join_service(d);
    rv = open_referrers(d);
    if (rv == EXIT_OK)
        rv = open_arena(d);
    if (rv == EXIT_OK)
        rv = daemon_open_stores(d);
    if (rv == EXIT_OK)
        rv = open_sharing(d);
    if (rv == EXIT_OK)
        rv = open_sites(d);
    d->service.registry = d->registry;
    d->service.sites_kept = sites_kept_new();
    if (rv == EXIT_OK)
        rv = open_lanes(d);
    d->service.rows = d->rows;
    d->service.workers = d->workers;
    if (rv == EXIT_OK)
        rv = open_ahead(d);
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

/* What is stopped below is not asked for anything any more: a second or a signal that came
 * meanwhile would still be told by the loop's last turns. */
static void stop_asking(struct daemon *d)
{
    uv_timer_stop(&d->second);
    for (unsigned i = 0; i < 3; i++)
        uv_signal_stop(&d->signal[i]);
}

static void stop(struct daemon *d)
{
    daemon_drop_ahead(d);
    if (d->net != NULL && d->handover.kept)
        net_leave_queues(d->net);
    if (d->net != NULL)
        net_stop(d->net, DRAIN_MS);
    keeper_stop(d->keeper);
    daemon_stop_keeping(d);
    free(d->upkeep.refresh.read);
    sites_kept_free(d->service.sites_kept);
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
    daemon_close_stores(d);
    registry_close(d->registry);
    daemon_close_sharing(d);
    state_lock_release(&d->state_lock);
    arena_close(d->arena);
    clock_release(&d->clock);
    notify_release(&d->notify);
    handover_release(&d->handover);
    free(d->lane_pointers);
    free(d->lanes);
    free(d->rows);
    daemon_free_retired(d);
    trust_free(d->own_trust);
    readers_free(d->own_readers);
    guard_free(d->guard);
    referrer_list_free(d->own_referrers);
    daemon_free_atlas(d->own_atlas, NULL);
    agents_free(d->own_agents);
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
    code = handover_init(&d->handover) == 0
               ? start(d)
               : daemon_fail(EXIT_OSERR, "memory", error_text(ERR_NOMEM));
    if (code == EXIT_OK) {
        catch_signals(d);
        uv_timer_init(&d->loop, &d->second);
        d->second.data = d;
        uv_timer_start(&d->second, on_second, 1000, 1000);
        daemon_say_ready(d);
        uv_run(&d->loop, UV_RUN_DEFAULT);
        stop_asking(d);
    }
    stop(d);
    if (code == EXIT_OK)
        log_info("event=stopped");
    free(d);
    return code;
}
