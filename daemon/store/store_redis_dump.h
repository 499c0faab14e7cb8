/* Floor 3 (store), private to store_redis*.c: dumps of what is in Redis, and loads. */
#ifndef LUOT_STORE_STORE_REDIS_DUMP_H
#define LUOT_STORE_STORE_REDIS_DUMP_H

#include "store/store_redis.h"

enum { DUMP_WHO_MAX = 160 }; /* bytes of node:run, or of a source */

/* A union of runs is nobody's own: whose sketches of Redis are. */
#define UNION_NODE "*"
#define UNION_RUN  "0000000000000000"

/* --- store_redis_dump.c --- */
/* As store_ops.dump. ERR_PARTIAL: somebody changed the site meanwhile; once more. */
int redis_dump(struct store *store, struct slice site, struct dump_place from,
               enum dump_kind last, dump_row_fn *row, void *context, int64_t *ret_state);

/* --- store_redis_look.c --- */
/* As store_ops.look and .mark: the mark is a field of luot:{site}:copies. */
int redis_look(struct store *store, struct slice site, struct store_look *ret_look);
int redis_mark(struct store *store, struct slice site, int64_t said);

/* --- store_redis_dump_records.c: what is no number of a run --- */
struct redis_records {
    struct redis_store *s;
    struct slice site;
    dump_row_fn *row; /* when it returns other than 0, no more rows come */
    void *context;
    int64_t give_up_ms;
};
int redis_dump_sketches(const struct redis_records *r, int64_t from);
int redis_dump_adjustments(const struct redis_records *r);
int redis_dump_seeds(const struct redis_records *r);
int redis_dump_audit(const struct redis_records *r);
int redis_dump_sources(const struct redis_records *r);
/* A command that is answered with a number, or with nothing: *ret_number stays as it is. */
int redis_ask_number(struct redis_store *s, const struct slice *word, size_t n,
                     int64_t *ret_number, int64_t give_up_ms);

/* --- store_redis_dump_tops.c --- */
int redis_dump_tops(const struct redis_records *r, bool month, int64_t from);
int redis_dump_pages(const struct redis_records *r, bool seeds, int64_t from);

/* --- store_redis_load.c --- */
/* As store_ops.load, but not one transaction: numbers go up row by row, and what was
 * imported of a site in one. After an error it is partly here; to load it again brings the
 * rest and doubles nothing. */
int redis_load(struct store *store, dump_next_fn *next, void *context, uint32_t uid,
               int64_t at_s, const char *note);

#endif
