/* Floor 4 (answer). What the answers are made of: pointers and a few functions that
 * daemon.c joins to the other folders of this floor (net, keep), which answer does not
 * include. One for the whole process, immutable once the threads run. */
#ifndef LUOT_ANSWER_SERVICE_H
#define LUOT_ANSWER_SERVICE_H

#include <stdatomic.h>
#include <sys/types.h>

#include "answer/nodes_seen.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/readers.h"
#include "base/store_where.h"
#include "count/registry.h"
#include "pipeline.h"
#include "report/document.h"
#include "store/job.h"

enum { GAPS_MAX = 256 };

struct store_state { /* of one store */
    char where[256]; /* as the settings name it, without its password */
    bool durable;
    int64_t durable_since_ms;
    uint64_t saves, rows, failures;
    int error;          /* error code of the last try               */
    char sentence[320]; /* what the store says about it; may be ""  */
    double ms;          /* how long the last save took              */
    int64_t lost_s;     /* at start: that it ended before what it had confirmed */
};

/* The state of the parts that other folders own, as numbers. */
struct service_status {
    bool store;               /* false: store = none                          */
    bool durable;             /* what was counted a moment ago is in a store */
    int64_t durable_since_ms; /* of the last good save                        */
    uint64_t saves, save_rows, save_failures;
    int save_error; /* error code of the last try */
    double save_ms;
    uint64_t kernel_drops, udp_buffer;
    const char *arena_fs;
    uint64_t arena_bytes, incarnation;
    uint64_t arena_damaged; /* numbers that failed their check at start */
    int64_t started_ms;
    uint64_t log_dropped;
    uint64_t clock_steps;
    int64_t keeper_as_of_ms; /* of the keeper's last tick */
    unsigned nodes_here;     /* runs that count now, this one too */
    struct store_state stores[STORES_MAX];
    unsigned store_count;
};

/* Where a late answer goes. net's reply_token in a plain form. */
struct http_token {
    uint32_t worker, connection, generation;
};

struct service {
    struct registry *registry;
    _Atomic(const struct atlas *)
        *atlas; /* where addresses are; what it points to lives a
                                             few seconds after it was replaced */
    _Atomic(const struct readers *) *readers; /* likewise; NULL: nobody has a token */
    _Atomic unsigned live_limit;              /* listeners of one worker at once */
    const struct clock *clock;
    const struct metrics_row *rows; /* one a worker */
    size_t workers;
    const char *node, *run_dir, *version;
    const char *store[STORES_MAX]; /* as the settings name them: with passwords, so they
                                      are opened and never shown */
    unsigned stores;
    struct time_span gaps[GAPS_MAX]; /* service_read_gaps; see history_gaps */
    _Atomic size_t gap_count;
    struct sites_kept *sites_kept; /* the reader thread's; NULL: nothing is kept */
    void *context;                 /* daemon's, for the functions below */
    /* The next five: any thread. */
    void (*status)(void *context, struct service_status *ret_status);
    void (*nodes)(void *context, struct nodes_seen *ret_nodes);
    int (*submit)(void *context, struct job *job);
    /* `bytes` are malloc'ed and the callee's; NULL: there was no memory for an answer. */
    void (*reply_http)(void *context, struct http_token token, char *bytes, size_t length,
                       unsigned status);
    void (*reply_console)(void *context, uint64_t token, struct slice answer);
    /* Main thread. Re-reads the configuration: 0, or an error code and its sentence. */
    int (*reload)(void *context, char ret_sentence[1024]);
};

/* The times of the last 36 days when nobody counted, for documents of the present. Before
 * the threads run, or once later, when that failed; without a store (NULL) there are none. 0 or the store's error. */
int service_read_gaps(struct service *service, struct store *store, struct instant now);
/* Where addresses are, now; NULL: nobody knows. For as long as an answer takes. */
const struct atlas *service_atlas(const struct service *service);
/* What documents say beside their numbers. Any thread; asks service->status. */
struct document service_document(const struct service *service, struct instant now);

#endif
