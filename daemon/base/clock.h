/* Floor 0 (base). luot's time: unix milliseconds that do not jump.
 *
 * now = CLOCK_BOOTTIME + offset. The keeper compares it with the wall clock at each tick:
 * a difference of up to 2 s is followed at once; a larger one (a step) is taken after
 * three ticks that agree, and reported. With a clock file (tests) the time is the int64
 * little-endian unix milliseconds in its first 8 bytes, mapped shared, so that a test
 * steps a running daemon by writing 8 bytes. Reading is any thread's; ticking the
 * keeper's. */
#ifndef LUOT_BASE_CLOCK_H
#define LUOT_BASE_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { SLOT_MS = 12000 };

struct instant {
    int64_t ms; /* unix milliseconds, by luot's clock */
};

struct time_span {
    int64_t from_s, until_s; /* unix seconds, [from, until) */
};

struct clock {
    _Atomic int64_t offset_ms;      /* wall clock - CLOCK_BOOTTIME               */
    _Atomic uint64_t steps;         /* steps taken since start                   */
    int64_t pending_ms;             /* keeper only: the step that ticks agree on */
    unsigned agreeing;              /* keeper only: ticks that agreed so far     */
    const _Atomic int64_t *file_ms; /* a test's clock file, or NULL              */
};

/* `file` may be NULL. ERR_IO when it cannot be mapped or is shorter than 8 bytes. */
int clock_init(struct clock *c, const char *file);
void clock_release(struct clock *c);
struct instant clock_now(const struct clock *c);
/* One tick of following the wall clock. Returns the step just taken in ms, else 0. Keeper
 * only. */
int64_t clock_tick(struct clock *c);
/* The same as a pure step, for tests: what is seen on both clocks now. */
int64_t clock_follow(struct clock *c, int64_t boot_ms, int64_t wall_ms);
bool clock_is_stepped(const struct clock *c); /* true: a clock file drives it */

static inline int64_t instant_slot(struct instant t)
{
    return t.ms >= 0 ? t.ms / SLOT_MS : -((-t.ms + SLOT_MS - 1) / SLOT_MS);
}

static inline int64_t instant_seconds(struct instant t)
{
    return t.ms >= 0 ? t.ms / 1000 : -((-t.ms + 999) / 1000);
}

#endif
