/* Any bytes as lists: refused with a sentence, or an agent is told by them. The first byte says how much is the list of agents. */
#include <assert.h>
#include <stddef.h>

#include "base/hash.h"
#include "identify/agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t first = size == 0 ? 0 : 1 + data[0] * (size - 1) / 255;
    struct slice lists[2] = {{(const char *)data + 1, size == 0 ? 0 : first - 1},
                             {(const char *)data + first, size - first}};
    char trouble[AGENT_TROUBLE_MAX];
    enum agent_list_kind wrong;
    struct agents *agents;

    if (hash_start() != 0 || lists[0].length == 0 || lists[1].length == 0)
        return 0;
    if (agents_new(&agents, lists, 1, &wrong, trouble) != 0)
        return assert(trouble[0] != '\0'), 0;
    agents_tell(
        agents, 0,
        SLICE("Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0"));
    agents_free(agents);
    return 0;
}
