/* Reading the configuration again, on the main thread. Happy path: load -> trust ->
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
        now->sites_max != new->sites_max || now->connections != new->connections ||
        now->udp_buffer != new->udp_buffer)
        log_warn(
            "event=reload_partial error=\"listen, workers, directories, store, socket, "
            "sites_max, "
            "connections and udp_buffer change at a restart only\" next=restart_luotd");
}

int daemon_set_trust(struct daemon *d, const struct settings *s)
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

int daemon_reload(struct daemon *d, char ret_sentence[1024])
{
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
        rv = daemon_set_trust(d, &config->settings);
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
