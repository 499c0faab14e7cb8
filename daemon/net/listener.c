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

/* Port 0: numbers that we try until one is free for TCP and UDP. */
enum { PORT_TRIES = 32 };

/* Where to bind, in the kernel's form. */
struct place {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at;
    socklen_t length;
};

static void place_set_port(struct place *p, uint16_t port)
{
    if (p->at.any.sa_family == AF_INET)
        p->at.v4.sin_port = htons(port);
    else
        p->at.v6.sin6_port = htons(port);
}

static uint16_t bound_port(int fd)
{
    struct place p = {.length = sizeof p.at};
    if (getsockname(fd, &p.at.any, &p.length) != 0)
        return 0;
    return ntohs(p.at.any.sa_family == AF_INET ? p.at.v4.sin_port : p.at.v6.sin6_port);
}

static struct place place_of(const struct address *a)
{
    struct place p = {.length = sizeof p.at.v6};
    p.at.v6.sin6_family = AF_INET6;
    memcpy(&p.at.v6.sin6_addr, a->bytes, 16);
    if (address_is_v4(a)) {
        p = (struct place){.length = sizeof p.at.v4};
        p.at.v4.sin_family = AF_INET;
        memcpy(&p.at.v4.sin_addr, a->bytes + 12, 4);
    }
    return p;
}

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

/* Binds TCP and UDP alone, and lets go again. 0 with the port in `p`, else errno;
 * *ret_what says which failed. */
static int try_alone(struct place *p, bool udp, const char **ret_what)
{
    *ret_what = "TCP";
    int tcp = bind_socket(p, SOCK_STREAM, false);
    if (tcp < 0)
        return errno;
    place_set_port(p, bound_port(tcp));
    int error = 0;
    if (udp) {
        *ret_what = "UDP";
        int other = bind_socket(p, SOCK_DGRAM, false);
        if (other < 0)
            error = errno;
        else
            close(other);
    }
    close(tcp);
    return error;
}

static int find_port(struct place *p, uint16_t wanted, bool udp, const char **ret_what)
{
    int error = 0;
    for (int i = 0; i < (wanted == 0 ? PORT_TRIES : 1); i++) {
        place_set_port(p, wanted);
        error = try_alone(p, udp, ret_what);
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

/* Every datagram to a worker chosen at random. Once, after all sockets of the port are
 * bound. */
static void steer_at_random(int fd, unsigned workers)
{
    struct sock_filter code[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)},
        {BPF_ALU | BPF_MOD | BPF_K, 0, 0, workers},
        {BPF_RET | BPF_A, 0, 0, 0},
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) !=
        0)
        log_warn("event=udp_steering_failed error=\"%s\" next=one_sender_is_one_worker",
                 strerror(errno));
}

static int open_udp(struct listener *l, const struct place *p, uint64_t buffer_bytes)
{
    int on = 1;
    for (unsigned i = 0; i < l->workers; i++) {
        l->udp[i] = bind_socket(p, SOCK_DGRAM, true);
        if (l->udp[i] < 0)
            return errno;
        (void)setsockopt(l->udp[i], IPPROTO_UDP, UDP_GRO, &on, sizeof on);
        l->opened.udp_buffer = set_receive_buffer(l->udp[i], buffer_bytes);
    }
    if (l->workers > 1)
        steer_at_random(l->udp[0], l->workers);
    if (l->opened.udp_buffer / 2 < buffer_bytes)
        log_warn("event=udp_buffer_small listen=%s asked=%llu got=%llu "
                 "next=raise_net.core.rmem_max",
                 l->opened.text, (unsigned long long)buffer_bytes,
                 (unsigned long long)l->opened.udp_buffer / 2);
    return 0;
}

static int open_tcp(struct listener *l, const struct place *p)
{
    for (unsigned i = 0; i < l->workers; i++) {
        l->tcp[i] = bind_socket(p, SOCK_STREAM, true);
        if (l->tcp[i] < 0)
            return errno;
    }
    return 0;
}

static int listener_init(struct listener *l, unsigned workers)
{
    *l = (struct listener){.workers = workers};
    l->tcp = malloc(workers * sizeof *l->tcp);
    l->udp = malloc(workers * sizeof *l->udp);
    if (l->tcp == NULL || l->udp == NULL)
        return ERR_NOMEM;
    for (unsigned i = 0; i < workers; i++)
        l->tcp[i] = l->udp[i] = -1;
    return 0;
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
    if (listener_init(&l, options->workers) != 0) {
        snprintf(ret_error, 256, "%s", error_text(ERR_NOMEM));
        listener_close(&l);
        return ERR_NOMEM;
    }
    struct place place = place_of(&address);
    int error = find_port(&place, port, options->udp, &what);
    name(&l, &address,
         ntohs(address_is_v4(&address) ? place.at.v4.sin_port : place.at.v6.sin6_port));
    l.opened.udp = options->udp;
    if (error == 0) {
        what = "TCP";
        error = open_tcp(&l, &place);
    }
    if (error == 0 && options->udp) {
        what = "UDP";
        error = open_udp(&l, &place, options->udp_buffer);
    }
    if (error != 0) {
        int rv = refused(error, l.opened.text, what, ret_error);
        listener_close(&l);
        return rv;
    }
    *ret_listener = l;
    return 0;
}

void listener_close(struct listener *l)
{
    for (unsigned i = 0; i < l->workers; i++) {
        if (l->tcp != NULL && l->tcp[i] >= 0)
            close(l->tcp[i]);
        if (l->udp != NULL && l->udp[i] >= 0)
            close(l->udp[i]);
    }
    free(l->tcp);
    free(l->udp);
}

uint64_t listener_drops(const struct listener *l)
{
    uint64_t drops = 0;
    for (unsigned i = 0; i < l->workers; i++) {
        uint32_t memory[SK_MEMINFO_VARS] = {0};
        socklen_t length = sizeof memory;
        if (l->udp[i] >= 0 &&
            getsockopt(l->udp[i], SOL_SOCKET, SO_MEMINFO, memory, &length) == 0)
            drops += memory[SK_MEMINFO_DROPS];
    }
    return drops;
}
