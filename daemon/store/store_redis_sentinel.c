/* The happy path: the sentinel that knew the master last -> its address -> AUTH, SELECT ->
 * ROLE says that it is a master -> as any other server.
 *
 * It fails when: a sentinel is away, silent, or says something that is no answer; it knows
 * no such master; the master is away, or is none any more. Then the next one is asked, as
 * long as there is time: all of it has one deadline. Each sentinel may use only its share
 * of what is left; the master, all of it. What is remembered is the trouble of whoever we
 * came furthest with. */
#include <stdio.h>

#include "base/error.h"
#include "store/store_redis.h"
#include "store/store_redis_link_inner.h"

/* --- What a sentinel says --- */

struct asking {
    struct redis_host *master;
    unsigned next; /* step of it                     */
    bool signs_in; /* so the first answer is to AUTH */
    bool known;
};

static int ask_master(void *context, struct redis_link *l)
{
    struct asking *a = context;
    const struct redis_where *w = &l->where;

    if (a->next == 0 && !a->signs_in)
        a->next++;
    switch (a->next++) {
    case 0:
        return redis_say_auth(l, w->sentinel_user, w->sentinel_pass);
    case 1:
        return redis_say(l,
                         (const struct slice[]){SLICE("SENTINEL"),
                                                SLICE("get-master-addr-by-name"),
                                                slice_of(w->master)},
                         3);
    default:
        return ERR_NOT_FOUND;
    }
}

static bool is_host(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!is_letter && !(c >= '0' && c <= ':') && c != '.' && c != '-' && c != '_' &&
            c != '%')
            return false;
    }
    return text.length > 0;
}

/* Two texts: a host and a port. Nothing at all: it knows no such master. */
static int hear_master(void *context, size_t number, const redisReply *reply)
{
    struct asking *a = context;
    struct slice host;
    uint64_t port;

    if (number == 0 && a->signs_in)
        return reply->type == REDIS_REPLY_STATUS ? 0 : ERR_MALFORMED;
    if (reply->type == REDIS_REPLY_NIL)
        return 0;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
        return ERR_MALFORMED;
    host = redis_text(reply->element[0]);
    if (!is_host(host) || host.length >= sizeof a->master->name ||
        slice_number(redis_text(reply->element[1]), &port) != 0 || port == 0 ||
        port > 65535)
        return ERR_MALFORMED;
    memcpy(a->master->name, host.at, host.length);
    a->master->name[host.length] = '\0';
    a->master->port = (unsigned)port;
    a->known = true;
    return 0;
}

static void call_sentinel(struct redis_link *l, const struct redis_host *at)
{
    char name[384];
    int n = snprintf(name, sizeof name, "the sentinel %.100s:%u", at->name, at->port);

    redis_link_clean(l->name, sizeof l->name, name, (size_t)n);
}

static int ask_sentinel(struct redis_link *l, const struct redis_host *sentinel,
                        struct redis_host *ret_master)
{
    struct asking a = {.master = ret_master,
                       .signs_in = l->where.sentinel_pass[0] != '\0'};
    const struct redis_talk talk = {
        .ask = ask_master, .answer = hear_master, .context = &a};
    char what[91];
    int rv;

    call_sentinel(l, sentinel);
    rv = redis_link_connect_host(l, sentinel->name, sentinel->port);
    if (rv == 0)
        rv = redis_link_listen(l);
    if (rv == 0)
        rv = redis_link_converse(l, &talk);
    if (rv == 0)
        rv = l->error;
    redis_link_hang_up(l);
    if (rv != 0 || a.known)
        return rv;
    snprintf(what, sizeof what, "it knows no master named %s", l->where.master);
    redis_link_note(l, TROUBLE_UNKNOWN, ERR_IO, what,
                    "see its `sentinel monitor`, and the name in `store`");
    return l->error;
}

/* --- What the master says --- */

struct role {
    bool said, is_master;
};

static int ask_role(void *context, struct redis_link *l)
{
    struct role *r = context;
    const struct slice word = SLICE("ROLE");

    if (r->said)
        return ERR_NOT_FOUND;
    r->said = true;
    return redis_say(l, &word, 1);
}

static int hear_role(void *context, size_t number, const redisReply *reply)
{
    struct role *r = context;

    (void)number;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0 ||
        reply->element[0]->type != REDIS_REPLY_STRING)
        return ERR_MALFORMED;
    r->is_master = slice_equal(redis_text(reply->element[0]), SLICE("master"));
    return 0;
}

int redis_link_check_role(struct redis_link *l)
{
    struct role r = {.said = false};
    const struct redis_talk talk = {.ask = ask_role, .answer = hear_role, .context = &r};
    int rv = redis_link_converse(l, &talk);

    if (rv != 0 || l->error != 0)
        return l->error;
    return r.is_master ? 0 : redis_link_fail_replica(l);
}

static int connect_master(struct redis_link *l, const struct redis_host *master)
{
    char name[384];
    int n = snprintf(name, sizeof name, "%s at %.100s:%u", l->where.master, master->name,
                     master->port),
        rv;

    redis_link_clean(l->name, sizeof l->name, name, (size_t)n);
    rv = redis_link_connect_host(l, master->name, master->port);
    if (rv == 0)
        rv = redis_link_listen(l);
    return rv != 0 ? rv : redis_link_sign_in(l);
}

/* --- In turn --- */

/* The trouble of the one that we came furthest with. */
struct furthest {
    unsigned step, trouble;
    int error;
    char sentence[sizeof((struct redis_link *)0)->sentence];
};

static void remember(struct furthest *f, unsigned step, const struct redis_link *l)
{
    if (f->error != 0 && step <= f->step)
        return;
    f->step = step;
    f->trouble = l->trouble;
    f->error = l->error;
    memcpy(f->sentence, l->sentence, sizeof f->sentence);
}

static unsigned step_of(const struct redis_link *l, bool asked)
{
    if (asked)
        return 2;
    return l->trouble == TROUBLE_AWAY || l->trouble == TROUBLE_SLOW ? 0 : 1;
}

static bool same_host(const struct redis_host *a, const struct redis_host *b)
{
    return a->port == b->port && strcmp(a->name, b->name) == 0;
}

int redis_link_follow(struct redis_link *l)
{
    const struct redis_where *w = &l->where;
    struct redis_host master, before = {.port = 0};
    struct furthest f = {.error = 0};
    const int64_t give_up_ms = l->give_up_ms;
    size_t first = l->sentinel;

    l->guided = false;
    for (size_t i = 0; i < w->sentinels && redis_now_ms() < give_up_ms; i++) {
        int64_t left = give_up_ms - redis_now_ms();
        int rv;

        l->sentinel = (first + i) % w->sentinels;
        l->error = 0;
        l->give_up_ms = give_up_ms - left + left / (int64_t)(w->sentinels - i + 1);
        rv = ask_sentinel(l, &w->sentinel[l->sentinel], &master);
        l->give_up_ms = give_up_ms;
        l->guided = l->guided || rv == 0;
        if (rv == 0 && same_host(&master, &before))
            continue; /* and it was no use */
        if (rv == 0 && connect_master(l, &master) == 0)
            return 0;
        if (rv == 0)
            before = master;
        remember(&f, step_of(l, rv == 0), l);
        redis_link_hang_up(l);
    }
    l->sentinel = (l->sentinel + 1) % w->sentinels;
    if (f.error == 0) {
        l->error = 0;
        return redis_link_fail_late(l);
    }
    l->trouble = f.trouble;
    memcpy(l->sentence, f.sentence, sizeof l->sentence);
    return l->error = f.error;
}
