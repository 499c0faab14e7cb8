/* A registry under everything at once: three workers that count and open sites by
 * themselves, a keeper whose minutes are short (quarters close, days fold, keys turn
 * over), reloads that swap views and terms, people who rename, archive and merge sites, a
 * reader thread that writes what a store
 * knows, and somebody who reads all numbers. Run it with SAN=thread.
 *
 * It must hold: no host has two sites, what was counted is what the totals say, to the
 * view, and no total ever falls. STRESS_SECONDS (5), STRESS_SEED (1). */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/world.h"
#include "stress.h"

enum {
    WORKERS = 3,
    RANGES = 400,
    HOSTS = RANGES - 16,
    TICK_S = 60,
    RELOAD_TICKS = 1,
    CONFIGS = 2
};

static const char *const texts[CONFIGS] = {
    "auto_sites = *.gov.vn\nauto_sites_max = 1000\n"
    "[site day]\ntimezone = UTC\nidentity = day\nhosts = day.vn\n"
    "[site month]\ntimezone = Europe/Berlin\nhosts = month.vn\n"
    "[site h0-gov-vn]\nhosts = H0.gov.vn\n",
    "auto_sites = *.gov.vn\nauto_sites_max = 1000\n"
    "[site day]\ntimezone = Asia/Ho_Chi_Minh\nidentity = day\nhosts = day.vn\n"
    "[site month]\ntimezone = Europe/Berlin\nonline_window = 10min\nhosts = x.vn\n"
    "[site other]\nhosts = month.vn\n",
};

struct worker {
    struct pipeline pipeline;
    struct metrics_row row;
    uint64_t random;
    unsigned long counted;
    pthread_t thread;
};

static struct scratch dir;
static struct arena *arena;
static struct config *config[CONFIGS];
static struct registry *registry;
static struct trust nobody;
static _Atomic(const struct trust *) trust = &nobody;
static struct worker worker[WORKERS];
static _Atomic int64_t now_ms;
static atomic_bool leave;
static atomic_ulong fell, keeper_ticks;

static struct instant now(void)
{
    return (struct instant){atomic_load(&now_ms)};
}

/* --- Workers --- */

static void line_of(struct worker *w, struct sender *sender, char line[64],
                    char origin[64])
{
    uint64_t n = random_below(&w->random, 10);
    uint64_t hosts = atomic_load(&keeper_ticks) + 1;

    (void)snprintf(line, 64, "p=/&i=10.0.0.%u", (unsigned)random_below(&w->random, 200));
    /* Hosts that nobody has seen come all the time: they meet reloads while they open. */
    if (hosts > HOSTS)
        hosts = HOSTS;
    (void)snprintf(
        origin, 64, "https://h%u.gov.vn",
        (unsigned)(hosts - 1 - random_below(&w->random, hosts < 8 ? hosts : 8)));
    if (n < 2)
        (void)snprintf(origin, 64, n == 0 ? "https://day.vn" : "https://month.vn");
    if (n == 3)
        (void)snprintf(line, 64, "s=other&p=/&k=ping");
    *sender = (struct sender){.trusted = true, .http = true, .origin = slice_of(origin)};
}

static void *work(void *argument)
{
    struct worker *w = argument;
    struct sender sender;
    char line[64], origin[64];

    while (!atomic_load(&leave)) {
        pipeline_begin(&w->pipeline, now());
        for (uint64_t n = random_below(&w->random, 20); n > 0; n--) {
            line_of(w, &sender, line, origin);
            w->counted += pipeline_line(&w->pipeline, slice_of(line), &sender, NULL) ==
                          OUTCOME_VIEW;
        }
        (void)pipeline_end(&w->pipeline);
    }
    return NULL;
}

/* --- Keeper, reloads, history --- */

