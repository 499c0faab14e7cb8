/* Floor 4 (keep). One tick of the keeper, without its thread: what a test can call. */
#ifndef LUOT_KEEP_TICK_H
#define LUOT_KEEP_TICK_H

#include "keep/keeper.h"

struct ticking {
    struct keeper_options options;
    struct graces graces;
    int64_t latest_ms;        /* the latest time seen since the clock was last set back */
    uint64_t set_back_ticket; /* waiting for turns after that; 0: not                   */
    bool full;                /* the file system is: said once                          */
};

/* Follows the clock, then keeps every site. Returns the time it kept them at. */
struct instant tick(struct ticking *t);
/* Logs what was counted on days that are still to come, if anything was. */
void tick_say_ahead(const struct registry *r, struct instant now);

#endif
