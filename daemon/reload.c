/* Reading the configuration again, on the main thread. Happy path: load -> lists, trust ->
 * the keeper takes the sites up. It fails when the file is wrong: the old one stays,
 * and why is said. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "daemon_inner.h"

/* What only a restart can change; a reload says so and goes on with the rest. */
/* The table of senders is made at a start, and so is UDP. */
static bool writers_begin(const struct settings *now, const struct settings *new)
{
    return now->writers[0] == '\0' && new->writers[0] != '\0';
}

static void warn_of_restart(const struct settings *now, const struct settings *new)
{
    if (strcmp(now->listen, new->listen) != 0 || now->workers != new->workers ||
        strcmp(now->run_dir, new->run_dir) != 0 ||
        strcmp(now->state_dir, new->state_dir) != 0 ||
        strcmp(now->store, new->store) != 0 || strcmp(now->socket, new->socket) != 0 ||
        strcmp(now->node, new->node) != 0 || now->sites_max != new->sites_max ||
        now->connections != new->connections || now->udp_buffer != new->udp_buffer ||
        writers_begin(now, new))
        log_warn(
            "event=reload_partial error=\"listen, workers, directories, store, socket, "
            "node, "
            "sites_max, "
            "connections, udp_buffer and the first of writers change at a restart only\" "
            "next=restart_luotd");
}

/* What a reload replaced. Workers look at it between two instructions of a turn or an
 * answer, others for as long as a look-up takes; nobody says when he has done, so it goes
 * a few ticks of our timer later. Not by the clock: stopped and continued, all of us have
 * slept. */
struct retired {
    struct retired *next;
    struct config *config;
    struct trust *trust;
    struct readers *readers;
    struct referrer_list *referrers;
    struct atlas *atlas;
    bool same_geo;         /* the next atlas has its database too */
    struct agents *agents; /* NULL: they stayed */
    unsigned seconds;
};

enum { RETIRED_SECONDS = 5 };

static void use_trust(struct daemon *d, struct trust *t)
{
    d->own_trust = t;
    atomic_store_explicit(&d->trust, t, memory_order_release);
    if (d->net != NULL)
        net_set_unlimited(d->net, &t->proxies);
}

int daemon_set_trust(struct daemon *d, const struct settings *s, char ret_sentence[512])
{
    struct trust *t;
    int rv = trust_load(&t, s, ret_sentence);

    if (rv == 0)
        use_trust(d, t);
    return rv;
}

/* Listeners never take so many connections that beacons find none. */
static void use_readers(struct daemon *d, struct readers *readers,
                        const struct settings *s)
{
    unsigned most = net_connections(d->net) / 2 / d->workers;

    d->own_readers = readers;
    atomic_store_explicit(&d->readers, readers, memory_order_release);
    atomic_store_explicit(&d->service.live_limit,
                          s->live_listeners < most ? s->live_listeners : most,
                          memory_order_relaxed);
}

int daemon_set_readers(struct daemon *d, const struct config *config)
{
    struct readers *readers;
    int rv = readers_new(&readers, config, 1);

    if (rv == 0)
        use_readers(d, readers, &config->settings);
    return rv;
}

static int open_referrers(struct referrer_list **ret_list, const struct settings *s,
                          char ret_sentence[1024])
{
    return referrer_list_open(ret_list, s->referrer_list, s->referrer_deny, ret_sentence);
}

static void use_referrers(struct daemon *d, struct referrer_list *list)
{
    d->own_referrers = list;
    atomic_store_explicit(&d->referrers, list, memory_order_release);
}

int daemon_set_referrers(struct daemon *d, const struct settings *s,
                         char ret_sentence[1024])
{
    struct referrer_list *list;
    int rv = open_referrers(&list, s, ret_sentence);

    if (rv == 0)
        use_referrers(d, list);
    return rv;
}

/* What a configuration names, ready before anything is replaced. */
struct parts {
    struct secret *secret;
    struct agents *agents; /* NULL: they stay */
    struct trust *trust;
    struct readers *readers;
    struct referrer_list *referrers;
    struct atlas *atlas;
    struct retired *old; /* blank */
};

static void parts_free(struct parts *p)
{
    secret_free(p->secret);
    agents_free(p->agents);
    trust_free(p->trust);
    readers_free(p->readers);
    referrer_list_free(p->referrers);
    free(p->old);
}

/* A database of countries that cannot be read is not an error: the one before stays. */
static int make_parts(struct daemon *d, const struct config *config,
                      struct parts *ret_parts, char ret_sentence[1024])
{
    const struct settings *s = &config->settings;
    struct parts p = {.secret = NULL};
    int rv = daemon_load_secret(d, s, &p.secret, ret_sentence);

