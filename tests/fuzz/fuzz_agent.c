/* Any bytes as a User-Agent, by the built-in lists: what comes out is valid UTF-8, short, and the same by the skeleton of one with other digits. */
#include <assert.h>

#include "base/hash.h"
#include "identify/agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct slice lists[2];
    static struct agents *agents;
    static char other[4096], trouble[AGENT_TROUBLE_MAX];
    enum agent_list_kind wrong;

    if (agents == NULL &&
        (hash_start() != 0 || agents_new(&agents, lists, 2, &wrong, trouble) != 0))
        return -1;
    for (size_t i = 0; i < size && i < sizeof other; i++)
        other[i] =
            (char)(data[i] >= '0' && data[i] <= '9' ? '9' - (data[i] - '0') : data[i]);
    agents_tell(agents, 0,
                (struct slice){other, size < sizeof other ? size : sizeof other});
    agents_forget(agents, 1);
    struct slice text = {(const char *)data, size};
    struct agent one = agents_tell(agents, 0, text), two = agents_tell(agents, 1, text);
    assert(slice_equal(one.browser, two.browser) && slice_equal(one.system, two.system) &&
           slice_equal(one.device, two.device) && slice_equal(one.robot, two.robot));
    assert(one.browser.length < 80 && one.system.length < 80 &&
           (one.robot.length == 0 || one.browser.length == 0));
    return 0;
}
