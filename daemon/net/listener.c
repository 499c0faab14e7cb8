#include "net/listener.h"

#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "net/place.h"

/* Port 0: numbers that we try until one is free for TCP and UDP. */
enum { PORT_TRIES = 32 };

static int parse(struct address *ret_address, uint16_t *ret_port, struct slice text)
{
    size_t colon = text.length;
    while (colon > 0 && text.at[colon - 1] != ':')
        colon--;
    if (colon < 2)
        return ERR_MALFORMED;
    struct slice host = {text.at, colon - 1};
    struct slice port = {text.at + colon, text.length - colon};
    bool bracketed = host.at[0] == '[';
    uint64_t number;
    if (!bracketed && slice_find(host, ':') < host.length)
        return ERR_MALFORMED; /* an IPv6 address without brackets has no clear port */
    if (slice_number(port, &number) != 0 || number > UINT16_MAX)
        return ERR_MALFORMED;
    *ret_port = (uint16_t)number;
    return address_parse(ret_address, host);
}

/* errno of a failed bind or listen, as a code and a sentence that says what to do. */
static int refused(int error, const char *text, const char *what, char ret_error[256])
{
    const char *advice = "";
    int rv = ERR_IO;
    if (error == EADDRINUSE) {
        rv = ERR_IN_USE;
        advice = "; stop the program that uses it or change `listen`";
    } else if (error == EACCES || error == EPERM) {
        rv = ERR_DENIED;
        advice = "; choose a port above 1023 in `listen` or give CAP_NET_BIND_SERVICE";
    } else if (error == EADDRNOTAVAIL) {
        advice = "; `listen` needs an address of this machine";
    }
    snprintf(ret_error, 256, "cannot listen on %s (%s): %s%s", text, what,
             strerror(error), advice);
    return rv;
}

/* A bound socket, or -1 with errno. */
static int bind_socket(const struct place *p, int type, bool shared)
{
    int on = 1;
    int fd = socket(p->at.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (p->at.any.sa_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        goto failed;
    if (type == SOCK_STREAM &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        goto failed;
    if (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
        goto failed;
    if (bind(fd, &p->at.any, p->length) != 0)
        goto failed;
    if (type == SOCK_STREAM && listen(fd, BACKLOG) != 0)
        goto failed;
    return fd;
failed:;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Binds TCP and UDP alone, and lets go again; a type of which a socket was handed to us
 * is ours already. 0 with the port in `p`, else errno; *ret_what says which failed. */
static int try_alone(struct place *p, const struct listener *l, const char **ret_what)
{
    int tcp = -1, udp = -1, error = 0;
    *ret_what = "TCP";
    if (l->tcp_handed == 0) {
        tcp = bind_socket(p, SOCK_STREAM, false);
        if (tcp < 0)
            return errno;
        place_set_port(p, bound_port(tcp));
    }
    if (l->opened.udp && l->udp_handed == 0) {
        *ret_what = "UDP";
        udp = bind_socket(p, SOCK_DGRAM, false);
        if (udp < 0)
            error = errno;
        else
            close(udp);
    }
    if (tcp >= 0)
        close(tcp);
    return error;
}

static int find_port(struct place *p, const struct listener *l, const char **ret_what)
{
    uint16_t wanted = place_port(p);
    int error = 0;
    for (int i = 0; i < (wanted == 0 ? PORT_TRIES : 1); i++) {
        place_set_port(p, wanted);
        error = try_alone(p, l, ret_what);
        if (error != EADDRINUSE)
            break;
    }
    return error;
}

/* Asks for `bytes`; returns what the kernel gave: twice the bytes, it counts its own
 * overhead. */
static uint64_t set_receive_buffer(int fd, uint64_t bytes)
{
    int asked = (int)(bytes < INT_MAX / 2 ? bytes : INT_MAX / 2);
    int given = 0;
    socklen_t length = sizeof given;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &asked, sizeof asked) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &asked, sizeof asked);
    (void)getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &given, &length);
    return (uint64_t)given;
}

/* What comes goes to one of the first `count` sockets of the port, chosen at random. Once,
 * after all of them are bound: the kernel numbers them in that order. */
static void steer_at_random(int fd, unsigned count)
{
    struct sock_filter code[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)},
        {BPF_ALU | BPF_MOD | BPF_K, 0, 0, count},
        {BPF_RET | BPF_A, 0, 0, 0},
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) !=
        0)
        log_warn("event=steering_failed error=\"%s\" next=one_sender_is_one_worker",
                 strerror(errno));
}

static unsigned staying(const struct listener *l, unsigned count)
{
    return count < l->workers ? count : l->workers;
}

/* TCP keeps the kernel's own hash, but for the time in which sockets leave: nobody new
 * may come to those. */
static void steer(const struct listener *l)
{
    int none = 0;
    if (l->tcp_count > l->workers)
        steer_at_random(l->tcp[0], l->workers);
    else if (l->tcp_handed > 0)
        (void)setsockopt(l->tcp[0], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &none,
                         sizeof none); /* nothing was attached: just as well */
    if (l->udp_count > 1 || l->udp_handed > 0)
        steer_at_random(l->udp[0], staying(l, l->udp_count));
}

/* Another user's sockets (those of a socket unit) share their port with nobody else's: a
 * worker without one idles. */
static bool does_without(const struct listener *l, const char *what, unsigned handed,
                         int error)
{
    if (handed == 0 || (error != EADDRINUSE && error != EACCES))
        return false;
    log_warn("event=sockets_missing listen=%s type=%s handed=%u workers=%u error=\"%s\" "
             "next=some_workers_idle_hand_over_as_many_or_set_workers",
             l->opened.text, what, handed, l->workers, strerror(error));
    return true;
}

