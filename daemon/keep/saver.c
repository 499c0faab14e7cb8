#include "keep/saver.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/store_where.h"
#include "keep/saver_collect.h"

enum {
    PERIOD_MS = 1000,
    SAVE_MS = 5000, /* a save that takes longer is given up and tried again */
    SKETCH_PERIOD_S = 60,
    SLOT_S = SLOT_MS / 1000,
    QUIET_S = 2 * 3600, /* without a view for so long, and nothing changed ... */
    QUIET_ROUNDS = 16   /* ... a site is looked at every so many rounds        */
};

struct saver {
    struct saver_options options;
    char name[512];               /* the store's, for the log: without a password */
    struct collection collection; /* the saving thread's                          */
    struct shadow **shadow;       /* one a range of the registry, when it is seen */
    size_t limit;
    uint64_t round;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* guards what is below */
    pthread_cond_t bell;
    unsigned trouble; /* the store's number of what we logged last  */
    bool stopping, ended;
    struct deadline stop_by;
    int64_t good_ms; /* CLOCK_MONOTONIC when the last good round looked; 0: none */
    struct saver_status status;
};

static int64_t monotonic_ms(void)
{
    return deadline_in(0).at_ms;
}

/* --- A round --- */

/* The last moment, up to now, at which a site's sketch was to be saved. A round that comes
 * late, or skips a second, finds it all the same. */
static int64_t sketch_moment(const struct site *site, struct instant now)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);
    int64_t s = instant_seconds(now), slot = instant_slot(now);
    int64_t moment =
        s - (s - site->index % SKETCH_PERIOD_S + SKETCH_PERIOD_S) % SKETCH_PERIOD_S;
    int64_t last = s - s % SLOT_S + site->index % SLOT_S;

    /* In the day's last seconds too: tomorrow nobody can tell any more who was here. */
    return last <= s && last > moment &&
                   period_at(&terms->calendar, PERIOD_DAY, slot).until_slot == slot + 1
               ? last
               : moment;
}

/* What we see for the first time waits for its next moment: not all at once at a start. */
static bool sketch_is_due(const struct shadow *shadow, int64_t moment, struct instant now)
{
    return moment != shadow->edges.sketched_s &&
           (shadow->edges.sketched_s != 0 || moment == instant_seconds(now));
}

static bool is_quiet(const struct saver *s, const struct site *site,
                     const struct shadow *shadow, struct instant now)
{
    int64_t last = atomic_load_explicit(&site->block->last_view_s, memory_order_relaxed);

    if (s->collection.forgets &&
        (shadow->all || s->collection.now_ms >= shadow->again_ms))
        return false;
    return shadow->quiet && instant_seconds(now) - last > QUIET_S &&
           (s->round + site->index) % QUIET_ROUNDS != 0;
}

static int collect_all(struct saver *s)
{
    struct collection *c = &s->collection;
    int rv = 0;

    for (size_t i = 0; i < s->limit && rv == 0; i++) {
        const struct site *site = registry_kept_at(s->options.registry, i);
        if (site == NULL)
            continue;
        if (site_awaits_saved(site)) { /* its own lost numbers first: history_own.c */
            c->awaiting++;
            continue;
        }
        if (s->shadow[i] == NULL &&
            (s->shadow[i] = calloc(1, sizeof **s->shadow)) == NULL)
            return ERR_NOMEM;
        if (!c->everything && is_quiet(s, site, s->shadow[i], c->now))
            continue;
        c->sketch_moment = sketch_moment(site, c->now);
        c->sketches = sketch_is_due(s->shadow[i], c->sketch_moment, c->now);
        rv = collect_site(c, site, s->shadow[i]);
    }
    return rv != 0 ? rv : collection_finish(c);
}

/* What a store says about itself is said when it changes; of others only whether. */
static bool is_news(struct saver *s, int before, int rv, const char **ret_sentence)
{
    struct store *store = s->options.store;
    unsigned trouble = 0, last = s->trouble;

    *ret_sentence = "";
    if (store->ops->trouble != NULL)
        *ret_sentence = store->ops->trouble(store, &trouble);
    s->trouble = rv != 0 ? trouble : 0;
    return rv != 0 && (before == 0 || s->trouble != last);
}

