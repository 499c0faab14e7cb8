/* Floor 4 (net). A worker: one thread, one loop, its sockets, and the mailbox that other
 * threads reach it by.
 *
 * Its life: worker_open (handles and memory, on the opening thread) -> worker_start (the
 * thread) -> worker_stop (a flag and the bell; the thread takes what is queued, lets
 * answers go out, closes all handles and ends) -> worker_join -> worker_release. */
#ifndef LUOT_NET_WORKER_H
#define LUOT_NET_WORKER_H

#include <uv.h>

#include "net/http.h"
#include "net/listener.h"
#include "net/mailbox.h"
#include "net/udp.h"

struct worker {
    uv_loop_t loop; /* ours alone: no other thread touches it */
    uv_thread_t thread;
    uv_timer_t sweep;       /* deadlines        */
    uv_timer_t second;      /* handlers->second */
    struct mailbox mailbox; /* any thread       */
    struct lane lane;
    struct udp udp;
    struct http http;
    unsigned index; /* 0 .. workers-1 */
    unsigned sweep_ms;
    unsigned leave_in;      /* seconds until what leaves is closed; 0: none  */
    atomic_uint drain_ms;   /* set before `stop_asked`                       */
    atomic_bool stop_asked; /* by worker_stop, any thread                    */
    bool running;           /* the thread exists; the stopping thread's      */
    bool stopping, closed;  /* the worker's own                              */
    uint64_t stop_by;       /* ms of the loop's clock: who is left is closed */
};

/* ERR_NOMEM, ERR_IO; nothing is left behind then. */
int worker_open(struct worker *w, unsigned index, const struct net_options *options,
                struct http_shared *shared, struct listener *listeners, size_t count);
int worker_start(struct worker *w); /* ERR_NOMEM */
void worker_stop(struct worker *w, unsigned drain_ms);
void worker_join(struct worker *w);
void worker_release(struct worker *w); /* also one that never started */

#endif
