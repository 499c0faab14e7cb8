/* Floor 2 (identify). The step of the pipeline that asks whose program a visit is of. */
#ifndef LUOT_IDENTIFY_AGENT_VISIT_H
#define LUOT_IDENTIFY_AGENT_VISIT_H

#include "identify/agent.h"
#include "identify/visit.h"

/* Fills the visit's keys of browsers, systems and devices; or, of a robot, that of bots
 * alone, and returns true. `browser`: it came from a browser itself, which always says what
 * it is; a server that sends for others need not know. The keys are good until the lane's
 * next visit. */
bool visit_agent(struct visit *visit, const struct agents *agents, unsigned lane,
                 bool browser);

#endif
