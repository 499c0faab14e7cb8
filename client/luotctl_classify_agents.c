/* `luotctl classify agents`: {"agent":...,"bot":NAME} of a robot's, else what is known of
 * {"agent":...,"browser":...,"system":...,"device":...}. */
#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "identify/agent_file.h"
#include "luotctl_classify.h"

static void *open_agents(const struct invocation *i, char ret_sentence[512])
{
    const char *agents = invocation_option(i, "agent-list");
    const char *bots = invocation_option(i, "bot-list");
    char trouble[AGENT_FILE_TROUBLE_MAX];
    struct agents *made;
    int rv = hash_start();

    snprintf(trouble, sizeof trouble, "%s", error_text(rv));
    if (rv == 0)
        rv = agents_open(&made, agents == NULL ? "" : agents, bots == NULL ? "" : bots, 1,
                         trouble);
    snprintf(ret_sentence, 512, "%.511s", trouble);
    return rv == 0 ? made : NULL;
}

/* Where there is something to say. */
static void member(struct buffer *b, const char *name, struct slice text)
{
    if (text.length == 0)
        return;
    buffer_format(b, ",\"%s\":", name);
    buffer_json(b, text);
}

static void show_agent(void *opened, FILE *out, struct slice line)
{
    struct agent agent = agents_tell(opened, 0, line);
    char json[8 * CLASSIFY_LINE_MAX];
    struct buffer b;

    buffer_init(&b, json, sizeof json);
    buffer_text(&b, "{\"agent\":");
    buffer_json(&b, line);
    member(&b, "bot", agent.robot);
    member(&b, "browser", agent.browser);
    member(&b, "system", agent.system);
    member(&b, "device", agent.device);
    buffer_text(&b, "}\n");
    fwrite(b.at, 1, b.length, out);
}

static void close_agents(void *opened)
{
    agents_free(opened);
}

const struct classifier classify_agents = {"agents", open_agents, show_agent,
                                           close_agents};
