/* Floor 2 (identify). The rows' patterns, each compiled by PCRE2: does this one match
 * this agent, and what does its name come to with $1 put in? Patterns are shared; each lane
 * has its own place for captures. A pattern that asks for more than 20,000 steps on some
 * agent does not match it.
 *
 * A pattern is interpreted until it was asked often; then it becomes machine code, which
 * answers the same four times as fast and has some 2 KiB: of 4,500 rows the agents of a
 * portal ask a few hundred. */
#ifndef LUOT_IDENTIFY_AGENT_MATCH_H
#define LUOT_IDENTIFY_AGENT_MATCH_H

#include "base/buffer.h"
#include "identify/agent_list.h"

struct agent_match;
struct agent_match_lane; /* one thread's; good for any agent_match */

/* Where captures begin and end in the agent; SIZE_MAX where one took no part. */
struct agent_captures {
    size_t count;
    const size_t *at; /* 2 a capture, the first is the whole match; the lane's */
};

/* Which patterns are needed at all; the others match nothing. */
typedef bool agent_match_needs(const void *context, size_t row);

/* The first pattern that PCRE2 refuses is ERR_MALFORMED: its list, and why with its line.
 * Also ERR_NOMEM. With `trusted` patterns that nobody needs are not looked at; else they
 * are tried too. `needs` NULL: all are needed. */
int agent_match_new(struct agent_match **ret_match, const struct agent_rows *rows,
                    bool trusted, agent_match_needs *needs, const void *context,
                    enum agent_list_kind *ret_wrong, char ret_trouble[AGENT_TROUBLE_MAX]);
void agent_match_free(struct agent_match *match);
int agent_match_lane_new(struct agent_match_lane **ret_lane); /* ERR_NOMEM */
void agent_match_lane_free(struct agent_match_lane *lane);

/* Makes machine code of patterns that were asked often, `most` of them at most; some 50 us
 * each. One thread at a time, beside those that ask. How many it made. */
unsigned agent_match_quicken(struct agent_match *match, unsigned most);

/* *ret_captures is good until the lane's next match. Allocates nothing. */
bool agent_match(const struct agent_match *match, struct agent_match_lane *lane,
                 size_t row, struct slice agent, struct agent_captures *ret_captures);
/* Does it match nowhere, and not only for want of steps? */
bool agent_match_never(const struct agent_match *match, struct agent_match_lane *lane,
                       size_t row, struct slice agent);

/* NAME or MAJOR with its captures put in, without blanks at its ends; what does not fit
 * is cut. */
void agent_text_fill(struct buffer *b, struct slice text, struct slice agent,
                     const struct agent_captures *captures);

#endif
