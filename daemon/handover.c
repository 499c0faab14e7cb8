#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/slice.h"

enum { FIRST_FD = 3, NUMBER_MAX = 1000000000 };

#define OUR_NAME "luot-"

/* The number of a name that we gave; false: somebody else's name. */
static bool own_number(const char *name, uint64_t *ret_number)
{
    struct slice digits = slice_of(name);

    if (strncmp(name, OUR_NAME, strlen(OUR_NAME)) != 0)
        return false;
    digits.at += strlen(OUR_NAME);
    digits.length -= strlen(OUR_NAME);
    return slice_number(digits, ret_number) == 0 && *ret_number < NUMBER_MAX;
}

/* --- In --- */

/* How many descriptors are for us; they begin at 3. */
static size_t handed_count(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    uint64_t number, count;

    if (pid == NULL || fds == NULL || slice_number(slice_of(pid), &number) != 0 ||
        number != (uint64_t)getpid() || slice_number(slice_of(fds), &count) != 0)
        return 0;
    if (count > HANDED_MAX)
        log_warn("event=sockets_handed count=%llu next=only_the_first_%d_are_looked_at",
                 (unsigned long long)count, HANDED_MAX);
    return count < HANDED_MAX ? (size_t)count : HANDED_MAX;
}

static uint64_t cookie(int fd)
{
    uint64_t value = 0;
    socklen_t length = sizeof value;

    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &value, &length) == 0 ? value : 0;
}

/* A socket that is in the list already would be two workers'. */
static bool is_known(const struct handover *h, int fd)
{
    for (size_t i = 0; i < h->count; i++)
        if (cookie(fd) != 0 && cookie(h->sockets[i].fd) == cookie(fd))
            return true;
    return false;
}

/* Ours go by number, which is the order they were bound in: a manager may hand them over
 * in any order, and the kernel steers by that one. The others come before. */
static size_t place_for(struct handover *h, const char *name)
{
    uint64_t number, other;
    size_t at = h->count;

    if (!own_number(name, &number)) {
        for (at = 0; at < h->count && !own_number(h->names[at], &other); at++)
            ;
        return at;
    }
    if (number >= h->next)
        h->next = (unsigned)number + 1;
    while (at > 0 && own_number(h->names[at - 1], &other) && other > number)
        at--;
    return at;
}

static void insert(struct handover *h, int fd, struct slice name)
{
    char text[HANDOVER_NAME_MAX + 1];
    size_t at;

    snprintf(text, sizeof text, "%.*s", (int)name.length, name.at);
    at = place_for(h, text);
    memmove(&h->sockets[at + 1], &h->sockets[at], (h->count - at) * sizeof *h->sockets);
    memmove(&h->names[at + 1], &h->names[at], (h->count - at) * sizeof *h->names);
    h->sockets[at] = (struct net_handed){.fd = fd};
    memcpy(h->names[at], text, sizeof text);
    h->count++;
}

/* Another program that we start would keep the port taken: close-on-exec. Whether a
 * socket is what `listen` wants is net's to judge. */
static void take(struct handover *h, int fd, struct slice name)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        log_warn("event=socket_missing fd=%d error=\"%s\" next=open_a_new_one", fd,
                 strerror(errno));
    } else if (is_known(h, fd)) {
        log_warn("event=socket_closed name=%.*s error=\"it was handed over twice\" "
                 "next=none",
                 (int)name.length, name.at);
        close(fd);
    } else {
        insert(h, fd, name);
    }
}

int handover_init(struct handover *h)
{
    size_t count = handed_count();
    const char *given = getenv("LISTEN_FDNAMES");
    struct slice names = slice_of(given == NULL ? "" : given);

    *h = (struct handover){.next = 1};
    h->sockets = calloc(count + 1, sizeof *h->sockets);
    h->names = calloc(count + 1, sizeof *h->names);
    if (h->sockets == NULL || h->names == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        take(h, FIRST_FD + (int)i, slice_cut(&names, ':'));
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return 0;
}

/* --- Out --- */

struct keeping {
    struct handover *handover;
    const struct notify *notify;
    unsigned opened;
};

static void keep(void *context, int fd)
{
    struct keeping *k = context;
    char name[HANDOVER_NAME_MAX + 1];

    snprintf(name, sizeof name, OUR_NAME "%u", k->handover->next++);
    k->opened++;
    if (!notify_store(k->notify, name, fd))
        k->handover->kept = false;
}

/* What nobody serves any more must not be kept: it would queue for ever. */
static void settle(const struct handover *h, size_t i, const struct notify *n)
{
    const struct net_handed *s = &h->sockets[i];
    uint64_t number;

    if (s->fate != NET_STAYS && own_number(h->names[i], &number))
        notify_forget(n, h->names[i]);
    if (s->fate != NET_REFUSED)
        return;
    log_warn("event=socket_closed name=%s error=\"%s\" next=none", h->names[i],
             s->why != NULL ? s->why : "it is of no address that `listen` names");
    close(s->fd);
}

void handover_store(struct handover *h, const struct net *net, const struct notify *n)
{
    struct keeping k = {.handover = h, .notify = n};
    unsigned by_fate[3] = {0};

    h->kept = n->fd >= 0;
    for (size_t i = 0; i < h->count; i++) {
        settle(h, i, n);
        by_fate[h->sockets[i].fate]++;
    }
    net_show_sockets(net, keep, &k);
    if (n->fd >= 0 && !h->kept)
        log_warn(
            "event=sockets_not_kept error=\"the service manager does not take them\" "
            "next=a_restart_turns_away_who_comes_meanwhile");
    if (h->count > 0)
        log_info("event=sockets_handed taken=%u leaving=%u closed=%u opened=%u",
                 by_fate[NET_STAYS], by_fate[NET_LEAVES], by_fate[NET_REFUSED], k.opened);
    h->count = 0; /* they are net's now, or closed */
}

void handover_release(struct handover *h)
{
    for (size_t i = 0; h->sockets != NULL && i < h->count; i++)
        if (h->sockets[i].fate == NET_REFUSED)
            close(h->sockets[i].fd);
    free(h->sockets);
    free(h->names);
}
