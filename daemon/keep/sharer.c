#include "keep/sharer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/log.h"

enum {
    PERIOD_MS = 1000,
    STEPPED_MS = 20,    /* with a test's clock file: time goes faster there            */
    PATIENCE_MS = 500,  /* for a round: a stop may have to wait for it                 */
    AHEAD_SLOTS = 1800, /* 6 h before a period begins its key is asked for             */
    MADE_SLOTS = 150, /* 30 min before it begins the keeper makes it (count/site_keys) */
    TEXT_BYTES = 2 * SECRET_SALT_BYTES
};

/* Sites of one zone and identity have the same periods. */
struct calendar_kind {
    struct site_terms *terms;
    int64_t said_tag; /* from_slot + 1 of the period that is said not to be shared */
};

struct sharer {
    struct store *store;
    struct key_ring *ring;
    struct calendar_kind *kind; /* of the configuration whose hash is kind_hash */
    size_t kinds;
    uint64_t kind_hash;
    const struct registry *registry;
    const struct clock *clock;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* guards what is below */
    pthread_cond_t bell;
    struct secret *secret;
    bool stopping;
};

/* --- Which keys there should be --- */

static bool is_same_kind(const struct site_terms *terms, const struct site_config *c)
{
    return terms->config.identity == c->identity &&
           strcmp(terms->config.timezone, c->timezone) == 0;
}

static void forget_kinds(struct sharer *s)
{
    for (size_t i = 0; i < s->kinds; i++)
        site_terms_free(s->kind[i].terms);
    free(s->kind);
    s->kind = NULL;
    s->kinds = 0;
}

static int add_kind(struct sharer *s, const struct site_config *c)
{
    for (size_t i = 0; i < s->kinds; i++)
        if (is_same_kind(s->kind[i].terms, c))
            return 0;
    s->kind[s->kinds].terms = site_terms_new(c);
    if (s->kind[s->kinds].terms == NULL)
        return ERR_NOMEM;
    s->kinds++;
    return 0;
}

/* Those of a configuration, and of the sites that open by themselves. What was said is
 * forgotten with the configuration before. */
static int find_kinds(struct sharer *s, const struct config *config)
{
    struct site_config by_itself;
    int rv = 0;

    if (s->kind != NULL && s->kind_hash == config->hash)
        return 0;
    forget_kinds(s);
    s->kind = calloc(config->site_count + 1, sizeof *s->kind);
    if (s->kind == NULL)
        return ERR_NOMEM;
    site_config_default(&by_itself, SLICE("auto"));
    rv = add_kind(s, &by_itself);
    for (size_t i = 0; i < config->site_count && rv == 0; i++)
        rv = add_kind(s, &config->sites[i]);
    if (rv != 0) {
        forget_kinds(s);
        return rv;
    }
    s->kind_hash = config->hash;
    return 0;
}

/* --- Getting one --- */

static enum period_kind kind_of(const struct site_terms *terms)
{
    return terms->config.identity == IDENTITY_DAY ? PERIOD_DAY : PERIOD_MONTH;
}

/* 2026-10-31T17:00Z */
static void write_from(int64_t from_slot, char ret_text[24])
{
    int64_t minutes = from_slot * (SLOT_MS / 1000) / 60;
    int64_t day = minutes / 1440 - (minutes % 1440 < 0);
    int rest = (int)(minutes - day * 1440);
    char date[11];

    date_write(day, date);
    snprintf(ret_text, 24, "%sT%02d:%02dZ", date, rest / 60 % 24, rest % 60);
}

static void write_salt(const uint8_t salt[SECRET_SALT_BYTES],
                       char ret_text[TEXT_BYTES + 1])
{
    for (unsigned i = 0; i < SECRET_SALT_BYTES; i++)
        snprintf(ret_text + 2 * (size_t)i, 3, "%02x", salt[i]);
}

static int read_salt(uint8_t ret_salt[SECRET_SALT_BYTES], const char *text)
{
    if (strlen(text) != TEXT_BYTES)
        return ERR_MALFORMED;
    for (unsigned i = 0; i < SECRET_SALT_BYTES; i++) {
        uint64_t byte;
        if (slice_hex((struct slice){text + 2 * (size_t)i, 2}, &byte) != 0)
            return ERR_MALFORMED;
        ret_salt[i] = (uint8_t)byte;
    }
    return 0;
}

