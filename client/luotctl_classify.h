/* `luotctl classify`: what luot makes of User-Agents, referrers and so on, without a luotd:
 * a line each in, a line of JSON each out. */
#ifndef LUOT_LUOTCTL_CLASSIFY_H
#define LUOT_LUOTCTL_CLASSIFY_H

#include "luotctl_run.h"

enum {
    CLASSIFY_LINE_MAX = 8192 /* bytes of a line; of a longer one the rest is left out */
};

/* One kind: opened once, asked for each line. */
struct classifier {
    const char *kind; /* as it is typed: `classify referrers` */
    /* What is asked below; NULL with a sentence of at most 512 bytes. */
    void *(*open)(const struct invocation *i, char ret_sentence[512]);
    /* The line, without its end; prints one line of JSON. */
    void (*show)(void *opened, FILE *out, struct slice line);
    void (*close)(void *opened);
};

/* A file each: luotctl_classify_addresses.c and so on. */
extern const struct classifier classify_addresses;
extern const struct classifier classify_agents;
extern const struct classifier classify_referrers;

#endif
