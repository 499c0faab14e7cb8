/* Floor 0 (base). Memory that is wanted in a moment: asked for now, so that what is done
 * meanwhile hides the wait. Reads nothing; any address is allowed. */
#ifndef LUOT_BASE_PREFETCH_H
#define LUOT_BASE_PREFETCH_H

static inline void prefetch_to_read(const void *at)
{
    __builtin_prefetch(at, 0);
}

static inline void prefetch_for_write(const void *at)
{
    __builtin_prefetch(at, 1);
}

#endif
