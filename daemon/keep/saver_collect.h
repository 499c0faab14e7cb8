/* Floor 4 (keep), private to saver*.c: a round's changes, in a fixed buffer that is saved
 * each time it is full. */
#ifndef LUOT_KEEP_SAVER_COLLECT_H
#define LUOT_KEEP_SAVER_COLLECT_H

#include "keep/saver_shadow.h"
#include "keep/saver_tops.h"

enum {
    ROUND_CHANGES = 4096,
    ROUND_SKETCHES = 64,
    ROUND_AGAIN =
        16384, /* rows of a round after which no site is written from its first quarter on */
    SITE_CHANGES = 768 /* at most of one site in a round, but for its quarters */
};

struct collection {
    struct store *store;
    struct deadline deadline;
    _Atomic int64_t stop_by_ms; /* any thread: the deadline may come nearer; 0: none */
    _Atomic bool abandoned;     /* nobody waits for us; what we look at may be gone  */
    struct instant now;
    int64_t now_ms;                   /* CLOCK_MONOTONIC                      */
    bool forgets;                     /* the store may lose what it was given */
    bool lost_all;                    /* a site that begins has nothing there */
    const char *version;              /* for the sign of life; may be NULL    */
    bool everything;                  /* sketches whether they are due or not */
    bool sketches;                    /* sketches of the site at hand are due */
    int64_t sketch_moment;            /* since when, or when they were; unix seconds */
    struct change *change;            /* ROUND_CHANGES                        */
    struct shadow **owner;            /* of each change; NULL: none           */
    uint8_t (*sketch)[HLL_REDIS_MAX]; /* ROUND_SKETCHES: blobs of the changes */
    struct hll *hll;                  /* to make one in                       */
    struct tops_room *tops;           /* NULL: the store keeps none           */
    size_t changes, sketched;
    struct shadow *finished; /* whose edges move when this is saved */
    uint64_t saves, rows;    /* of this round                       */
    size_t awaiting;         /* sites that are not saved yet: site_awaits_saved */
};

int collection_init(struct collection *c); /* ERR_NOMEM; release it in any case */
void collection_release(struct collection *c);
/* Adds what changed of one site, saving when the buffer is full. */
int collect_site(struct collection *c, const struct site *site, struct shadow *shadow);
/* A change that is not compared with a shadow. There is room. */
int collection_add(struct collection *c, const struct change *change);
/* Saves what is there. */
int collection_save(struct collection *c);
/* Adds the sign of life and saves what is there. */
int collection_finish(struct collection *c);

#endif
