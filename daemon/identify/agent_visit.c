#include "identify/agent_visit.h"

static void fill(struct visit *visit, enum dimension d, struct slice key, uint64_t hash)
{
    if (key.length > 0)
        visit_set(visit, d, key, hash);
    else
        visit_set(visit, d, SLICE("(unknown)"), 0);
}

static struct agent tell(const struct visit *visit, const struct agents *agents,
                         unsigned lane)
{
    char memory[HASH_TEXT_BYTES];
    struct agent agent;

    if (visit->hash_key == NULL)
        return agents_tell(agents, lane, visit->user_agent);
    if (visit->agent_is_written && agents_recall(&agent, agents, lane, visit->agent_hash))
        return agent;
    return agents_tell_hashed(agents, lane, visit_user_agent(visit, memory),
                              visit->agent_hash, visit->hash_key);
}

bool visit_agent(struct visit *visit, const struct agents *agents, unsigned lane,
                 bool browser)
{
    bool hashed = visit->hash_key != NULL;
    struct agent agent;

    if (visit->user_agent.length == 0) {
        visit_set(visit, DIM_BOTS, browser ? SLICE("(no agent)") : (struct slice){"", 0},
                  0);
        return browser;
    }
    agent = tell(visit, agents, lane);
    if (agent.robot.length > 0) {
        visit_set(visit, DIM_BOTS, agent.robot, 0);
        return true;
    }
    fill(visit, DIM_BROWSERS, agent.browser, hashed ? agent.hash[0] : 0);
    fill(visit, DIM_SYSTEMS, agent.system, hashed ? agent.hash[1] : 0);
    fill(visit, DIM_DEVICES, agent.device, hashed ? agent.hash[2] : 0);
    return false;
}
