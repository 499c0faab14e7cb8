/* Floor 5, private to daemon.c, joints.c and reload.c: the daemon's own things, and
 * who sees them all. */
#ifndef LUOT_DAEMON_INNER_H
#define LUOT_DAEMON_INNER_H

#include <sys/stat.h>
#include <uv.h>

#include "answer/http.h"
#include "answer/service.h"
#include "base/arena.h"
#include "base/clock.h"
#include "handover.h"
#include "identify/agent.h"
#include "keep/keeper.h"
#include "keep/nodes.h"
#include "keep/reader.h"
#include "keep/replicator.h"
#include "keep/saver.h"
#include "keep/sharer.h"
#include "net/console.h"
#include "net/net.h"
#include "notify.h"
#include "options.h"
#include "pipeline.h"
#include "places.h"
#include "state_lock.h"
#include "store/history.h"
#include "store/job.h"

struct lane { /* one worker's: pipeline and answers */
    struct daemon *daemon;
    struct pipeline pipeline;
    struct http_lane http;
};

struct upkeep { /* the reader's own work: at most one of it waits */
    struct job job;
    struct daemon *daemon;
    _Atomic bool waiting;
    uint64_t rounds;
    struct history_refresh refresh;
};

struct daemon {
    const struct options *options;
    char *const *environment;
    struct config *config; /* the current one                             */
    char node[64];         /* as node_name.h: only a new arena changes it */
    struct places places;
    struct state_lock state_lock;
    struct notify notify;
    struct handover handover;
    struct clock clock;
    struct arena *arena;
    struct arena_report arena_report;
    uint64_t arena_damaged; /* numbers that failed their check at start */
    struct instant started;
    struct store *saver_store[STORES_MAX]; /* until their threads own them */
    struct store *reader_store;
    struct key_ring *ring; /* with a store that nodes share; else NULL, and so the next */
    struct sharer *sharer;
    int64_t
        lost_saves_s[STORES_MAX]; /* that a store ended before what it had confirmed */
    struct history_stores lost; /* the reader's, while a damaged site waits for what they
                                   have; none: no site did at start */
    int64_t lost_until_ms;      /* CLOCK_MONOTONIC: then it takes what there is */
    struct store *near_store, *far_store; /* the replicator's, until it has them */
    struct store *nodes_store; /* of the first store that nodes share; NULL: none */
    struct guard *guard;
    struct senders *senders; /* NULL: there are no writers, or no room */
    struct registry *registry;
    bool restoring; /* a new arena, and the store did not answer at start */
    bool gap_waits; /* so it has not noted yet when nobody counted. Then the reader's */
    struct store_gate *gate; /* NULL: no store had to be awaited */
    struct trust *own_trust; /* the current one, which is `trust` */
    _Atomic(const struct trust *) trust;
    struct readers *own_readers; /* the current ones, which are `readers` */
    _Atomic(const struct readers *) readers;
    struct referrer_list *own_referrers; /* the current one, which is `referrers` */
    _Atomic(const struct referrer_list *) referrers;
    struct atlas *own_atlas; /* the current one, which is `atlas` */
    _Atomic(const struct atlas *) atlas;
    struct geo_file {
        char path[GEO_PATH_MAX]; /* "": none */
        struct stat about;
    } geo_file;                /* that its database was read from */
    struct agents *own_agents; /* the current one, which is `agents` */
    _Atomic(const struct agents *) agents;
    struct ahead *ahead;     /* at a start: what is being loaded meanwhile, else NULL */
    struct retired *retired; /* what reloads replaced                         */
    bool reloaded_lately;    /* for SIGHUP, within this second                */
    bool has_garbage;        /* much was freed since malloc gave any back         */
    bool reload_waits;       /* SIGHUP came while the one before was taken up */
    unsigned workers;
    struct metrics_row *rows;
    struct lane *lanes;
    void **lane_pointers;
    struct net *net;
    struct keeper *keeper;
    struct saver
        *saver[STORES_MAX]; /* one a store; without stores one that does nothing */
    struct reader *reader;
    struct replicator *replicator; /* NULL: there are not both kinds of stores      */
    struct came {
        _Atomic bool any;
    } * came;            /* by site: rows of other runs came, the reader looks again */
    struct nodes *nodes; /* NULL: no store that nodes share */
    struct console *console;
    struct service service;
    uv_loop_t loop;
    uv_signal_t signal[3];
    uv_timer_t second;
    struct upkeep upkeep;
};

