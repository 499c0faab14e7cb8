/* One day's tops in an arena of its own, a keeper whose graces are over at once, and the
 * table read into rows with their keys. Whatever cannot be set up aborts. */
#ifndef LUOT_TESTS_LIB_TOPK_PLACE_H
#define LUOT_TESTS_LIB_TOPK_PLACE_H

#include "count/topk.h"
#include "lib/scratch.h"

struct topk_place {
    struct scratch dir;
    struct arena *arena;
    struct topk_table table;
    uint64_t ticket, begun, over;
};

struct place_row {
    char key[NAME_MAX_BYTES + 1];
    uint64_t views, visitors, lacks;
};

struct place_top {
    struct place_row row[TOPK_LIST_MAX];
    unsigned count;
    uint64_t total, error, sum; /* sum: of the rows' views */
};

void topk_place_open(struct topk_place *p);
void topk_place_close(struct topk_place *p);
/* A tick of the keeper: a step of a purge waits for the next one. */
void topk_place_tick(struct topk_place *p);
void topk_place_add(struct topk_place *p, enum dimension d, const char *key,
                    bool visitor);
void topk_place_read(const struct topk_place *p, enum dimension d,
                     struct place_top *ret_top);
/* NULL: it is not there. */
const struct place_row *place_row_of(const struct place_top *top, const char *key);

#endif
