/* Floor 4 (net). One HTTP connection: what has been read, what is being answered, and
 * what it waits for.
 *
 * Happy path: readable -> http_batch_read (all requests that are complete, at most 64) ->
 * http_batch_answer -> one write -> wait for more. Everything that can go on goes through
 * http_conn_advance(); everything that ends, through http_conn_stop(), once. It waits: for
 * input (idle, header, body), for net_reply (`later`), for a slow reader (write), for the
 * client to close (linger); or listens (net/http_stream). Each wait has one deadline that
 * bytes do not move.
 *
 * The loop is told of a connection when it first has to wait. Who sends one request at once
 * and wants no other never does: accept4, recv, send, close are all that he costs, and his
 * answer and its end are one packet. The slot of a connection goes back when libuv has
 * closed the handle, or, where the loop never knew it, in http_conn_bury(). */
#ifndef LUOT_NET_HTTP_CONN_H
#define LUOT_NET_HTTP_CONN_H

#include "net/http.h"

enum http_phase {
    PHASE_NONE,
    PHASE_IDLE,
    PHASE_HEADER,
    PHASE_BODY,
    PHASE_ANSWER,
    PHASE_WRITE,
    PHASE_STREAM,
    PHASE_LINGER
};

/* Bytes on the heap: `block` is freed, `at` is what is left to send. */
struct http_bytes {
    char *block;
    const char *at;
    size_t length;
};

struct http_conn {
    uv_tcp_t tcp; /* when `watched`: reads, and writes what did not go at once */
    uv_write_t write;
    int fd;
    struct http *http;                 /* the worker's side that accepted it */
    struct http_conn *next, *previous; /* http->conns                        */
    struct http_conn *next_ready;      /* http->ready, or http->gone         */
    struct address peer;
    uint32_t slot;             /* in http_shared.conns                        */
    char *input;               /* INPUT_BYTES                                 */
    size_t begin, end;         /* what of it is received and not yet answered */
    size_t touched;            /* how far it has been written                 */
    struct http_parser parser; /* of the request that begins at `begin`       */
    struct http_batch *batch;  /* being answered, or NULL                     */
    struct http_bytes unsent;  /* on its way by uv_write; block NULL: nothing */
    struct http_bytes reply;   /* came by net_reply and is to be sent next    */
    enum http_phase phase;
    uint64_t deadline; /* of the phase, ms of the loop's clock                      */
    bool awaits_reply; /* an answer is `later`                                      */
    bool close_after;  /* the answer just written is the last                       */
    bool last_said;    /* by the client, of the last request that was read          */
    bool more;         /* the batch was full: there may be more requests            */
    bool continued;    /* 100 Continue was sent for this request                    */
    bool ready;        /* in http->ready                                            */
    bool watched;      /* the loop knows it; `fd` is libuv's then                   */
    bool stopped;      /* closed: its memory is to go back                          */
    bool streams;      /* the answer does not end: net/http_stream.h, and so below  */
    unsigned stream_turn;
    struct http_conn *next_stream, *previous_stream; /* http->streams[stream_turn]  */
    struct exchange stream;                          /* the handler's               */
    struct shared_bytes *rest; /* on its way by uv_write; NULL: nothing             */
    size_t rest_left;          /* of it, when we looked last                        */
};

/* Takes `fd` over; closes it when the connection is not let in. */
void http_conn_start(struct http *h, int fd, const struct address *peer);
/* Goes as far as it can: sends, answers, reads on, or waits with a deadline. */
void http_conn_advance(struct http_conn *c);
/* Reads on, if only to learn that the client has closed. */
void http_conn_listen(struct http_conn *c);
/* The loop is told of it, if it does not know it yet. false: it could not be, and the
 * connection is stopped. */
bool http_conn_watch(struct http_conn *c);
/* Idempotent; safe at any point: the memory stays until the loop has closed the handle, or
 * until http_conn_bury(). */
void http_conn_stop(struct http_conn *c);
/* Takes back the memory of those that have stopped and that the loop never knew. Whoever
 * touched connections calls it when he holds none of them any more. */
void http_conn_bury(struct http *h);
/* The client said that it sends no more, and has sent no more: what is answered now is the
 * last, and can be closed right behind. Only who breaks his word, in the microseconds between
 * our recv and close, gets a reset instead of it. */
bool http_conn_is_at_end(const struct http_conn *c);
/* The token under which net_reply() finds this connection, until it is made void. */
struct reply_token http_conn_token(const struct http_conn *c);
void http_conn_void_token(struct http_conn *c);
/* Something must happen before the next answer can go out. */
bool http_conn_is_blocked(const struct http_conn *c);
/* Waits in `phase` from now on; a deadline that runs already is kept. */
void http_conn_enter(struct http_conn *c, enum http_phase phase);

#endif