/* joints.c: what net and answer call, as tables. */
extern const struct net_handlers daemon_net_handlers;
extern const struct console_handlers daemon_console_handlers;
void daemon_join_service(struct daemon *d);
/* The keeper's `tick`, with the daemon as context. */
void daemon_keeper_ticked(void *context);
/* The replicator's `came`, with the daemon as context. */
void daemon_rows_came(void *context, struct slice site);
/* The line `ready ...`, and hints where there is no configuration. */
void daemon_say_ready(struct daemon *d);
/* Once a second, main thread: what the reader thread looks after when nobody asks. */
void daemon_upkeep(struct daemon *d);

/* daemon.c: logs why it does not start, and returns the code (enum daemon_exit). */
int daemon_fail(int code, const char *event, const char *sentence);

/* keeping.c, main thread: the stores, and the threads that use them. */
int daemon_open_stores(struct daemon *d);          /* an enum daemon_exit, said    */
void daemon_look_for_lost_saves(struct daemon *d); /* of stores, once they are open */
int daemon_raise_lost(struct daemon *d);           /* likewise: see history_raise_lost  */
int daemon_start_keeping(struct daemon *d);        /* an error code                */
void daemon_stop_keeping(struct daemon *d);        /* saves once more              */
void daemon_close_stores(struct daemon *d); /* that no thread has; no other thread runs */

/* sharing.c, main thread: the identity keys that nodes share. */
/* Reads the secret and gets the keys of now, within 2 s; they may be missing after that, and
 * are then tried for again. Before the registry is opened. */
int daemon_open_sharing(struct daemon *d, char ret_sentence[512]);
/* *ret_secret may be NULL: none is configured. Else as secret_load. */
int daemon_load_secret(const struct daemon *d, const struct settings *s,
                       struct secret **ret_secret, char ret_sentence[512]);
int daemon_start_sharing(struct daemon *d);  /* ERR_NOMEM */
void daemon_close_sharing(struct daemon *d); /* the registry is closed */

/* trust.c, main thread. As writers_load; ERR_NOMEM leaves the sentence. */
int trust_load(struct trust **ret_trust, const struct settings *s,
               char ret_sentence[512]);
void trust_free(struct trust *t);        /* NULL is a no-op */
int daemon_open_guard(struct daemon *d); /* after the arena. ERR_NOMEM */

/* geography.c, main thread: the database and the networks. */
/* What these settings say; a database that cannot be read is said, and the one before (if
 * there is one) stays. NULL: out of memory. */
struct atlas *daemon_new_atlas(struct daemon *d, const struct config *c);
void daemon_use_atlas(struct daemon *d, struct atlas *a);
/* `heir` has its database too, or is NULL. */
void daemon_free_atlas(struct atlas *a, const struct atlas *heir);
/* agents.c, main thread. */
/* An error with a sentence; the workers are known. */
int daemon_load_agents(const struct daemon *d, const struct settings *s,
                       struct agents **ret_agents, char ret_sentence[1024]);
/* False: both settings stand for the built-in lists. */
bool daemon_agents_may_differ(const struct settings *now, const struct settings *new);
/* The ones before are the caller's to free, a grace later. */
void daemon_use_agents(struct daemon *d, struct agents *agents);

/* ahead.c, main thread, at a start. */
/* Begins to load the lists and the database; the workers are known. */
void daemon_begin_ahead(struct daemon *d);
/* Waits, and uses them: an enum daemon_exit, said. */
int daemon_end_ahead(struct daemon *d);
void daemon_drop_ahead(struct daemon *d); /* of a start that ended before that */

/* reload.c, main thread. */
/* As trust_load. */
int daemon_set_trust(struct daemon *d, const struct settings *s, char ret_sentence[512]);
/* Who may read what, and how many may follow: at start, when net is open. ERR_NOMEM. */
int daemon_set_readers(struct daemon *d, const struct config *config);
/* The list of referrers that the settings name: at start, for the first time. Else as
 * referrer_list_open. */
int daemon_set_referrers(struct daemon *d, const struct settings *s,
                         char ret_sentence[1024]);
/* ERR_IN_USE: the reload before this one has not been taken up yet. */
int daemon_reload(struct daemon *d, char ret_sentence[1024]);
/* A reload that nobody waits for: one that cannot be now is done within a second. */
void daemon_reload_soon(struct daemon *d);
/* Once a second: what waits, and what nobody looks at any more. */
void daemon_reload_second(struct daemon *d);
void daemon_free_retired(struct daemon *d); /* all; no other thread runs */

#endif