/* Says it when it begins and when it ends. */
static void tell(const struct saver *s, int before, int rv, bool news,
                 const char *sentence)
{
    if (news && sentence[0] != '\0')
        log_warn("event=save_failed store=%s error=\"%s\" "
                 "next=counting_goes_on_and_saving_is_tried_again",
                 s->name, sentence);
    else if (rv != 0 && before == 0)
        log_warn("event=save_failed store=%s error=\"%s\" "
                 "next=counting_goes_on_and_saving_is_tried_again_in_%ums",
                 s->name, error_text(rv), s->options.period_ms);
    else if (rv == 0 && before != 0)
        log_info("event=save_works_again store=%s rows=%llu next=everything_is_saved",
                 s->name, (unsigned long long)s->collection.rows);
}

/* A store that may forget: is it there, and what must be written again? */
static int attend(struct saver *s)
{
    struct collection *c = &s->collection;
    enum store_lost lost;
    int rv;

    if (!c->forgets)
        return 0;
    rv = c->store->ops->attend(c->store, c->deadline, &lost);
    if (rv != 0 || lost == STORE_LOST_NOTHING)
        return rv;
    c->lost_all = lost == STORE_LOST_ALL;
    for (size_t i = 0; i < s->limit; i++)
        if (s->shadow[i] != NULL)
            shadow_lost(s->shadow[i], lost);
    return 0;
}

int saver_round(struct saver *s, struct instant now, bool everything, struct deadline d)
{
    struct collection *c = &s->collection;
    int64_t begun_ms = monotonic_ms();
    const char *sentence;
    int rv, before;
    bool news;

    c->now = now;
    c->now_ms = begun_ms;
    c->deadline = d;
    c->everything = everything;
    c->changes = c->sketched = 0;
    c->awaiting = 0;
    c->finished = NULL;
    c->saves = c->rows = 0;
    s->round++;
    rv = attend(s);
    if (rv == 0)
        rv = collect_all(s);

    if (rv == 0 && s->options.head != NULL && !c->forgets)
        count_head_confirm(s->options.head, s->options.index, s->options.where,
                           instant_seconds(now));

    pthread_mutex_lock(&s->lock);
    before = s->status.error;
    s->status.error = rv;
    news = is_news(s, before, rv, &sentence);
    snprintf(s->status.sentence, sizeof s->status.sentence, "%s",
             rv != 0 ? sentence : "");
    s->status.saves += c->saves;
    s->status.rows += c->rows;
    s->status.failures += rv != 0;
    s->status.last_ms = (double)(monotonic_ms() - begun_ms);
    if (rv == 0 && c->awaiting == 0) {
        s->status.durable_since_ms = now.ms;
        s->good_ms = begun_ms;
    }
    pthread_mutex_unlock(&s->lock);
    tell(s, before, rv, news, sentence);
    return rv;
}

struct saver_status saver_status(struct saver *s)
{
    struct saver_status status;

    pthread_mutex_lock(&s->lock);
    status = s->status;
    status.durable =
        s->good_ms != 0 && status.error == 0 &&
        monotonic_ms() - s->good_ms <= 2 * (int64_t)s->options.period_ms + 1000;
    pthread_mutex_unlock(&s->lock);
    return status;
}

/* --- Its memory --- */

/* All but the store. */
static void saver_release(struct saver *s)
{
    collection_release(&s->collection);
    for (size_t i = 0; s->shadow != NULL && i < s->limit; i++) {
        if (s->shadow[i] != NULL)
            shadow_tops_release(&s->shadow[i]->tops);
        free(s->shadow[i]);
    }
    free(s->shadow);
    pthread_cond_destroy(&s->bell);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

void saver_free(struct saver *s)
{
    if (s == NULL)
        return;
    if (s->options.store != NULL)
        s->options.store->ops->close(s->options.store);
    saver_release(s);
}

static void name_store(struct saver *s)
{
    const char *where = s->options.where;
    struct buffer b;

    buffer_init(&b, s->name, sizeof s->name - 1);
    if (where != NULL)
        store_where_write(&b, slice_of(where));
    if (where == NULL || buffer_error(&b) != 0)
        snprintf(s->name, sizeof s->name, "-");
    else
        s->name[b.length] = '\0';
}

int saver_new(struct saver **ret_saver, const struct saver_options *options)
{
    struct saver *s = calloc(1, sizeof *s);
    pthread_condattr_t monotonic;

    if (s == NULL)
        return ERR_NOMEM;
    s->options = *options;
    if (s->options.period_ms == 0)
        s->options.period_ms = PERIOD_MS;
    name_store(s);
    s->limit = registry_limit(options->registry);
    s->collection.store = options->store;
    s->collection.version = options->version;
    s->collection.forgets = options->store != NULL && options->store->ops->attend != NULL;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->bell, &monotonic);
    pthread_condattr_destroy(&monotonic);
    s->shadow = calloc(s->limit, sizeof(struct shadow *));
    if (s->shadow == NULL || collection_init(&s->collection) != 0) {
        saver_release(s);
        return ERR_NOMEM;
    }
    *ret_saver = s;
    return 0;
}

