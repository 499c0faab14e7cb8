#include "identify/agent_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

static int say(char ret_trouble[AGENT_FILE_TROUBLE_MAX], const char *path, int rv,
               const char *why)
{
    snprintf(ret_trouble, AGENT_FILE_TROUBLE_MAX, "%.511s: %s", path, why);
    return rv;
}

/* *ret_text is the caller's to free. An empty path gives an empty text. */
static int read_file(const char *path, char **ret_text, size_t *ret_length,
                     char ret_trouble[AGENT_FILE_TROUBLE_MAX])
{
    char *text = NULL;
    size_t length = 0;
    FILE *file;
    int rv = 0;

    *ret_text = NULL;
    *ret_length = 0;
    if (path[0] == '\0')
        return 0;
    file = fopen(path, "re");
    if (file == NULL)
        return say(ret_trouble, path, error_from_errno(errno), strerror(errno));
    text = malloc(AGENT_FILE_BYTES_MAX + 1);
    if (text != NULL)
        length = fread(text, 1, AGENT_FILE_BYTES_MAX + 1, file);
    if (text == NULL)
        rv = say(ret_trouble, path, ERR_NOMEM, error_text(ERR_NOMEM));
    else if (ferror(file))
        rv = say(ret_trouble, path, ERR_IO, strerror(errno));
    else if (length > AGENT_FILE_BYTES_MAX)
        rv = say(ret_trouble, path, ERR_TOO_LONG, "the list is larger than 4 MiB");
    else if (length == 0)
        rv = say(ret_trouble, path, ERR_MALFORMED, "the file is empty");
    fclose(file);
    if (rv != 0) {
        free(text);
        return rv;
    }
    *ret_text = text;
    *ret_length = length;
    return 0;
}

int agents_open(struct agents **ret_agents, const char *agent_list, const char *bot_list,
                unsigned lanes, char ret_trouble[AGENT_FILE_TROUBLE_MAX])
{
    const char *path[2] = {
        [AGENT_LIST_AGENTS] = agent_list, [AGENT_LIST_BOTS] = bot_list};
    char why[AGENT_TROUBLE_MAX], *text[2] = {NULL, NULL};
    enum agent_list_kind wrong = AGENT_LIST_AGENTS;
    struct slice lists[2];
    int rv = 0;

    for (int i = 0; rv == 0 && i < 2; i++)
        rv = read_file(path[i], &text[i], &lists[i].length, ret_trouble);
    if (rv == 0) {
        for (int i = 0; i < 2; i++)
            lists[i].at = text[i];
        rv = agents_new(ret_agents, lists, lanes, &wrong, why);
        if (rv != 0)
            say(ret_trouble, path[wrong][0] != '\0' ? path[wrong] : "the built-in list",
                rv, why);
    }
    free(text[0]);
    free(text[1]);
    return rv;
}