static int get_salt(struct sharer *s, enum period_kind kind, const struct period *p,
                    int64_t life_ms, struct deadline d,
                    uint8_t ret_salt[SECRET_SALT_BYTES])
{
    char name[64], from[24], offer[TEXT_BYTES + 1], text[SHARED_MAX];
    uint8_t mine[SECRET_SALT_BYTES];
    int rv;

    secret_salt_random(mine);
    write_salt(mine, offer);
    write_from(p->from_slot, from);
    snprintf(name, sizeof name, "key:%s:%s", kind == PERIOD_DAY ? "day" : "month", from);
    rv = s->store->ops->share(s->store, name, offer, life_ms, text, d);
    return rv != 0 ? rv : read_salt(ret_salt, text);
}

/* ERR_NOT_FOUND: there is no secret. */
static int derive(struct sharer *s, const uint8_t salt[SECRET_SALT_BYTES],
                  enum period_kind kind, const struct period *p, struct hash_key *ret_key)
{
    int rv = ERR_NOT_FOUND;

    pthread_mutex_lock(&s->lock);
    if (s->secret != NULL) {
        secret_derive(s->secret, salt, (uint8_t)kind, p->from_slot, ret_key);
        rv = 0;
    }
    pthread_mutex_unlock(&s->lock);
    return rv;
}

static int get_key(struct sharer *s, enum period_kind kind, const struct period *p,
                   struct instant now, struct deadline d)
{
    uint8_t salt[SECRET_SALT_BYTES];
    struct hash_key key;
    char from[24];
    int rv = get_salt(s, kind, p, p->until_slot * SLOT_MS - now.ms, d, salt);

    if (rv == 0)
        rv = derive(s, salt, kind, p, &key);
    if (rv != 0)
        return rv;
    rv = key_ring_put(s->ring, kind, p->from_slot, p->until_slot, &key);
    hash_key_erase(&key);
    write_from(p->from_slot, from);
    if (rv == 0)
        log_info("event=key_shared identity=%s from=%s",
                 kind == PERIOD_DAY ? "day" : "month", from);
    return rv;
}

/* --- What is said --- */

static void say_not_shared(struct calendar_kind *k, const struct period *p,
                           const char *site, const char *why, const char *next)
{
    char from[24], memory[640];
    struct buffer b;

    if (k->said_tag == p->from_slot + 1)
        return;
    k->said_tag = p->from_slot + 1;
    write_from(p->from_slot, from);
    buffer_init(&b, memory, sizeof memory);
    buffer_log_field(&b, slice_of(why));
    log_warn("event=key_not_shared identity=%s timezone=%s from=%s%s%s error=%.*s "
             "next=%s",
             kind_of(k->terms) == PERIOD_DAY ? "day" : "month", k->terms->config.timezone,
             from, site[0] != '\0' ? " site=" : "", site, (int)b.length, b.at, next);
}

static const char *why_not(const struct sharer *s, int rv)
{
    unsigned number;
    const char *trouble =
        s->store->ops->trouble != NULL ? s->store->ops->trouble(s->store, &number) : "";

    if (rv == ERR_MALFORMED && trouble[0] == '\0')
        return "the key in the store is not one of luot's; DEL it";
    if (rv == ERR_FULL)
        return "there are more time zones than keys are held for; use fewer";
    return trouble[0] != '\0' ? trouble : error_text(rv);
}

/* Sites whose key is older than the secret, or was made while the store was away. */
static void say_own_keys(struct calendar_kind *k, const struct registry *r,
                         const struct period *p, struct instant now)
{
    if (k->said_tag == p->from_slot + 1)
        return;
    for (size_t i = 0; i < registry_limit(r); i++) {
        const struct site *site = registry_at(r, i);
        const struct site_terms *terms;

        if (site == NULL)
            continue;
        terms = atomic_load_explicit(&site->terms, memory_order_acquire);
        if (!is_same_kind(k->terms, &terms->config) ||
            site_key_sharing(site, instant_slot(now)) != SHARING_OWN)
            continue;
        say_not_shared(k, p, site->block->key,
                       "a key of this period was there before the shared one; it stays",
                       "visitors_of_this_period_are_a_sum_over_the_nodes");
        return;
    }
}

