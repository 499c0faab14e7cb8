#include "identify/agent_visit.h"

static struct slice or_unknown(struct slice key)
{
    return key.length > 0 ? key : SLICE("(unknown)");
}

bool visit_agent(struct visit *visit, const struct agents *agents, unsigned lane,
                 bool browser)
{
    struct agent agent;

    if (visit->user_agent.length == 0) {
        visit->key[DIM_BOTS] = browser ? SLICE("(no agent)") : (struct slice){"", 0};
        return browser;
    }
    agent = visit->agent_hash == 0
                ? agents_tell(agents, lane, visit->user_agent)
                : agents_tell_hashed(agents, lane, visit->user_agent, visit->agent_hash);
    if (agent.robot.length > 0) {
        visit->key[DIM_BOTS] = agent.robot;
        return true;
    }
    visit->key[DIM_BROWSERS] = or_unknown(agent.browser);
    visit->key[DIM_SYSTEMS] = or_unknown(agent.system);
    visit->key[DIM_DEVICES] = or_unknown(agent.device);
    return false;
}