/* --- Its thread --- */

/* Waits until then; true: we are to stop. */
static bool wait_until(struct saver *s, int64_t then_ms)
{
    const struct timespec then = {.tv_sec = then_ms / 1000,
                                  .tv_nsec = then_ms % 1000 * 1000000};
    bool stopping;

    pthread_mutex_lock(&s->lock);
    while (!s->stopping && monotonic_ms() < then_ms)
        pthread_cond_timedwait(&s->bell, &s->lock, &then);
    stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    return stopping;
}

static void *saver_run(void *context)
{
    struct saver *s = context;
    int64_t next_ms = monotonic_ms();

    while (!wait_until(s, next_ms)) {
        (void)saver_round(s, clock_now(s->options.clock), false, deadline_in(SAVE_MS));
        next_ms += s->options.period_ms;
        if (next_ms < monotonic_ms()) /* it took longer than a period: no crowd */
            next_ms = monotonic_ms();
    }
    if (!atomic_load_explicit(&s->collection.abandoned, memory_order_acquire))
        (void)saver_round(s, clock_now(s->options.clock), true, s->stop_by);
    pthread_mutex_lock(&s->lock);
    s->ended = true;
    pthread_cond_signal(&s->bell);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

int saver_start(struct saver **ret_saver, const struct saver_options *options)
{
    struct saver *s;
    int rv = saver_new(&s, options);

    if (rv != 0)
        return rv;
    if (options->store != NULL) {
        rv = pthread_create(&s->thread, NULL, saver_run, s);
        if (rv != 0) {
            saver_release(s);
            return error_from_errno(rv);
        }
        s->started = true;
        (void)pthread_setname_np(s->thread, "saver");
    }
    *ret_saver = s;
    return 0;
}

/* The system may never give a thread back that waits for a dead disk. */
static bool join_by(struct saver *s, int64_t then_ms)
{
    const struct timespec then = {.tv_sec = then_ms / 1000,
                                  .tv_nsec = then_ms % 1000 * 1000000};
    bool ended;

    pthread_mutex_lock(&s->lock);
    while (!s->ended && monotonic_ms() < then_ms)
        pthread_cond_timedwait(&s->bell, &s->lock, &then);
    ended = s->ended;
    pthread_mutex_unlock(&s->lock);
    return ended && pthread_join(s->thread, NULL) == 0;
}

void saver_end(struct saver *s, unsigned deadline_ms)
{
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    if (!s->stopping) {
        s->stopping = true;
        s->stop_by = deadline_in(deadline_ms);
        atomic_store_explicit(&s->collection.stop_by_ms, s->stop_by.at_ms,
                              memory_order_relaxed);
        pthread_cond_signal(&s->bell);
        if (s->started && s->options.store->ops->hurry != NULL)
            s->options.store->ops->hurry(s->options.store, s->stop_by);
    }
    pthread_mutex_unlock(&s->lock);
}

void saver_stop(struct saver *s, unsigned deadline_ms)
{
    if (s == NULL)
        return;
    if (s->started) {
        saver_end(s, deadline_ms);
        if (!join_by(s, s->stop_by.at_ms + PERIOD_MS)) {
            log_warn("event=save_stuck next=stopping_without_it_what_is_in_memory_is_"
                     "saved_by_the_next_luotd");
            /* It may look at no site any more: the registry goes next. */
            atomic_store_explicit(&s->collection.abandoned, true, memory_order_release);
            (void)pthread_detach(s->thread);
            return;
        }
    }
    saver_free(s);
}
