/* From nothing to a connection that is signed in. */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"
#include "store/store_redis_link_inner.h"
#include "store/store_redis_resolve.h"

static int connect_unix(struct redis_link *l)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", l->where.path);
    return redis_link_open(l, (const struct sockaddr *)&address, sizeof address);
}

int redis_link_connect_host(struct redis_link *l, const char *host, unsigned port)
{
    struct redis_addresses found;
    char what[128];
    int rv = redis_resolve(host, port, l->give_up_ms, &l->hurry_ms, &found);

    if (rv == ERR_TIMEOUT)
        return redis_link_fail(l, TROUBLE_SLOW, rv, "its name was not found in time");
    if (rv != 0) {
        snprintf(what, sizeof what, "the name %.80s is not known", host);
        return redis_link_fail(l, TROUBLE_AWAY, ERR_IO, what);
    }
    for (size_t i = 0; i < found.count; i++) {
        redis_link_hang_up(l);
        l->error = 0; /* of the address before */
        rv = redis_link_open(l, (const struct sockaddr *)&found.address[i],
                             found.length[i]);
        if (rv == 0)
            return 0;
    }
    return rv;
}

/* The first words on a connection. */
struct greeting {
    struct redis_link *link;
    unsigned next; /* step of it */
};

int redis_say_auth(struct redis_link *l, const char *user, const char *pass)
{
    const bool named = user[0] != '\0';
    const struct slice word[] = {SLICE("AUTH"), slice_of(named ? user : pass),
                                 slice_of(pass)};

    return redis_say(l, word, named ? 3 : 2);
}

static int greet(void *context, struct redis_link *l)
{
    struct greeting *g = context;
    const struct redis_where *w = &l->where;
    struct slice word[2];
    char number[16];

    switch (g->next++) {
    case 0:
        if (w->pass[0] == '\0')
            return 0;
        return redis_say_auth(l, w->user, w->pass);
    case 1:
        if (w->db == 0)
            return 0;
        snprintf(number, sizeof number, "%u", w->db);
        word[0] = SLICE("SELECT");
        word[1] = slice_of(number);
        return redis_say(l, word, 2);
    case 2:
        word[0] = SLICE("PING");
        return redis_say(l, word, 1);
    default:
        return ERR_NOT_FOUND;
    }
}

/* A server that may not keep scripts is sent their text each time. */
static int load_scripts(void *context, struct redis_link *l)
{
    struct greeting *g = context;
    const struct slice word[] = {SLICE("SCRIPT"), SLICE("LOAD"),
                                 slice_of(redis_scripts[g->next % SCRIPTS])};

    return g->next++ == SCRIPTS ? ERR_NOT_FOUND : redis_say(l, word, 3);
}

static int keep_script(void *context, size_t number, const redisReply *reply)
{
    struct greeting *g = context;

    if (number >= SCRIPTS || reply->type != REDIS_REPLY_STRING ||
        reply->len != SHA_LENGTH || strspn(reply->str, "0123456789abcdef") != SHA_LENGTH)
        return ERR_MALFORMED;
    memcpy(g->link->sha[number], reply->str, SHA_LENGTH + 1);
    return 0;
}

int redis_link_sign_in(struct redis_link *l)
{
    struct greeting g = {.link = l};
    const struct redis_talk greeting = {.ask = greet, .context = &g};
    const struct redis_talk loading = {
        .ask = load_scripts, .answer = keep_script, .context = &g};
    int rv = redis_link_converse(l, &greeting);

    if (rv == 0 && l->error == 0 && l->where.master[0] != '\0')
        rv = redis_link_check_role(l);
    if (rv != 0 || l->error != 0)
        return l->error;
    memset(l->sha, 0, sizeof l->sha);
    g.next = 0;
    rv = redis_link_converse(l, &loading);
    if (rv == 0)
        l->error = 0; /* who may not load scripts may still run them */
    return rv;
}

int redis_link_connect(struct redis_link *l)
{
    int rv;

    if (l->where.master[0] != '\0')
        return redis_link_follow(l);
    rv = l->where.path[0] != '\0'
             ? connect_unix(l)
             : redis_link_connect_host(l, l->where.host, l->where.port);
    if (rv == 0)
        rv = redis_link_listen(l);
    return rv != 0 ? rv : redis_link_sign_in(l);
}
