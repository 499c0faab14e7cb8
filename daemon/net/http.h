/* Floor 4 (net). A worker's HTTP side: it accepts, and holds the connections, the buffers
 * they share and the deadlines.
 *
 * Happy path: readable listener -> accept4 (at most 16) -> admission -> http_conn_start;
 * the rest is http_conn's. It fails when: no descriptor or memory is left (100 ms without
 * accepting, one log line for each change), or a limit is reached (counted and closed).
 *
 * Nothing is allocated after http_init on the path of a connection or a request:
 *   connections  one array for all workers, mapped once; a slot is lent by admission
 *   input        80 KiB of address space a slot, as one request may need (a head of 12
 *                KiB, a body of 64 KiB). The kernel backs the pages that are touched;
 *                those above 16 KiB go back when the request is over, and what was in
 *                the others is made zero
 *   output       4 MiB of address space a worker, likewise. What a slow reader did not
 *                take is the one thing copied to the heap: at most 16 MiB a worker */
#ifndef LUOT_NET_HTTP_H
#define LUOT_NET_HTTP_H

#include <uv.h>

#include "net/admission.h"
#include "net/lane.h"

enum {
    ACCEPTS_PER_WAKE = 16,
    ACCEPT_PAUSE_MS = 100,
    ACCEPT_LOG_MS = 10000, /* between two lines about it */
    INPUT_BYTES = 80 * 1024,
    INPUT_KEPT_BYTES = 16 * 1024,
    OUTPUT_BYTES = 4 * 1024 * 1024,  /* the largest answer                              */
    OUTPUT_FLUSH_BYTES = 256 * 1024, /* answers of one batch are written when this many */
    UNSENT_BYTES_MAX = 16 * 1024 * 1024,
    STOP_IDLE_MS = 200, /* when we stop: for the request that is on its way  */
    STREAM_TURNS = 20,  /* in a second: see net/http_stream.h                */
    LINGER_MS = 2000    /* after our last byte, until the client has closed too */
};

/* What all workers share. Read-only after http_shared_init, but for what is said. */
struct http_shared {
    struct admission admission;    /* locks for itself                               */
    struct http_conn *conns;       /* a slot each; owned by who was admitted         */
    _Atomic uint32_t *generations; /* a slot each: the reply token that is valid now */
    char *inputs;                  /* INPUT_BYTES a slot                             */
    unsigned slots;
    atomic_bool leave_queues; /* net_leave_queues                               */
    const struct networks *_Atomic unlimited; /* peers without a limit of their own */
    unsigned header_ms, body_ms, write_ms, idle_ms, stuck_ms;
};

struct http_door { /* one listening socket */
    uv_poll_t poll;
    struct http *http;
    int *fd; /* the listener's; we close it when we stop and store -1 */
};

struct http {
    struct lane lane;
    struct http_shared *shared;
    uv_loop_t *loop;
    unsigned worker;
    struct http_door *doors;
    size_t door_count;
    size_t staying;          /* doors; those behind them leave                 */
    uv_timer_t pause;        /* runs while we do not accept                    */
    bool starved;            /* the last accept found no descriptor or memory  */
    bool told;               /* ... and that was logged                        */
    uint64_t tell_from;      /* ms of the loop's clock: not before             */
    bool stopping;           /* nobody new; whoever is answered is let go      */
    uint64_t idle_by;        /* stopping: until then who idles may ask again   */
    struct http_conn *conns; /* all of this worker                             */
    struct http_conn *ready; /* have more requests in their input: next turn   */
    struct http_conn *gone;  /* closed, and not yet taken out: http_conn_bury  */
    uv_idle_t next_turn;     /* runs while somebody is ready                   */
    struct http_conn *streams[STREAM_TURNS]; /* who listens, by turn            */
    unsigned stream_turn, stream_next;       /* served last; for the next one   */
    size_t stream_count;
    uv_timer_t stream_timer;  /* runs while somebody listens                    */
    struct http_batch *spare; /* batches nobody uses                            */
    char *output;             /* OUTPUT_BYTES, used while one batch is answered */
    size_t output_touched;    /* how far, since the last trim                   */
    size_t unsent;            /* bytes on the heap for slow readers             */
};

/* ERR_NOMEM. */
int http_shared_init(struct http_shared *s, const struct net_options *options);
void http_shared_release(struct http_shared *s);

/* On the opening thread. ERR_NOMEM, ERR_IO. */
int http_init(struct http *h, struct lane lane, uv_loop_t *loop,
              struct http_shared *shared, unsigned worker, size_t doors);
int http_add(struct http *h, int *fd); /* those that leave after those that stay */
void http_release(struct http *h);     /* when the loop has closed its handles */

/* On the worker's thread. */
/* Closes whoever is past a deadline; several times a second. */
void http_sweep(struct http *h);
/* Once a second: gives pages back. */
void http_second(struct http *h);
/* Takes `bytes` over. */
void http_reply(struct http *h, struct reply_token token, char *bytes, size_t length,
                unsigned status);
/* Takes who is waiting at the door (net_leave_queues: at those that leave), then nobody
 * new. */
void http_stop(struct http *h);
void http_leave(struct http *h);       /* the same for doors that leave          */
void http_close_doors(struct http *h); /* nobody new, at once                    */
void http_close(struct http *h);       /* closes everybody and the other handles */
bool http_is_empty(const struct http *h);

#endif
