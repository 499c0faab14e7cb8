/* Floor 2 (identify), for agent.c. One agent that is told, by rows that are asked in their
 * order: of each kind the first that matches answers. */
#ifndef LUOT_IDENTIFY_AGENT_QUESTION_H
#define LUOT_IDENTIFY_AGENT_QUESTION_H

#include "identify/agent_cache.h"
#include "identify/agent_loose.h"
#include "identify/agent_skeleton.h"

struct agent_question {
    const struct agent_rows *rows;
    const struct agent_match *match;
    struct agent_match_lane *lane;
    const struct agent_scan *scan;   /* NULL: every row may match...         */
    const struct agent_loose *loose; /* likewise NULL                        */
    const struct agent_found *found; /* ...else what the pass over it found  */
    struct slice text;
    const char *skeleton; /* its, as long; NULL without a scan    */
};

/* Asks the rows. *ret_skeleton is what may be remembered of it: spoilt if nothing, as always
 * without a scan. */
void agent_question_answer(const struct agent_question *q, struct agent_entry *ret_entry,
                           struct agent_skeleton *ret_skeleton);
/* The same without asking them, by what is remembered of an agent with the same skeleton; needs
 * no `found`. False: that does not say it. */
bool agent_question_recall(const struct agent_question *q,
                           const struct agent_skeleton *skeleton,
                           struct agent_entry *ret_entry);

#endif
