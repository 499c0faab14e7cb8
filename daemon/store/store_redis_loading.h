/* Floor 3 (store), private to store_redis_load*.c: a load under way. */
#ifndef LUOT_STORE_STORE_REDIS_LOADING_H
#define LUOT_STORE_STORE_REDIS_LOADING_H

#include <stdio.h>

#include "store/store_redis_dump.h"

enum {
    ROWS_AT_ONCE = 16, /* of a script                 */
    LINE_BYTES = 1024  /* of a list, or of a source   */
};

struct loading {
    struct redis_store *s;
    dump_next_fn *next;
    void *context;
    const char *note; /* a line of the audit trail: "at uid what"; NULL: none */
    const struct dump_row *waiting;
    char site[64];
    bool in_transaction, ended;
    size_t said; /* scripts of this talk */
    int rv;      /* why there are no more rows, or what a transaction said */
};

static inline struct slice loading_site(const struct loading *l)
{
    return slice_of(l->site);
}

static inline struct slice loading_number(char memory[24], int64_t number)
{
    int n = snprintf(memory, 24, "%lld", (long long)number);

    return (struct slice){memory, (size_t)n};
}

static inline bool loading_is_imported(enum dump_kind kind)
{
    return kind >= DUMP_IMPORTED_DAY && kind <= DUMP_IMPORTED_MONTH;
}

/* The next row, or NULL: no more, and l->rv says why. It goes on waiting until taken. */
const struct dump_row *loading_peek(struct loading *l);

/* --- store_redis_load_said.c: what people said and brought --- */
/* Lines of a list, as SCRIPT_APPEND wants them: line, times, line, times, ... */
int loading_say_append(struct redis_link *link, struct slice key, const char *mode,
                       const struct slice *line, size_t lines);
/* Takes rows of the kind, adjustments or the audit trail. */
int loading_say_lines(struct loading *l, struct redis_link *link, enum dump_kind kind);
int loading_say_seed(struct loading *l, struct redis_link *link,
                     const struct dump_value *v);
int loading_say_source(struct loading *l, struct redis_link *link,
                       const struct dump_value *v);
/* Takes imported rows. */
int loading_say_imported(struct loading *l, struct redis_link *link);

#endif