static int open_udp(struct listener *l, const struct place *p, uint64_t buffer_bytes)
{
    int on = 1;
    while (l->udp_count < l->workers) {
        int fd = bind_socket(p, SOCK_DGRAM, true);
        if (fd < 0 && does_without(l, "udp", l->udp_handed, errno))
            break;
        if (fd < 0)
            return errno;
        l->udp[l->udp_count++] = fd;
    }
    for (unsigned i = 0; i < staying(l, l->udp_count); i++) {
        (void)setsockopt(l->udp[i], IPPROTO_UDP, UDP_GRO, &on, sizeof on);
        l->opened.udp_buffer = set_receive_buffer(l->udp[i], buffer_bytes);
    }
    if (l->opened.udp_buffer / 2 < buffer_bytes)
        log_warn("event=udp_buffer_small listen=%s asked=%llu got=%llu "
                 "next=raise_net.core.rmem_max",
                 l->opened.text, (unsigned long long)buffer_bytes,
                 (unsigned long long)l->opened.udp_buffer / 2);
    return 0;
}

static int open_tcp(struct listener *l, const struct place *p)
{
    while (l->tcp_count < l->workers) {
        int fd = bind_socket(p, SOCK_STREAM, true);
        if (fd < 0 && does_without(l, "tcp", l->tcp_handed, errno))
            break;
        if (fd < 0)
            return errno;
        l->tcp[l->tcp_count++] = fd;
    }
    return 0;
}

static int listener_init(struct listener *l, const struct net_options *options)
{
    size_t room = options->workers + options->handed_count;
    *l = (struct listener){.workers = options->workers, .opened.udp = options->udp};
    l->tcp = malloc(room * sizeof *l->tcp);
    l->udp = malloc(room * sizeof *l->udp);
    return l->tcp == NULL || l->udp == NULL ? ERR_NOMEM : 0;
}

/* The handed sockets of this place, each type in its order. Port 0 is the port of the
 * first of them. */
static void take_handed(struct listener *l, struct place *p,
                        const struct net_options *options)
{
    for (size_t i = 0; i < options->handed_count; i++) {
        struct net_handed *h = &options->handed[i];
        if (handed_fits(h, p, SOCK_STREAM)) {
            place_set_port(p, bound_port(h->fd));
            l->tcp[l->tcp_count++] = h->fd;
            h->fate = l->tcp_count > l->workers ? NET_LEAVES : NET_STAYS;
        } else if (l->opened.udp && handed_fits(h, p, SOCK_DGRAM)) {
            place_set_port(p, bound_port(h->fd));
            l->udp[l->udp_count++] = h->fd;
            h->fate = l->udp_count > l->workers ? NET_LEAVES : NET_STAYS;
        }
    }
    l->tcp_handed = l->tcp_count;
    l->udp_handed = l->udp_count;
}

static void name(struct listener *l, const struct address *a, uint16_t port)
{
    char text[ADDRESS_TEXT_MAX];
    address_write(a, text);
    l->opened.port = port;
    snprintf(l->opened.text, sizeof l->opened.text,
             address_is_v4(a) ? "%s:%u" : "[%s]:%u", text, port);
}

int listener_open(struct listener *ret_listener, struct slice text,
                  const struct net_options *options, char ret_error[256])
{
    struct listener l;
    struct address address;
    uint16_t port;
    const char *what = "TCP";
    if (parse(&address, &port, text) != 0) {
        snprintf(ret_error, 256,
                 "`listen` wants ADDRESS:PORT or [ADDRESS]:PORT, not \"%.*s\"",
                 (int)(text.length < 100 ? text.length : 100), text.at);
        return ERR_MALFORMED;
    }
    if (listener_init(&l, options) != 0) {
        snprintf(ret_error, 256, "%s", error_text(ERR_NOMEM));
        listener_close(&l);
        return ERR_NOMEM;
    }
    struct place place = place_of(&address);
    place_set_port(&place, port);
    take_handed(&l, &place, options);
    int error = find_port(&place, &l, &what);
    name(&l, &address, place_port(&place));
    if (error == 0) {
        what = "TCP";
        error = open_tcp(&l, &place);
    }
    if (error == 0 && options->udp) {
        what = "UDP";
        error = open_udp(&l, &place, options->udp_buffer);
    }
    if (error == 0)
        steer(&l);
    if (error != 0) {
        int rv = refused(error, l.opened.text, what, ret_error);
        listener_close(&l);
        return rv;
    }
    *ret_listener = l;
    return 0;
}

static void close_all(int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(fds);
}

void listener_close(struct listener *l)
{
    close_all(l->tcp, l->tcp_count);
    close_all(l->udp, l->udp_count);
}

void listener_show(const struct listener *l, void (*show)(void *context, int fd),
                   void *context)
{
    for (unsigned i = l->tcp_handed; i < l->tcp_count; i++)
        show(context, l->tcp[i]);
    for (unsigned i = l->udp_handed; i < l->udp_count; i++)
        show(context, l->udp[i]);
}

uint64_t listener_drops(const struct listener *l)
{
    uint64_t drops = 0;
    for (unsigned i = 0; i < staying(l, l->udp_count); i++) {
        uint32_t memory[SK_MEMINFO_VARS] = {0};
        socklen_t length = sizeof memory;
        if (getsockopt(l->udp[i], SOL_SOCKET, SO_MEMINFO, memory, &length) == 0)
            drops += memory[SK_MEMINFO_DROPS];
    }
    return drops;
}
