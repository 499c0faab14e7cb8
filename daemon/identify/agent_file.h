/* Floor 2 (identify). Agents by lists from files: what the settings agent_list and
 * bot_list name. */
#ifndef LUOT_IDENTIFY_AGENT_FILE_H
#define LUOT_IDENTIFY_AGENT_FILE_H

#include "identify/agent.h"

enum {
    AGENT_FILE_BYTES_MAX = 4 * 1024 * 1024,
    AGENT_FILE_TROUBLE_MAX = AGENT_TROUBLE_MAX + 600 /* with the path before it */
};

/* A path that is "" stands for the built-in list. As agents_new, and ERR_NOT_FOUND,
 * ERR_DENIED, ERR_IO or ERR_TOO_LONG for a file that cannot be read whole; the sentence
 * names the file. Blocks while it reads. */
int agents_open(struct agents **ret_agents, const char *agent_list, const char *bot_list,
                unsigned lanes, char ret_trouble[AGENT_FILE_TROUBLE_MAX]);

#endif
