/* Floor 2 (count). Rows of one dimension added up by their key: over days, over runs, live
 * and stored. Memory of the process, one thread's. What lists leave out is added too
 * (`other`), so the sum of rows and other is the sum of what was given; errors add up,
 * because a key may be missing in each list. */
#ifndef LUOT_COUNT_TOP_SUM_H
#define LUOT_COUNT_TOP_SUM_H

#include "count/site_tops.h"

enum { TOP_SUM_ROWS = 1 << 16 /* keys at most; further ones are in `other` */ };

struct top_sum_row {
    uint32_t key_at, key_length; /* in the sum's text */
    uint64_t views, visitors;
    uint64_t hash; /* of the key */
};

struct top_sum {
    struct top_sum_row *row;
    size_t rows, room;
    uint32_t *slot; /* open table: row + 1 */
    size_t slots;
    char *text;
    size_t bytes, text_room;
    uint64_t other, error;
    int failed; /* the first error: ERR_NOMEM */
};

void top_sum_init(struct top_sum *s);
void top_sum_release(struct top_sum *s);
void top_sum_add(struct top_sum *s, struct slice key, uint64_t views, uint64_t visitors);
/* The same of one that is read twice: its views are these. */
void top_sum_set(struct top_sum *s, struct slice key, uint64_t views);
/* What a list has without a row, and its error. */
void top_sum_rest(struct top_sum *s, uint64_t other, uint64_t error);
/* A day that is in the arena: false, and nothing, when it is not. */
bool top_sum_live(struct top_sum *s, const struct site *site, enum dimension d,
                  int64_t day);
/* Most views first, then by key; no more than `limit` rows, the others in `other`. Ends
 * the adding. */
void top_sum_finish(struct top_sum *s, size_t limit);
struct slice top_sum_key(const struct top_sum *s, const struct top_sum_row *row);
/* Rows with fewer than `min` visitors (views, where rows have no visitors) become part of
 * `other`. After top_sum_finish. Returns how many. */
size_t top_sum_fold(struct top_sum *s, uint64_t min, bool by_visitors);

/* --- What other runs counted today ---
 * After a reboot the first part of the day is in the store only: the reader thread brings
 * it, once, for documents that no store is asked for. */
struct tops_base {
    int64_t day;
    struct top_sum of[DIMENSIONS];
};
void tops_base_free(struct tops_base *b);
/* The reader thread, or before any worker. `b` is the site's; waits until nobody looks at
 * what was there. */
void site_tops_install(struct site *s, struct tops_base *b);
/* Any thread: NULL, or the one of this day, held until site_tops_base_let_go. */
const struct tops_base *site_tops_base(const struct site *s, int64_t day);
void site_tops_base_let_go(const struct site *s);
/* All that is known of a day here, live and base. */
void top_sum_today(struct top_sum *s, const struct site *site, enum dimension d,
                   int64_t day);

#endif
