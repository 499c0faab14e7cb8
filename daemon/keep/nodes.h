/* Floor 4 (keep). Many nodes, one portal: one thread with its own connection to the store
 * that they share. Each second it says what changed here (a sheet a site, count/sheet) and
 * hears what the others said, which it puts beside the sites (count/site_peers). A store
 * that is stuck or gone delays nobody; what was heard last stays and fades. Happy path:
 * attend -> roll call -> publish (unless we are alone: nobody would read it) -> hear what
 * changed -> install. It fails when: the store is away (its saver says so; tried again each
 * second), a sheet is none (left out, counted, said once a minute), or the memory for
 * sheets is full (the same). */
#ifndef LUOT_KEEP_NODES_H
#define LUOT_KEEP_NODES_H

#include "base/clock.h"
#include "count/registry.h"
#include "count/site_peers.h"
#include "store/store.h"

struct nodes;

enum { NODES_LISTED = 64 };

struct nodes_options {
    struct registry *registry;
    const struct clock *clock;
    struct store *store; /* one with sheets_put; the thread's own; closed by it */
    size_t memory;       /* bytes for the others' sheets; 0: 64 MiB             */
    const char *node;    /* our own name; NULL: as the roll has it, once it has */
};

/* Any thread. */
struct nodes_status {
    unsigned here;  /* runs that count now, this one too: 1 or more */
    unsigned count; /* of what follows                              */
    struct node_row row[NODES_LISTED];
    uint64_t published, heard; /* sheets                                       */
    uint64_t refused;          /* sheets that were none, or found no room      */
    int error;                 /* of the last round                            */
};

/* ERR_NOMEM; the store is then still the caller's. */
int nodes_start(struct nodes **ret_nodes, const struct nodes_options *options);
/* NULL: `here` is 1. */
void nodes_status(struct nodes *n, struct nodes_status *ret_status);
/* Only that number. */
unsigned nodes_here(struct nodes *n);
/* Ends the round under way (half a second more is all that its store may take), joins.
 * Readers have nothing of the others any more. NULL is a no-op. */
void nodes_stop(struct nodes *n);

/* --- The same without the thread, for tests --- */
int nodes_new(struct nodes **ret_nodes, const struct nodes_options *options);
void nodes_free(struct nodes *n);
int nodes_round(struct nodes *n, struct instant now, struct deadline d);

#endif
