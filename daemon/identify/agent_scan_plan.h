/* Floor 2 (identify), for agent_scan*.c only. What one pass over an agent's skeleton looks
 * for, and which rows want it. Making one reads every pattern, some 15 ms of CPU for the
 * built-in lists; so it is part of what is prepared where luotd is built. */
#ifndef LUOT_IDENTIFY_AGENT_SCAN_PLAN_H
#define LUOT_IDENTIFY_AGENT_SCAN_PLAN_H

#include "identify/agent_list.h"

enum {
    AGENT_PLAN_CERTAIN = 1 << 30 /* in a target: the row certainly matches */
};

/* Expression i is wanted by the rows target[first[i]] to target[first[i + 1]]. */
struct agent_plan {
    uint32_t rows, expressions, targets, bytes;
    uint32_t *first;  /* one an expression, and one at the end                   */
    uint32_t *target; /* rows, with AGENT_PLAN_CERTAIN                           */
    uint32_t *digits; /* of each target: where in `byte` its digits are; 0: none */
    uint64_t *always; /* a bit a row: those of which the pass can tell nothing   */
    uint64_t *sure;   /* likewise: those that match wherever the pass finds them */
    uint64_t *blind;  /* likewise: those to which all digits are one             */
    uint8_t *byte;    /* of each word with digits: how far before its end its first
                       * digit is, how many bytes from there to its last, and those
                       * bytes; a digit must be there, what is no digit is         */
};

struct wish;

/* What is looked for, in the order of the expressions' numbers. */
struct agent_sought {
    struct wish *wish; /* whose words these are */
    size_t wishes, room;
    const char **word; /* bytes of any kind, digits as '0' */
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

/* The skeleton has the target's word, which ends at `end`: does the text have its digits? */
static inline bool agent_plan_is_there(const struct agent_plan *plan, uint32_t target,
                                       const char *end)
{
    const uint8_t *word = plan->byte + plan->digits[target];
    const char *at = end - word[0];

    for (unsigned i = 0; i < word[1]; i++)
        if (word[2 + i] >= '0' && word[2 + i] <= '9' && word[2 + i] != (uint8_t)at[i])
            return false;
    return true;
}

/* The plan as bytes, with what says which rows it is of; the caller's to free. ERR_NOMEM. */
int agent_plan_write(const struct agent_plan *plan, const struct agent_rows *rows,
                     char **ret_bytes, size_t *ret_length);
/* Takes a plan off the bytes' beginning: 0, ERR_FOREIGN (it is of other rows, or none),
 * ERR_CORRUPT or ERR_NOMEM. What it allocated is in `plan`. */
int agent_plan_read(struct agent_plan *plan, const struct agent_rows *rows,
                    struct slice *bytes);

#endif
