/* `luotctl classify`: what luot makes of the lines of a file, by the daemon's own code and
 * lists. One line in, one JSON object out, as they come. */
#include "luotctl_classify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "luotctl_run.h"

enum { LINE_MAX_BYTES = 65536, OBJECT_MAX_BYTES = 6 * LINE_MAX_BYTES + 4096 };

static const struct classifier *const classifiers[] = {&classify_agents};

void classify_member(struct buffer *b, const char *name, struct slice text)
{
    if (text.length == 0)
        return;
    buffer_format(b, ",\"%s\":", name);
    buffer_json(b, text);
}

static const struct classifier *find(const char *word)
{
    for (size_t i = 0; i < sizeof classifiers / sizeof classifiers[0]; i++)
        if (strcmp(classifiers[i]->word, word) == 0)
            return classifiers[i];
    return NULL;
}

/* The next line without its end, cut at LINE_MAX_BYTES; false at the file's end. */
static bool next_line(FILE *from, char *memory, struct slice *ret_line)
{
    size_t n = 0;
    int c;

    while ((c = getc(from)) != EOF && c != '\n')
        if (n < LINE_MAX_BYTES)
            memory[n++] = (char)c;
    if (n > 0 && memory[n - 1] == '\r')
        n--;
    *ret_line = (struct slice){memory, n};
    return c != EOF || n > 0;
}

static int classify_lines(const struct luotctl *ctl, const struct classifier *classifier,
                          void *context, FILE *from)
{
    char *memory = malloc(LINE_MAX_BYTES + OBJECT_MAX_BYTES);
    struct slice line;
    struct buffer b;

    if (memory == NULL)
        return luotctl_fail(ctl, EX_OSERR, "there is not enough memory");
    while (next_line(from, memory, &line)) {
        buffer_init(&b, memory + LINE_MAX_BYTES, OBJECT_MAX_BYTES);
        classifier->tell(context, line, &b);
        buffer_byte(&b, '\n');
        fwrite(b.at, 1, b.length, ctl->out);
    }
    free(memory);
    return ferror(from) ? luotctl_fail(ctl, EX_IOERR, "reading failed; try it again") : 0;
}

int luotctl_classify(const struct luotctl *ctl, const struct invocation *i)
{
    const struct classifier *classifier = find(i->word[0]);
    const char *path = i->words > 1 ? i->word[1] : "-";
    char sentence[CLASSIFY_SENTENCE_MAX];
    FILE *from = stdin;
    void *context;
    int rv;

    if (classifier == NULL)
        return luotctl_fail(ctl, EX_USAGE,
                            "this cannot be classified; see `luotctl help classify`");
    rv = classifier->open(&context, i, sentence);
    if (rv != 0)
        return luotctl_fail(ctl, rv, sentence);
    if (strcmp(path, "-") != 0)
        from = fopen(path, "re");
    if (from == NULL) {
        snprintf(sentence, sizeof sentence, "%.500s: %s", path, strerror(errno));
        rv = luotctl_fail(ctl, EX_NOINPUT, sentence);
    } else {
        rv = classify_lines(ctl, classifier, context, from);
    }
    if (from != NULL && from != stdin)
        fclose(from);
    classifier->close(context);
    return rv;
}
