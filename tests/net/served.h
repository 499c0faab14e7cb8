/* For the tests of net/: a net on a free port of 127.0.0.1 with handlers that write down
 * what they were asked, and blocking clients with a time limit.
 *
 * The handlers answer by path:   /later      `later`; served_token() has its token
 *   /big?N  a body of N bytes    /close      and close
 *   /stream?N  "begin\n", then each second a line of N bytes (7) with a number
 *   else    the target, or of a POST the number of its body's bytes */
#ifndef LUOT_TESTS_NET_SERVED_H
#define LUOT_TESTS_NET_SERVED_H

#include <pthread.h>

#include "net/net.h"

enum { SERVED_WORKERS = 4, HEARD_MAX = 512, TOKENS_MAX = 128 };

struct served_lane {
    struct served *served;
    unsigned datagrams, requests, responses, seconds;
    bool in_turn;
};

struct served {
    struct net *net;
    struct net_options options;
    struct net_handlers handlers;
    struct metrics_row rows[SERVED_WORKERS];
    struct served_lane lanes[SERVED_WORKERS];
    void *lane_pointers[SERVED_WORKERS];
    char error[256];
    uint16_t port;

    pthread_mutex_t lock; /* everything below, and the lanes' numbers */
    pthread_cond_t changed;
    unsigned datagrams, requests;
    size_t heard[HEARD_MAX]; /* lengths of the first datagrams */
    char first[HEARD_MAX];   /* and their first bytes          */
    struct reply_token tokens[TOKENS_MAX];
    unsigned token_count;
    unsigned streams, streams_ended;
    bool streams_end;     /* none goes on */
    unsigned wrong_turns; /* request() outside a turn, or respond() inside one */
};

/* Options to change before served_start: one worker, 64 connections, port 0, UDP. */
void served_init(struct served *s);
int served_open(struct served *s); /* net_open only */
void served_start(struct served *s);
/* net_stop, net_free; fails the test when a handler was called at the wrong time. */
void served_stop(struct served *s);
/* Waits until so many datagrams were handed on, requests counted, tokens given; at most 5
 * s. */
bool served_datagrams(struct served *s, unsigned count);
bool served_requests(struct served *s, unsigned count);
bool served_streams_ended(struct served *s, unsigned count);
struct reply_token served_token(struct served *s, unsigned index);
/* A whole answer with this body, by net_reply. */
void served_reply(struct served *s, struct reply_token token, const char *body);
uint64_t served_metric(struct served *s, enum metrics_number number);

enum { CLIENT_BYTES = 1 << 20 };

struct client {
    int fd;
    size_t begin, end;
    char bytes[CLIENT_BYTES];
    unsigned status;  /* of the last answer                 */
    char head[4096];  /* its status line and headers        */
    size_t length;    /* of its body                        */
    const char *body; /* valid until the next client_answer */
};

struct client *client_new(uint16_t port); /* NULL: refused */
void client_free(struct client *c);
void client_send(struct client *c, const char *text);
void client_send_bytes(struct client *c, const void *at, size_t length);
/* One answer; false: the connection ended before. `head_only` for HEAD. */
bool client_answer(struct client *c, bool head_only);
bool client_body_is(const struct client *c, const char *body);
/* The server has closed properly: nothing more comes and it is not a reset. */
bool client_is_closed(struct client *c);
/* A UDP socket that sends to the port. */
int sender_new(uint16_t port);

#endif
