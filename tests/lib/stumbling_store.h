/* A store that is another one until its n-th step, which fails: a row that is dumped or
 * loaded, a question, a mark. It keeps marks and looks at what other runs counted, as Redis
 * does, whatever the other one is. One thread at a time. */
#ifndef LUOT_TESTS_STUMBLING_STORE_H
#define LUOT_TESTS_STUMBLING_STORE_H

#include "store/store.h"

enum { STUMBLING_MARKS = 16 };

struct stumbling_store {
    struct store store;
    struct store *inner; /* closed with it                  */
    unsigned steps;      /* that were asked for             */
    unsigned fail_at;    /* this one fails; 0: none does    */
    bool stays;          /* and all later ones              */
    const char *broken;  /* the key of a site that fails always; NULL: none */
    char mark[STUMBLING_MARKS][64];
    int64_t said[STUMBLING_MARKS]; /* what each mark was told */
    unsigned marks;
};

void stumbling_store_init(struct stumbling_store *s, struct store *inner);

#endif
