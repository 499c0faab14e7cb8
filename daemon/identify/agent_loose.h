/* Floor 2 (identify). Rows that the pass cannot decide and that tell digits apart are asked of
 * nearly every agent. Of each there is a looser pattern here, to which all digits are one
 * (agent_digits.h): where it does not match a skeleton, the row matches no agent of that, and
 * is not asked. */
#ifndef LUOT_IDENTIFY_AGENT_LOOSE_H
#define LUOT_IDENTIFY_AGENT_LOOSE_H

#include "identify/agent_match.h"
#include "identify/agent_scan.h"

enum { AGENT_LOOSE_MAX = 16 /* rows; more of them are asked */ };

struct agent_loose;

/* ERR_NOMEM. */
int agent_loose_new(struct agent_loose **ret_loose, const struct agent_rows *rows,
                    const struct agent_scan *scan);
void agent_loose_free(struct agent_loose *loose); /* NULL is a no-op */
/* As agent_match_quicken. */
unsigned agent_loose_quicken(struct agent_loose *loose, unsigned most);
/* Does the row match no agent of this skeleton? False: it may. */
bool agent_loose_never(const struct agent_loose *loose, struct agent_match_lane *lane,
                       size_t row, struct slice skeleton);

#endif
