#include "identify/agent.h"

#include <sys/mman.h>

/* LIST_DIR is where the Makefile puts the lists. */
#define EMBED(symbol, file)                                                              \
    __asm__(".section .rodata\n"                                                         \
            "agent_list_" #symbol ":\n"                                                  \
            ".incbin \"" LIST_DIR file "\"\n"                                            \
            "agent_list_" #symbol "_end:\n"                                              \
            ".byte 0\n"                                                                  \
            ".previous\n");                                                              \
    __attribute__((visibility("hidden"))) extern const char agent_list_##symbol[],       \
        agent_list_##symbol##_end[];

EMBED(agents, "agents.list")
EMBED(bots, "bots.list")
EMBED(scan, "agents.scan")

struct embedded {
    const char *at, *end;
};

static struct slice slice_of_embedded(struct embedded e)
{
    return (struct slice){e.at, (size_t)(e.end - e.at)};
}

struct slice agent_list_built_in(enum agent_list_kind list)
{
    static const struct embedded lists[] = {
        [AGENT_LIST_AGENTS] = {agent_list_agents, agent_list_agents_end},
        [AGENT_LIST_BOTS] = {agent_list_bots, agent_list_bots_end}};

    return slice_of_embedded(lists[list]);
}

struct slice agent_scan_built_in(void)
{
    return slice_of_embedded((struct embedded){agent_list_scan, agent_list_scan_end});
}

static void put_away(struct slice text)
{
    const uintptr_t page = 4096;
    uintptr_t from = ((uintptr_t)text.at + page - 1) / page * page,
              until = (uintptr_t)(text.at + text.length) / page * page;

    if (from < until)
        (void)madvise((void *)from, until - from, MADV_DONTNEED);
}

void agent_built_in_put_away(void)
{
    put_away(agent_list_built_in(AGENT_LIST_AGENTS));
    put_away(agent_list_built_in(AGENT_LIST_BOTS));
    put_away(agent_scan_built_in());
}
