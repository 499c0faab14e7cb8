/* Floor 4 (keep). The keeper: one thread, 10 ticks a second, no I/O ever but backing
 * memory. It rolls slots into quarter-hours, grows tables, turns keys over, scans windows
 * and takes up a reload; every step may be late, run twice or be killed inside. With a
 * test's clock file it ticks 200 times a second, so that stepped time is kept up with. */
#ifndef LUOT_KEEP_KEEPER_H
#define LUOT_KEEP_KEEPER_H

#include "base/clock.h"
#include "count/registry.h"

struct keeper;

struct keeper_options {
    struct registry *registry;
    struct arena *arena;
    struct clock *clock;
    unsigned workers;
    /* After each tick: the watchdog is fed from here; may be NULL. */
    void (*tick)(void *context);
    void *context;
};

int keeper_start(struct keeper **ret_keeper, const struct keeper_options *options);
/* Any thread, outside a turn: tick now, somebody needs room. */
void keeper_ring(struct keeper *k);
/* Any thread: luot's time at the last tick; 0: none yet. */
struct instant keeper_as_of(const struct keeper *k);
void keeper_stop(struct keeper *k); /* NULL is a no-op */

#endif
