/* `luotctl classify agents`: {"agent":...,"bot":NAME} of a robot's, else what is known of
 * {"agent":...,"browser":...,"system":...,"device":...}. */
#include <assert.h>
#include <sysexits.h>

#include "base/error.h"
#include "base/hash.h"
#include "identify/agent_file.h"
#include "luotctl_classify.h"

static int open_agents(void **ret_context, const struct invocation *i,
                       char ret_sentence[CLASSIFY_SENTENCE_MAX])
{
    const char *agent_list = invocation_option(i, "agent-list");
    const char *bot_list = invocation_option(i, "bot-list");
    struct agents *agents;
    int rv = hash_start();

    static_assert((int)CLASSIFY_SENTENCE_MAX >= (int)AGENT_FILE_TROUBLE_MAX,
                  "a sentence fits");
    if (rv != 0) {
        snprintf(ret_sentence, CLASSIFY_SENTENCE_MAX, "%s", error_text(rv));
        return EX_OSERR;
    }
    rv = agents_open(&agents, agent_list == NULL ? "" : agent_list,
                     bot_list == NULL ? "" : bot_list, 1, ret_sentence);
    if (rv != 0)
        return rv == ERR_NOMEM ? EX_OSERR : EX_DATAERR;
    *ret_context = agents;
    return 0;
}

static void tell_agent(void *context, struct slice line, struct buffer *b)
{
    struct agent agent = agents_tell(context, 0, line);

    buffer_text(b, "{\"agent\":");
    buffer_json(b, line);
    classify_member(b, "bot", agent.robot);
    classify_member(b, "browser", agent.browser);
    classify_member(b, "system", agent.system);
    classify_member(b, "device", agent.device);
    buffer_byte(b, '}');
}

static void close_agents(void *context)
{
    agents_free(context);
}

const struct classifier classify_agents = {"agents", open_agents, tell_agent,
                                           close_agents};
