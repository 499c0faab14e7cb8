/* Who is believed, made of the settings: the networks, the writers with their secrets, and
 * the limits for everybody else. */
#include <stdlib.h>

#include "base/error.h"
#include "daemon_inner.h"

int trust_load(struct trust **ret_trust, const struct settings *s, char ret_sentence[512])
{
    struct trust *t = calloc(1, sizeof *t);
    int rv;

    if (t == NULL)
        return ERR_NOMEM;
    t->udp = s->udp_trusted;
    t->proxies = s->trusted_proxies;
    t->limits = (struct guard_rules){rate_limit_of(&s->rate_limit),
                                     rate_limit_of(&s->new_visitors_per_address)};
    rv = writers_load(&t->writers, s->writers, ret_sentence);
    if (rv == 0)
        *ret_trust = t;
    else
        free(t);
    return rv;
}

void trust_free(struct trust *t)
{
    if (t == NULL)
        return;
    writers_free(t->writers);
    free(t);
}

int daemon_open_guard(struct daemon *d)
{
    int rv;

    d->guard = guard_new();
    if (d->guard == NULL)
        return ERR_NOMEM;
    if (writers_count(d->own_trust->writers) == 0)
        return 0;
    rv = senders_open(&d->senders, d->arena);
    if (rv != 0)
        log_error("event=senders error=\"%s\" next=refuse_what_is_signed",
                  error_text(rv));
    return 0;
}