    if (rv == 0 && daemon_agents_may_differ(&d->config->settings, s))
        rv = daemon_load_agents(d, s, &p.agents, ret_sentence);
    if (rv == 0)
        rv = open_referrers(&p.referrers, s, ret_sentence);
    if (rv == 0)
        rv = trust_load(&p.trust, s, ret_sentence);
    if (rv == 0)
        rv = readers_new(&p.readers, config, readers_version(d->own_readers) + 1);
    if (rv == 0 && (p.old = calloc(1, sizeof *p.old)) == NULL)
        rv = ERR_NOMEM;
    if (rv == 0 && (p.atlas = daemon_new_atlas(d, config)) == NULL)
        rv = ERR_NOMEM;
    if (rv != 0)
        parts_free(&p);
    else
        *ret_parts = p;
    return rv;
}

/* Nothing changes unless all of it can. */
static int use(struct daemon *d, struct config *config, char ret_sentence[1024])
{
    struct parts new;
    int rv = make_parts(d, config, &new, ret_sentence);

    if (rv != 0)
        return rv;
    *new.old = (struct retired){.next = d->retired,
                                .config = d->config,
                                .trust = d->own_trust,
                                .readers = d->own_readers,
                                .referrers = d->own_referrers,
                                .atlas = d->own_atlas,
                                .same_geo = d->own_atlas->geo == new.atlas->geo,
                                .agents = new.agents != NULL ? d->own_agents : NULL};
    d->retired = new.old;
    d->config = config;
    use_trust(d, new.trust);
    use_readers(d, new.readers, &config->settings);
    use_referrers(d, new.referrers);
    daemon_use_atlas(d, new.atlas);
    if (new.agents != NULL)
        daemon_use_agents(d, new.agents);
    if (d->sharer != NULL)
        sharer_use(d->sharer, new.secret);
    registry_reload(d->registry, config);
    return 0;
}

int daemon_reload(struct daemon *d, char ret_sentence[1024])
{
    struct config_error error;
    struct config *config;
    char trouble[1024] = ""; /* of what the configuration names */
    const struct settings *before = &d->config->settings; /* kept while it is retired */
    int rv;

    if (registry_config(d->registry) != d->config) {
        snprintf(ret_sentence, 1024,
                 "the reload before this one is under way; try again");
        return ERR_IN_USE;
    }
    rv = config_load(&config, d->options->config_file, d->environment,
                     d->options->overrides, d->options->override_count, &error);
    if (rv == 0 && (rv = use(d, config, trouble)) != 0)
        config_free(config);
    if (rv != 0) {
        snprintf(ret_sentence, 1024, "%s",
                 trouble[0] != '\0' ? trouble
                 : rv == ERR_NOMEM  ? error_text(rv)
                                    : error.text);
        log_error("event=reload_failed error=\"%s\" next=the_old_configuration_stays",
                  ret_sentence);
        return rv;
    }
    warn_of_restart(before, &config->settings);
    log_set_level(config->settings.log_level);
    log_info("event=reloaded sites=%zu", config->site_count);
    return 0;
}

/* The first is obeyed at once, then one a second: a storm would keep fifty old
 * configurations waiting for their end. */
void daemon_reload_soon(struct daemon *d)
{
    char sentence[1024];

    d->reload_waits = d->reloaded_lately || daemon_reload(d, sentence) == ERR_IN_USE;
    d->reloaded_lately = true;
}

static void retired_free(struct retired *old)
{
    config_free(old->config);
    trust_free(old->trust);
    readers_free(old->readers);
    referrer_list_free(old->referrers);
    daemon_free_atlas(old->atlas, old->same_geo ? old->atlas : NULL);
    agents_free(old->agents);
    free(old);
}

/* Lists and tables are read through much more memory than they end up in, and malloc keeps
 * it for a next time that seldom comes. Some milliseconds, in which others who want memory
 * wait: no beacon does. */
static void give_back(struct daemon *d)
{
    if (d->has_garbage)
        (void)malloc_trim(0);
    d->has_garbage = false;
}

void daemon_reload_second(struct daemon *d)
{
    d->reloaded_lately = false;
    if (d->reload_waits)
        daemon_reload_soon(d);
    for (struct retired **at = &d->retired, *old; (old = *at) != NULL;) {
        bool in_use = old->config == registry_config(d->registry);

        if (in_use || ++old->seconds < RETIRED_SECONDS) {
            at = &old->next;
            continue;
        }
        *at = old->next;
        retired_free(old);
        d->has_garbage = true;
    }
    give_back(d);
}

void daemon_free_retired(struct daemon *d)
{
    for (struct retired *next; d->retired != NULL; d->retired = next) {
        next = d->retired->next;
        retired_free(d->retired);
    }
}
