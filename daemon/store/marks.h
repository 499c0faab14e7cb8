/* Floor 3 (store). What lets a log be imported in pieces, in any order, and still be
 * exact: for each visitor of the imported days, when they were there. A mark is as good
 * as the visitor, so it lives as long as the key that it was made with: in a flat file of
 * RUN_DIR (tmpfs), never in the store, erased when the site's import key changes. The
 * reader thread's alone.
 *
 * A mark is a run of views of one visitor with less than session_idle between any two,
 * inside one clock hour. */
#ifndef LUOT_STORE_MARKS_H
#define LUOT_STORE_MARKS_H

#include "base/slice.h"
#include "count/period.h"

struct mark {
    uint64_t fp; /* 44-bit fingerprint of the visitor under the import key */
    int64_t first_slot, last_slot;
};

struct marks { /* sorted by fp, then first_slot; caller owns; release frees */
    struct mark *mark;
    size_t count;
};

/* Of one site under one key (any number that names the key; 0 is not one). No file, or
 * another key's: empty, and that file is removed. A damaged one too, and the log says so. */
int marks_load(struct marks *ret_marks, const char *run_dir, struct slice site,
               uint64_t key_id);
/* Saves in two steps: what takes long, and what cannot fail half. marks_load forgets what
 * was prepared and not committed. */
int marks_prepare(const struct marks *m, const char *run_dir, struct slice site,
                  uint64_t key_id);
int marks_commit(const char *run_dir, struct slice site);
int marks_erase(const char *run_dir, struct slice site);
/* Erases them unless they are this key's. */
int marks_expire(const char *run_dir, struct slice site, uint64_t key_id);
void marks_release(struct marks *m);
/* Puts marks in order and joins what belongs together: gaps below idle_slots inside one
 * hour. */
void marks_settle(struct marks *m, const struct calendar *c, int64_t idle_slots);
/* The union of both, settled. */
int marks_join(struct marks *ret_union, const struct marks *a, const struct marks *b,
               const struct calendar *c, int64_t idle_slots);

/* Visits begun in and visitors of each period: a visit begins where a mark follows the
 * one before by idle_slots or more, or a local midnight lies between. The same rule as
 * the live counters. Rows ascending by kind and
 * number; free(*ret_rows). */
struct marks_row {
    enum period_kind kind;
    int64_t number;
    uint64_t visits, visitors;
};
int marks_count(const struct marks *m, const struct calendar *c, int64_t idle_slots,
                struct marks_row **ret_rows, size_t *ret_count);

#endif
