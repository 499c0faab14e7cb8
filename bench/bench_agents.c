/* What does it cost to tell an agent, remembered and new, and to make the lists ready?
 *
 * "remembered" tells 1,000 agents (agents.h) again and again; "new" never tells one twice.
 * Nanoseconds of CPU, best of 5 passes.
 *
 *   bench_agents              the table
 *   bench_agents WHAT TIMES   one pass, for callgrind (bench/README.md): WHAT is remembered,
 *                             new or nothing (the agents are only made) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agents.h"
#include "base/hash.h"
#include "identify/agent.h"

enum { REMEMBERED = 1000, TOLD = 50000, PASSES = 5, WARM = 2400, WARM_FROM = 1000000 };

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* As luotd has them some seconds after its start: what is asked often is machine code. */
static void warm_up(struct agents *agents)
{
    char text[AGENT_BYTES];

    for (unsigned i = 0; i < WARM; i++)
        agents_tell(agents, 0, agents_write(text, AGENT_FORMS, WARM_FROM + i));
    for (unsigned second = 0; second < 10; second++)
        agents_quicken(agents);
    agents_forget(agents, 0);
}

/* Where callgrind collects. */
__attribute__((noinline)) static size_t measured(const struct agents *agents,
                                                 const struct slice *text, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; agents != NULL && i < count; i++)
        bytes += agents_tell(agents, 0, text[i]).browser.length;
    return bytes;
}

static struct slice *make_agents(unsigned first, unsigned distinct, size_t count)
{
    char *memory = malloc((size_t)distinct * AGENT_BYTES);
    struct slice *text = malloc(count * sizeof *text);

    if (memory == NULL || text == NULL)
        abort();
    for (unsigned i = 0; i < distinct; i++)
        text[i] = agents_write(memory + (size_t)i * AGENT_BYTES, AGENT_FORMS, first + i);
    for (size_t i = distinct; i < count; i++)
        text[i] = text[i % distinct];
    return text;
}

static double pass(const struct agents *agents, unsigned first, unsigned distinct)
{
    struct slice *text = make_agents(first, distinct, TOLD);
    double began;

    if (distinct < TOLD)
        measured(agents, text, distinct);
    began = cpu_ns();
    measured(agents, text, TOLD);
    return (cpu_ns() - began) / TOLD;
}

static void table(const struct agents *agents)
{
    double remembered = 1e9, new = 1e9;

    for (unsigned i = 0; i < PASSES; i++) {
        double r = pass(agents, 0, REMEMBERED), n = pass(agents, i * TOLD, TOLD);

        remembered = r < remembered ? r : remembered;
        new = n < new ? n : new;
    }
    printf("remembered   %8.1f ns\nnew          %8.1f ns\n", remembered, new);
}

static unsigned resident_kb(void)
{
    unsigned long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file != NULL && fscanf(file, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    if (file != NULL)
        fclose(file);
    return (unsigned)(resident * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
}

int main(int argc, char **argv)
{
    static const struct slice built_in[2];
    const char *what = argc > 1 ? argv[1] : "";
    size_t times = argc > 2 ? strtoul(argv[2], NULL, 10) : TOLD;
    unsigned before = resident_kb();
    enum agent_list_kind wrong;
    char trouble[AGENT_TROUBLE_MAX];
    struct agents *agents;
    struct slice *text;
    double began;

    if (hash_start() != 0)
        return 1;
    began = cpu_ns();
    if (agents_new(&agents, built_in, 1, &wrong, trouble) != 0) {
        fprintf(stderr, "bench_agents: %s\n", trouble);
        return 1;
    }
    if (argc < 2) {
        printf("made ready   %8.1f ms, %u KiB resident\n", (cpu_ns() - began) / 1e6,
               resident_kb() - before);
        warm_up(agents);
        table(agents);
        return 0;
    }
    warm_up(agents);
    text = make_agents(0, strcmp(what, "new") == 0 ? (unsigned)times : REMEMBERED, times);
    if (strcmp(what, "remembered") == 0)
        for (unsigned i = 0; i < REMEMBERED; i++)
            agents_tell(agents, 0, text[i]);
    printf("%zu\n", measured(strcmp(what, "nothing") == 0 ? NULL : agents, text, times));
    return 0;
}
