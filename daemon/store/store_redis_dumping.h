/* Floor 3 (store), private to store_redis_dump*.c: a dump under way. */
#ifndef LUOT_STORE_STORE_REDIS_DUMPING_H
#define LUOT_STORE_STORE_REDIS_DUMPING_H

#include "store/store_redis_dump.h"

enum { HASHES_AT_ONCE = 32 /* that are read in one pipeline */ };

struct dumping {
    struct redis_store *s;
    struct slice site;
    dump_row_fn *row;
    void *context;
    int64_t end_ms;
    int said; /* what `row` returned, when it was not 0 */
};

struct found { /* a field of a hash */
    int64_t number, n[4];
    char who[DUMP_WHO_MAX];
};

struct section {
    struct dumping *d;
    enum dump_kind kind;
    enum change_kind of;
    bool imported;
    int64_t from;
    int64_t *number; /* whose hashes there are */
    size_t numbers, numbers_room;
    struct found *found;
    size_t count, room;
    const struct section *sources; /* of imported rows: `found` are name and bytes */
};

/* CLOCK_MONOTONIC: when the next question must be answered. */
int64_t dumping_talk_by(const struct dumping *d);
/* Keeps a field whose value has so many numbers at least; others are none of ours. */
int dumping_find(struct section *x, int64_t number, struct slice who, struct slice value,
                 size_t numbers);
/* In order, each once: while a hash grows, a field may be read twice. */
void dumping_settle(struct section *x);
void dumping_release(struct section *x);
/* A row, to whoever asked for the dump, unless they have had enough. */
void dumping_give(struct dumping *d, const struct dump_row *row);

/* --- store_redis_dump_sites.c: which sites there are, and when nobody counted --- */
struct site_found {
    struct slice key;
    int64_t n[3]; /* created, first_live, last_view */
    char host[256];
    bool any;
};
/* What is known of sites whose `key` is filled in; at most HASHES_AT_ONCE. */
int dumping_read_sites(struct dumping *d, struct site_found *f, size_t n);
void dumping_give_site(struct dumping *d, const struct site_found *f);
int dumping_sites(struct dumping *d);
int dumping_gaps(struct dumping *d);
/* What people said of sites. */
int dumping_names(struct dumping *d);

#endif