/* People rename, archive, bring back and merge the sites that are opening just now. */
static void say_something(uint64_t ticks)
{
    static struct site_names *said;
    struct name_fact f = {.kind = (enum name_kind)(ticks % 8 == 0   ? NAME_MERGED
                                                   : ticks % 2 == 0 ? NAME_ARCHIVED
                                                                    : NAME_OF),
                          .at_ms = (int64_t)ticks};
    unsigned host = (unsigned)(ticks % HOSTS);
    struct site_names *one, *all;

    (void)snprintf(f.subject, sizeof f.subject, f.kind == NAME_OF ? "n%u" : "h%u-gov-vn",
                   f.kind == NAME_OF ? host % 50 : host);
    if (f.kind == NAME_ARCHIVED)
        (void)snprintf(f.object, sizeof f.object, ticks % 4 == 0 ? "yes" : "no");
    else
        (void)snprintf(f.object, sizeof f.object,
                       f.kind == NAME_OF ? "h%u-gov-vn" : "day", host);
    if (f.kind != NAME_OF)
        (void)snprintf(f.host, sizeof f.host, "h%u.gov.vn", host);
    one = site_names_new(&f, 1);
    all = site_names_union(said, one);
    free(one);
    free(said);
    said = all;
    registry_use_names(registry, site_names_union(all, NULL));
}

static void *keep(void *argument)
{
    struct turns *turns = &((struct count_head *)arena_head(arena))->turns;
    struct graces graces = {.begun = 0};
    uint64_t ticks = 0;

    (void)argument;
    while (!atomic_load(&leave)) {
        struct registry_report report = {0};

        graces_tick_begin(&graces, turns);
        (void)registry_keep(registry, &graces, now(), &report);
        graces_tick_end(&graces, turns, WORKERS);
        if (++ticks % 3 == 0)
            atomic_fetch_add(&now_ms, TICK_S * 1000);
        if (ticks % RELOAD_TICKS == 0)
            registry_reload(registry, config[ticks / RELOAD_TICKS % CONFIGS]);
        if (ticks % 5 == 0)
            say_something(ticks / 5);
        atomic_store(&keeper_ticks, ticks);
    }
    return NULL;
}

static void *tell_history(void *argument)
{
    uint64_t random = *(uint64_t *)argument, round = 0;

    while (!atomic_load(&leave)) {
        struct site *s = registry_at(registry, random_below(&random, RANGES));
        struct site_seed seed[METRIC_KINDS] = {0};
        struct site_totals totals;
        uint64_t same[METRIC_KINDS];

        if (s == NULL)
            continue;
        round++;
        for (int m = 0; m < METRIC_KINDS; m++) {
            same[m] = round;
            totals.live[m] = totals.imported[m] = round;
            totals.adjusted[m] = -(int64_t)round; /* the sum is `round` more */
            seed[m].total = round;
        }
        totals.since_day = (int64_t)round;
        site_set_day(s, now().ms / 86400000, same, same);
        site_set_row(s, PERIOD_WEEK, (int64_t)(round % 8), round);
        site_set_totals(s, seed, &totals);
    }
    return NULL;
}

/* --- Reading --- */

static void expect_history_whole(const struct site *s)
{
    struct site_seed seed[METRIC_KINDS];
    struct site_totals totals;

    site_read_seed(s, seed, &totals);
    for (int m = 0; m < METRIC_KINDS; m++)
        if (totals.live[m] != totals.live[0] || totals.imported[m] != totals.live[0] ||
            totals.adjusted[m] != -(int64_t)totals.live[0] ||
            seed[m].total != totals.live[0])
            atomic_fetch_add(&fell, 1);
}

static void read_site(const struct site *s, uint64_t *ret_views)
{
    struct instant at = now();
    struct site_numbers n;
    struct hll hll;
    uint64_t views = hits_total(&s->block->hits).views;

    if (views < *ret_views)
        atomic_fetch_add(&fell, 1);
    *ret_views = views;
    for (int span = 0; span < SPANS; span++)
        site_span(s, (enum site_span)span, at, &n);
    (void)site_online(s, at);
    (void)site_changes(s, at);
    if (site_shown_key(s)[0] == '\0' && s->block->key[0] != '\0')
        atomic_fetch_add(&fell, 1);
    site_today_hll(s, at, &hll);
    expect_history_whole(s);
}

