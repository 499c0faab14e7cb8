/* Floor 3 (store). What `load` takes: a piece of one source, made by client/import.
 * Lines end with LF; numbers are decimal but for HASH16 and FP, which are lower-case
 * hex.
 *
 *     luot-load 1
 *     site KEY
 *     key_id N                           of history_import_key: what the marks were made
 *                                        with
 *     source HASH16 bytes=N lines=N parsed=N malformed=N views=N skipped=N from=S to=S
 *            name=BASENAME               (one line; the name percent-encoded)
 *     from_byte N                        what the store must have of this source already
 *     day YYYY-MM-DD views=N             local days of the site, ascending
 *     hour UNIX_HOUR views=N             numbers of PERIOD_HOUR, ascending
 *     top YYYY-MM-DD OF VIEWS VISITORS LACKS KEY   rows of a dimension (identify); KEY
 *                                        percent-encoded, without one: what has no row.
 *                                        Days ascending, a dimension's rows together
 *     mark FP FIRSTSLOT LASTSLOT         store/marks.h, in any order
 *     end
 *
 * `bytes` is how much of the source is used up after this piece; the other numbers are
 * the piece's own. Pure: knows no site and no store. */
#ifndef LUOT_STORE_LOAD_DOCUMENT_H
#define LUOT_STORE_LOAD_DOCUMENT_H

#include "identify/dimension.h"
#include "store/marks.h"
#include "store/store.h"

/* 1970 to 2514: what else a log says is no time that a counter can be told about. */
#define LOAD_TIME_MAX_S ((int64_t)1 << 34)

struct load_row {
    int64_t number;
    uint64_t views;
};

struct load_top {
    int64_t day;
    enum dimension of;
    uint64_t views, visitors, lacks;
    size_t key_at, key_length; /* in `keys`; length 0: what has no row */
};

struct load_document {
    struct slice site; /* in the text */
    uint64_t key_id, from_byte;
    struct import_source source; /* the piece's own numbers; bytes: after it */
    struct load_row *day, *hour;
    size_t days, hours;
    struct marks marks; /* as they stand there */
    struct load_top *top;
    size_t tops;
    char *keys;
    size_t key_bytes;
};

/* ERR_MALFORMED with which line and why; ERR_NOMEM. */
int load_document_parse(struct load_document *ret_document, struct slice text,
                        char ret_sentence[256]);
void load_document_release(struct load_document *d);

/* load_document_tops.c: what stands behind `top `. `room`: of d->top and d->keys, the
 * reader's. 0, ERR_NOMEM, or ERR_MALFORMED with what is wrong. */
struct load_top_room {
    size_t tops, key_bytes;
};
int load_top_read(struct load_document *d, struct load_top_room *room, struct slice text,
                  const char **ret_wrong);

#endif
