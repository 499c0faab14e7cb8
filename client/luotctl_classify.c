#include "luotctl_classify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const struct classifier *const KINDS[] = {&classify_addresses, &classify_agents,
                                                 &classify_referrers};

static const struct classifier *find_kind(const char *word)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (strcmp(KINDS[i]->kind, word) == 0)
            return KINDS[i];
    return NULL;
}

/* Up to a line's end or the file's; false at the end of all. */
static bool next_line(FILE *in, char line[CLASSIFY_LINE_MAX], struct slice *ret_line)
{
    size_t length = 0;
    int c = getc(in);

    if (c == EOF)
        return false;
    for (; c != EOF && c != '\n'; c = getc(in))
        if (length < CLASSIFY_LINE_MAX)
            line[length++] = (char)c;
    while (length > 0 && line[length - 1] == '\r')
        length--;
    *ret_line = (struct slice){line, length};
    return true;
}

static int show_lines(const struct luotctl *ctl, const struct classifier *kind,
                      void *opened, FILE *in)
{
    char line[CLASSIFY_LINE_MAX];
    struct slice text;

    while (next_line(in, line, &text))
        kind->show(opened, ctl->out, text);
    return ferror(in) ? luotctl_fail(ctl, EX_IOERR, "the lines could not be read") : 0;
}

int luotctl_classify(const struct luotctl *ctl, const struct invocation *i)
{
    const struct classifier *kind = find_kind(i->word[0]);
    const char *file = i->words > 1 && strcmp(i->word[1], "-") != 0 ? i->word[1] : NULL;
    char sentence[512];
    FILE *in = stdin;
    void *opened;
    int rv;

    if (kind == NULL)
        return luotctl_fail(ctl, EX_USAGE,
                            "that cannot be classified; see `luotctl help classify`");
    if (file != NULL && (in = fopen(file, "re")) == NULL) {
        snprintf(sentence, sizeof sentence, "%.300s: %s", file, strerror(errno));
        return luotctl_fail(ctl, EX_NOINPUT, sentence);
    }
    opened = kind->open(i, sentence);
    rv = opened == NULL ? luotctl_fail(ctl, EX_CONFIG, sentence)
                        : show_lines(ctl, kind, opened, in);
    if (opened != NULL)
        kind->close(opened);
    if (file != NULL)
        fclose(in);
    return rv;
}