static void *read_all(void *argument)
{
    uint64_t views[RANGES] = {0};

    (void)argument;
    while (!atomic_load(&leave))
        for (size_t i = 0; i < RANGES; i++) {
            const struct site *s = registry_at(registry, i);

            if (s != NULL)
                read_site(s, &views[i]);
        }
    return NULL;
}

/* --- The run --- */

static void open_all(uint64_t seed)
{
    struct arena_layout layout = {.version = 1,
                                  .layout_hash = site_layout_hash(),
                                  .head_bytes = sizeof(struct count_head),
                                  .ranges = RANGES,
                                  .range_bytes = SITE_RANGE_BYTES};
    struct arena_report report;
    struct registry_report sites;
    struct config_error error;
    int rv = hash_start();

    dir = scratch_new();
    atomic_store(&now_ms, world_time("2024-05-14 20:00:00").ms);
    for (int i = 0; i < CONFIGS && rv == 0; i++)
        rv = config_parse(&config[i], slice_of(texts[i]), "test", &error);
    if (rv == 0)
        rv = arena_open(&arena, dir.dir, &layout, 0, &report);
    if (rv == 0)
        rv = registry_open(&registry, arena, RANGES, config[0], now(), &sites);
    for (unsigned i = 0; i < WORKERS && rv == 0; i++) {
        struct turns *turns = &((struct count_head *)arena_head(arena))->turns;

        worker[i].random = seed * 16 + i;
        rv = pipeline_init(&worker[i].pipeline, registry, &worker[i].row, &turns->line[i],
                           &trust);
    }
    if (rv != 0)
        abort();
}

static void run_for(unsigned long seconds, uint64_t seed)
{
    struct timespec pause = {.tv_sec = (time_t)seconds};
    pthread_t keeper, history, reader;

    for (unsigned i = 0; i < WORKERS; i++)
        pthread_create(&worker[i].thread, NULL, work, &worker[i]);
    pthread_create(&keeper, NULL, keep, NULL);
    pthread_create(&history, NULL, tell_history, &seed);
    pthread_create(&reader, NULL, read_all, NULL);
    nanosleep(&pause, NULL);
    atomic_store(&leave, true);
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(worker[i].thread, NULL);
    pthread_join(keeper, NULL);
    pthread_join(history, NULL);
    pthread_join(reader, NULL);
}

static void check_sites(void)
{
    unsigned long views = 0, counted = 0;

    for (size_t i = 0; i < RANGES; i++) {
        const struct site *s = registry_site(registry, i);
        const struct count_head *head = arena_head(arena);

        if (!head->made[i])
            continue;
        views += hits_total(&s->block->hits).views;
        for (size_t j = 0; j < i; j++) {
            const struct site *t = registry_site(registry, j);

            if (!head->made[j])
                continue;
            CHECK(s->block->key[0] == '\0' || strcmp(s->block->key, t->block->key) != 0,
                  "two sites have the key %s", s->block->key);
            CHECK(s->block->host[0] == '\0' ||
                      strcmp(s->block->host, t->block->host) != 0,
                  "two sites are of %s", s->block->host);
        }
    }
    for (unsigned i = 0; i < WORKERS; i++)
        counted += worker[i].counted;
    CHECK(views == counted, "%lu views are in the totals, %lu were counted", views,
          counted);
    CHECK(atomic_load(&fell) == 0, "%lu numbers fell or were torn", atomic_load(&fell));
    printf("stress_registry: %lu views on %zu sites, until %lld\n", counted,
           registry_count(registry), (long long)(now().ms / 1000));
}

int main(void)
{
    uint64_t seed = number_from("STRESS_SEED", 1);

    open_all(seed);
    run_for(number_from("STRESS_SECONDS", 5), seed);
    check_sites();
    for (unsigned i = 0; i < WORKERS; i++)
        pipeline_release(&worker[i].pipeline);
    registry_close(registry);
    arena_close(arena);
    for (int i = 0; i < CONFIGS; i++)
        config_free(config[i]);
    scratch_free(&dir);
    return stress_end();
}
