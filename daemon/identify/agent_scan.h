/* Floor 2 (identify). One pass over an agent for all rows of the lists together
 * (Vectorscan): which rows may match, and which certainly do. What it says no to does not
 * match.
 *
 * The pass is over the agent's skeleton (agent_digits.h), and looks for words without their
 * digits; those are compared in the agent itself, wherever such a word is found. So it is
 * known, too, what it would say of the same agent with other digits (agent_skeleton.h).
 *
 * It looks for the literals of agent_literal.h, which costs nearly the same for 10 and for
 * 4,000 of them; a pattern as such would cost more in the pass, match or not, than PCRE2
 * needs for it. A row without literals always may match: a list should have few. The
 * database is immutable and shared; each lane has a scratch of its own. */
#ifndef LUOT_IDENTIFY_AGENT_SCAN_H
#define LUOT_IDENTIFY_AGENT_SCAN_H

#include "identify/agent_list.h"

struct agent_scan;
struct agent_scan_lane; /* one thread's */

/* A word with digits that was found in the skeleton. */
struct agent_chance {
    uint32_t word; /* agent_scan_word...()                  */
    uint16_t end;  /* where in the agent it ends            */
    bool there;    /* it has its digits in the agent, too   */
};

enum { AGENT_CHANCES_MAX = 128, AGENT_SCAN_BYTES_MAX = UINT16_MAX };

/* What a pass has found: a bit a row. */
struct agent_found {
    uint64_t maybe[AGENT_ROWS_MAX / 64];
    uint64_t certain[AGENT_ROWS_MAX / 64];
    unsigned chances; /* may be more than there was room for */
    struct agent_chance chance[AGENT_CHANCES_MAX];
};

/* Does this processor have what Vectorscan needs? Else there is no agent_scan, and every
 * row may match. */
bool agent_scan_possible(void);
/* Reads the rows' patterns now and no more later. `prepared` is what agent_scan_prepare
 * made of the same rows, or of others, or nothing: with the right one it takes some
 * milliseconds, else some tenths of a second and 20 MiB that are given back. ERR_NOMEM or
 * ERR_CORRUPT (it was not compiled, which no list should bring about). */
int agent_scan_new(struct agent_scan **ret_scan, const struct agent_rows *rows,
                   struct slice prepared);
/* For every processor of this kind; *ret_bytes is the caller's to free. */
int agent_scan_prepare(const struct agent_rows *rows, char **ret_bytes,
                       size_t *ret_length);
void agent_scan_free(struct agent_scan *scan);
/* ERR_NOMEM. It goes before its agent_scan. */
int agent_scan_lane_new(struct agent_scan_lane **ret_lane, const struct agent_scan *scan);
void agent_scan_lane_free(struct agent_scan_lane *lane);

/* Does the row match wherever the pass finds it? Then nobody needs to ask its pattern. */
bool agent_scan_is_sure(const struct agent_scan *scan, size_t row);

/* May the row match whatever the pass finds? */
bool agent_scan_is_always(const struct agent_scan *scan, size_t row);
/* Of the row's pattern: is it certain that it tells no digit from another? */
bool agent_scan_is_blind(const struct agent_scan *scan, size_t row);

/* `skeleton` is as long as the agent: AGENT_SCAN_BYTES_MAX at most. Good until the lane's next
 * pass. Allocates nothing. */
const struct agent_found *agent_scan_pass(const struct agent_scan *scan,
                                          struct agent_scan_lane *lane,
                                          struct slice agent, const char *skeleton);

/* Of a chance's word: which row wants it, would that certainly match, and does an agent of
 * the same skeleton have it there? */
size_t agent_scan_word_row(const struct agent_scan *scan, uint32_t word);
bool agent_scan_word_is_certain(const struct agent_scan *scan, uint32_t word);
bool agent_scan_word_is_there(const struct agent_scan *scan, uint32_t word,
                              const char *end);
/* Are its digits in an agent's first `bytes` bytes? */
bool agent_scan_word_is_within(const struct agent_scan *scan,
                               const struct agent_chance *chance, size_t bytes);

#endif
