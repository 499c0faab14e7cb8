/* Reading the configuration again, on the main thread. Happy path: load -> lists, trust ->
 * the keeper takes the sites up. It fails when the file is wrong: the old one stays,
 * and why is said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "daemon_inner.h"

/* What only a restart can change; a reload says so and goes on with the rest. */
static void warn_of_restart(const struct settings *now, const struct settings *new)
{
    if (strcmp(now->listen, new->listen) != 0 || now->workers != new->workers ||
        strcmp(now->run_dir, new->run_dir) != 0 ||
        strcmp(now->state_dir, new->state_dir) != 0 ||
        strcmp(now->store, new->store) != 0 || strcmp(now->socket, new->socket) != 0 ||
        strcmp(now->node, new->node) != 0 || now->sites_max != new->sites_max ||
        now->connections != new->connections || now->udp_buffer != new->udp_buffer)
        log_warn(
            "event=reload_partial error=\"listen, workers, directories, store, socket, "
            "node, "
            "sites_max, "
            "connections and udp_buffer change at a restart only\" next=restart_luotd");
}

/* What a reload replaced. Workers look at it between two instructions of a turn or an
 * answer, others for as long as a look-up takes; nobody says when he has done, so it goes
 * a few ticks of our timer later. Not by the clock: stopped and continued, all of us have
 * slept. */
struct retired {
    struct retired *next;
    struct config *config;
    struct trust *trust;
    struct agents *agents; /* NULL: they stayed */
    unsigned seconds;
};

enum { RETIRED_SECONDS = 5 };

static struct trust *trust_of(const struct settings *s)
{
    struct trust *t = malloc(sizeof *t);

    if (t != NULL)
        *t = (struct trust){.udp = s->udp_trusted, .proxies = s->trusted_proxies};
    return t;
}

static void use_trust(struct daemon *d, struct trust *t)
{
    d->own_trust = t;
    atomic_store_explicit(&d->trust, t, memory_order_release);
    if (d->net != NULL)
        net_set_unlimited(d->net, &t->proxies);
}

int daemon_set_trust(struct daemon *d, const struct settings *s)
{
    struct trust *t = trust_of(s);

    if (t == NULL)
        return ERR_NOMEM;
    use_trust(d, t);
    return 0;
}

/* Nothing changes unless all of it can. */
static int use(struct daemon *d, struct config *config, char ret_sentence[1024])
{
    struct agents *agents = NULL;
    struct secret *secret;
    struct trust *trust;
    struct retired *old;
    int rv = daemon_load_secret(d, &config->settings, &secret, ret_sentence);

    if (rv == 0 && daemon_agents_may_differ(&d->config->settings, &config->settings))
        rv = daemon_load_agents(d, &config->settings, &agents, ret_sentence);
    if (rv != 0) {
        secret_free(secret);
        return rv;
    }
    trust = trust_of(&config->settings);
    old = malloc(sizeof *old);
    if (trust == NULL || old == NULL) {
        free(trust);
        free(old);
        secret_free(secret);
        agents_free(agents);
        return ERR_NOMEM;
    }
    *old = (struct retired){d->retired, d->config, d->own_trust,
                            agents != NULL ? d->own_agents : NULL, 0};
    d->retired = old;
    d->config = config;
    use_trust(d, trust);
    if (agents != NULL)
        daemon_use_agents(d, agents);
    if (d->sharer != NULL)
        sharer_use(d->sharer, secret);
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
    free(old->trust);
    agents_free(old->agents);
    free(old);
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
    }
}

void daemon_free_retired(struct daemon *d)
{
    for (struct retired *next; d->retired != NULL; d->retired = next) {
        next = d->retired->next;
        retired_free(d->retired);
    }
}