/* --- A round --- */

static void want_key(struct sharer *s, struct calendar_kind *k, const struct period *p,
                     struct instant now, struct deadline d)
{
    int rv;

    if (key_ring_has(s->ring, kind_of(k->terms), p->from_slot))
        return;
    rv = get_key(s, kind_of(k->terms), p, now, d);
    if (rv != 0 && instant_slot(now) >= p->from_slot - MADE_SLOTS)
        /* An adopted key may well be the shared one: only what is made now is not. */
        say_not_shared(k, p, "", why_not(s, rv),
                       "keys_made_now_are_this_nodes_own_and_their_visitors_a_sum");
}

static bool has_secret(struct sharer *s)
{
    bool has;

    pthread_mutex_lock(&s->lock);
    has = s->secret != NULL;
    pthread_mutex_unlock(&s->lock);
    return has;
}

void sharer_round(struct sharer *s, const struct config *config,
                  const struct registry *registry, struct instant now, struct deadline d)
{
    int64_t slot = instant_slot(now);

    if (!has_secret(s) || find_kinds(s, config) != 0)
        return;
    for (size_t i = 0; i < s->kinds; i++) {
        struct calendar_kind *k = &s->kind[i];
        struct period p = site_key_period(k->terms, slot);

        want_key(s, k, &p, now, d);
        if (registry != NULL && key_ring_has(s->ring, kind_of(k->terms), p.from_slot))
            say_own_keys(k, registry, &p, now);
        if (slot < p.until_slot - AHEAD_SLOTS)
            continue;
        p = site_key_period(k->terms, p.until_slot);
        want_key(s, k, &p, now, d);
    }
}

/* --- The thread --- */

int sharer_new(struct sharer **ret_sharer, struct store *store, struct key_ring *ring)
{
    struct sharer *s = calloc(1, sizeof *s);
    pthread_condattr_t monotonic;

    if (s == NULL)
        return ERR_NOMEM;
    s->store = store;
    s->ring = ring;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->bell, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *ret_sharer = s;
    return 0;
}

void sharer_use(struct sharer *s, struct secret *secret)
{
    struct secret *old;

    pthread_mutex_lock(&s->lock);
    old = s->secret;
    s->secret = secret;
    pthread_mutex_unlock(&s->lock);
    secret_free(old);
}

/* False: we are to stop. */
static bool wait_a_round(struct sharer *s)
{
    int64_t at_ms =
        deadline_in(clock_is_stepped(s->clock) ? STEPPED_MS : PERIOD_MS).at_ms;
    struct timespec then = {at_ms / 1000, at_ms % 1000 * 1000000};
    int rv = 0;
    bool stopping;

    pthread_mutex_lock(&s->lock);
    while (!s->stopping && rv == 0)
        rv = pthread_cond_timedwait(&s->bell, &s->lock, &then);
    stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    return !stopping;
}

static void *run(void *argument)
{
    struct sharer *s = argument;

    while (wait_a_round(s))
        sharer_round(s, registry_config(s->registry), s->registry, clock_now(s->clock),
                     deadline_in(PATIENCE_MS));
    return NULL;
}

int sharer_start(struct sharer *s, const struct registry *registry,
                 const struct clock *clock)
{
    s->registry = registry;
    s->clock = clock;
    if (pthread_create(&s->thread, NULL, run, s) != 0)
        return ERR_NOMEM;
    s->started = true;
    (void)pthread_setname_np(s->thread, "sharer");
    return 0;
}

void sharer_stop(struct sharer *s)
{
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_signal(&s->bell);
    pthread_mutex_unlock(&s->lock);
    if (s->started)
        pthread_join(s->thread, NULL);
    s->store->ops->close(s->store);
    forget_kinds(s);
    secret_free(s->secret);
    pthread_cond_destroy(&s->bell);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
