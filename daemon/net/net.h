/* Floor 4 (net). Sockets in, handlers called, bytes out. Knows no site, store or counter
 * of its own but the metrics row; what is to be done comes as a table of handlers from
 * daemon.c. The only folder with <uv.h> (and daemon.c).
 *
 * N workers, each one thread, one libuv loop, own SO_REUSEPORT sockets. A wake-up:
 *   UDP   recvmmsg (16 buffers of 64 KiB, UDP_GRO) -> turn_begin
 *           -> datagram() for each (after GRO splitting) -> turn_end
 *   HTTP  read -> parse all complete requests, at most 64 -> turn_begin
 *           -> request() for each -> turn_end -> respond() for each in order -> one write
 * so an answer goes out after the turn that it was counted in. */
#ifndef LUOT_NET_NET_H
#define LUOT_NET_NET_H

#include "base/address.h"
#include "base/buffer.h"
#include "base/metrics.h"
#include "base/shared_bytes.h"
#include "parse/http_request.h"

enum { LISTENERS_MAX = 8, PIPELINED_MAX = 64, HANDED_MAX = 1024 };

/* What request() remembers for respond(): a small value that net keeps between the two
 * and never looks into. The slices of the request stay valid until respond() returns. */
struct exchange {
    uint64_t word[6];
    const void *pointer[2];
};

/* Where an answer that is not ready yet belongs. A value; using one after its connection
 * is gone is harmless. */
struct reply_token {
    uint32_t worker, connection, generation;
};

struct response {
    struct buffer *out;       /* respond() writes the whole answer here, head and body  */
    unsigned status;          /* for the metrics                                        */
    bool close;               /* close after this answer                                */
    bool later;               /* nothing was written: net_reply() brings the bytes      */
    bool streams;             /* this was the beginning of an answer that does not end: */
    struct exchange stream;   /* ... stream() is asked for more, with this; set then    */
    uint64_t second;          /* given, as stream() gets it                             */
    struct reply_token token; /* given, for `later`                                     */
};

/* All but `later` run on the worker's thread with that worker's lane. */
struct net_handlers {
    void (*turn_begin)(void *lane);
    void (*datagram)(void *lane, struct slice datagram, const struct address *from);
    void (*request)(void *lane, const struct http_request *request,
                    const struct address *peer, struct exchange *ret_exchange);
    void (*turn_end)(void *lane);
    void (*respond)(void *lane, const struct http_request *request,
                    const struct exchange *exchange, struct response *response);
    /* Once a second for each answer that goes on, outside turns: what comes next, a
     * reference that is net's then, or nothing (*ret_bytes stays NULL). Who is behind
     * misses it, and *stream is as it was before. false: the answer ends. `second` is one
     * of the loop's clock. Both may be NULL when no answer streams. */
    bool (*stream)(void *lane, struct exchange *stream, uint64_t second,
                   struct shared_bytes **ret_bytes);
    void (*stream_end)(void *lane, const struct exchange *stream); /* once each */
    void (*second)(void *lane); /* once a second, outside turns; may be NULL */
};

/* A socket that somebody has kept for us. net_open takes it when its address is one of
 * `listen`, its type is right and it shares its port (SO_REUSEPORT); what is queued in it
 * is served like anything else. A taken one is net's to close. */
enum net_fate {
    NET_REFUSED, /* still the caller's; `why` says it                               */
    NET_STAYS,   /* a worker's                                                      */
    NET_LEAVES   /* there are fewer workers now: served for two seconds, then closed */
};

struct net_handed {
    int fd;
    enum net_fate fate; /* net_open's answer               */
    const char *why;    /* of NET_REFUSED; a constant text */
};

struct net_options {
    const char *listen;   /* comma list of ADDRESS:PORT                 */
    bool udp;             /* false: no UDP sockets (udp_trusted = none) */
    unsigned workers;     /* 1 .. WORKERS_MAX                           */
    unsigned connections; /* all workers together                       */
    unsigned connections_per_address;
    /* Peers that the limit does not hold for (proxies); later ones: net_set_unlimited. */
    const struct networks *unlimited;
    uint64_t udp_buffer;
    struct metrics_row *rows; /* one a worker */
    const struct net_handlers *handlers;
    void **lanes;              /* one a worker                             */
    struct net_handed *handed; /* in the order they were bound; NULL: none */
    size_t handed_count;       /* at most HANDED_MAX                       */
    /* Deadlines; 0: 5,000, 5,000, 10,000, 75,000 and 30,000. */
    unsigned header_ms, body_ms, write_ms, idle_ms, stuck_ms;
};

struct net;

struct net_listener { /* what was really opened */
    char text[64];    /* ADDRESS:PORT           */
    uint16_t port;
    uint64_t udp_buffer; /* SO_RCVBUF as the kernel reports it */
    bool udp;
};

/* Opens everything (first once without SO_REUSEPORT, so that a port in use is an error
 * and never shared by accident), starts no thread. ERR_IN_USE, ERR_DENIED, ERR_MALFORMED,
 * ERR_IO with a sentence in ret_error. Port 0 takes one free number for both. */
int net_open(struct net **ret_net, const struct net_options *options,
             char ret_error[256]);
const struct net_listener *net_listeners(const struct net *n, size_t *ret_count);
/* How many there may be at once: as asked, or what the open files allow. */
unsigned net_connections(const struct net *n);
/* Every socket that net_open opened itself, so that somebody can keep it. Before
 * net_start. */
void net_show_sockets(const struct net *n, void (*show)(void *context, int fd),
                      void *context);
/* All sockets are kept and another process will serve them: net_stop leaves who waits at
 * the doors to that one. Before net_stop. */
void net_leave_queues(struct net *n);
/* One thread a worker. */
int net_start(struct net *n);
/* Any thread; the old ones must live on for a second. */
void net_set_unlimited(struct net *n, const struct networks *proxies);
/* Any thread, once a token: `bytes` (malloc'ed, ours from here) is the whole answer. */
void net_reply(struct net *n, struct reply_token token, char *bytes, size_t length,
               unsigned status);
/* Stops accepting, lets answers under way go out for at most drain_ms, joins the threads.
 * Main thread. */
void net_stop(struct net *n, unsigned drain_ms);
void net_free(struct net *n);
/* Drops that the kernel counted on our UDP sockets (SO_MEMINFO): a lower bound. */
uint64_t net_kernel_drops(const struct net *n);

#endif
