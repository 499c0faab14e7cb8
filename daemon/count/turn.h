/* Floor 2 (count). Turns: the only way that the keeper learns that no worker still acts
 * on what it read before.
 *
 * A turn is one receive batch of one worker; inside it there is no system call and no
 * waiting. The word is even while the worker is idle, odd while it is inside. The words
 * live in the arena, so adoption sees who was killed inside a turn.
 *
 * What the keeper changes before a grace (floor_q, mode, linked) it stores seq_cst, and a
 * worker loads it seq_cst, after turn_begin: acquire is not enough (turn.c). */
#ifndef LUOT_COUNT_TURN_H
#define LUOT_COUNT_TURN_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { WORKERS_MAX = 64 };

struct turn_line {
    alignas(64) _Atomic uint64_t turn; /* written by its worker only */
};

struct turns {
    struct turn_line line[WORKERS_MAX];
};

/* What the keeper saw when it began to wait. */
struct grace {
    uint64_t seen[WORKERS_MAX];
    unsigned workers;
};

void turn_begin(struct turn_line *line); /* the worker's own thread */
void turn_end(struct turn_line *line);
/* Keeper only, never blocks: begin, then ask at each later tick. True: every turn that
 * was open at grace_begin has ended. */
void grace_begin(struct grace *g, struct turns *turns, unsigned workers);
bool grace_is_over(const struct grace *g, struct turns *turns);
/* Adoption, before any worker runs: stores 0 into every line. */
void turns_reset(struct turns *turns);

#endif
