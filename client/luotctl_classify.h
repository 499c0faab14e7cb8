/* What `luotctl classify` can classify: a row a kind in luotctl_classify.c, a file a kind. */
#ifndef LUOT_LUOTCTL_CLASSIFY_H
#define LUOT_LUOTCTL_CLASSIFY_H

#include "base/buffer.h"
#include "luotctl_command.h"

enum { CLASSIFY_SENTENCE_MAX = 1200 };

struct classifier {
    const char *word; /* classify WORD */
    /* What `tell` and `close` are given in *ret_context. A status of sysexits.h with a
     * sentence. */
    int (*open)(void **ret_context, const struct invocation *i,
                char ret_sentence[CLASSIFY_SENTENCE_MAX]);
    /* Writes one JSON object of one line. */
    void (*tell)(void *context, struct slice line, struct buffer *b);
    void (*close)(void *context);
};

extern const struct classifier classify_agents; /* luotctl_classify_agents.c */

/* One member of the object, where there is something to say: ,"name":"text" */
void classify_member(struct buffer *b, const char *name, struct slice text);

#endif
