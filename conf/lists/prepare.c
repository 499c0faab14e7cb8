/* Makes agents.scan: what one pass over an agent looks for, compiled once, where luotd is
 * built.
 *   prepare AGENTS_LIST BOTS_LIST OUTPUT */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "identify/agent_scan.h"

enum { LIST_BYTES_MAX = 4 << 20 };

static struct slice read_all(const char *path, char *memory)
{
    FILE *file = fopen(path, "re");
    size_t length = file == NULL ? 0 : fread(memory, 1, LIST_BYTES_MAX, file);

    if (file != NULL)
        fclose(file);
    return (struct slice){memory, length};
}

static int write_all(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "we");
    bool written = file != NULL && fwrite(bytes, 1, length, file) == length;

    if (file != NULL && fclose(file) != 0)
        written = false;
    return written ? 0 : ERR_IO;
}

/* `memory` has room for both lists. */
static int prepare(char **paths, char *memory, char trouble[AGENT_TROUBLE_MAX])
{
    struct agent_rows rows = {0};
    char *bytes = NULL;
    size_t length = 0;
    int rv = 0;

    for (int i = 0; rv == 0 && i < 2; i++)
        rv = agent_rows_read(&rows, (enum agent_list_kind)i,
                             read_all(paths[i], memory + (size_t)i * LIST_BYTES_MAX),
                             trouble);
    if (rv == 0)
        rv = agent_rows_sort(&rows);
    if (rv == 0)
        rv = agent_scan_prepare(&rows, &bytes, &length);
    if (rv == 0)
        rv = write_all(paths[2], bytes, length);
    free(bytes);
    agent_rows_free(&rows);
    return rv;
}

int main(int argc, char **argv)
{
    char trouble[AGENT_TROUBLE_MAX] = "", *memory = malloc(2 * LIST_BYTES_MAX);
    int rv = argc != 4 ? ERR_MALFORMED : memory == NULL ? ERR_NOMEM : 0;

    if (rv == 0)
        rv = prepare(argv + 1, memory, trouble);
    free(memory);
    if (rv != 0)
        fprintf(stderr, "prepare: %s\n", trouble[0] != '\0' ? trouble : error_text(rv));
    return rv == 0 ? 0 : 1;
}
