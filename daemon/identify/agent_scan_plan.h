/* Floor 2 (identify), for agent_scan.c only. What one pass over an agent looks for, and
 * which rows want it. Making one reads every pattern, some 15 ms of CPU for the built-in
 * lists; so it is part of what is prepared where luotd is built. */
#ifndef LUOT_IDENTIFY_AGENT_SCAN_PLAN_H
#define LUOT_IDENTIFY_AGENT_SCAN_PLAN_H

#include "identify/agent_list.h"

enum {
    AGENT_PLAN_CERTAIN = 1 << 30 /* in a target: the row certainly matches */
};

/* Expression i is wanted by the rows target[first[i]] to target[first[i + 1]]. */
struct agent_plan {
    uint32_t rows, expressions, targets;
    uint32_t *first;  /* one an expression, and one at the end                 */
    uint32_t *target; /* rows, with AGENT_PLAN_CERTAIN                         */
    uint64_t *always; /* a bit a row: those of which the pass can tell nothing */
    uint64_t *sure;   /* likewise: those that match wherever the pass finds them */
};

struct wish;

/* What is looked for, in the order of the expressions' numbers. */
struct agent_sought {
    struct wish *wish; /* whose words these are */
    size_t wishes, room;
    const char **word; /* bytes of any kind */
    size_t *length;
    unsigned *flags, *id;
};

/* Fills what is all zero; the caller frees both, whatever it returns: 0 or ERR_NOMEM. */
int agent_plan_make(struct agent_plan *plan, struct agent_sought *sought,
                    const struct agent_rows *rows);
void agent_plan_release(struct agent_plan *plan);
void agent_sought_release(struct agent_sought *sought);

/* Of 64 rows. */
static inline size_t agent_plan_words(size_t rows)
{
    return (rows + 63) / 64;
}

/* The plan as bytes, with what says which rows it is of; the caller's to free. ERR_NOMEM. */
int agent_plan_write(const struct agent_plan *plan, const struct agent_rows *rows,
                     char **ret_bytes, size_t *ret_length);
/* Takes a plan off the bytes' beginning: 0, ERR_FOREIGN (it is of other rows, or none),
 * ERR_CORRUPT or ERR_NOMEM. What it allocated is in `plan`. */
int agent_plan_read(struct agent_plan *plan, const struct agent_rows *rows,
                    struct slice *bytes);

#endif
