/* Private to base/arena: the seam a test breaks. The daemon uses arena_open. */
#ifndef LUOT_BASE_ARENA_CALLS_H
#define LUOT_BASE_ARENA_CALLS_H

#include <sys/types.h>

#include "base/arena.h"

struct arena_calls {
    int (*fallocate)(int fd, int mode, off_t offset, off_t length); /* fallocate(2) */
    const char
        *boot_id_file; /* a text that is another one after each boot of the machine */
};

/* As arena_open; `calls` must outlive the arena. */
int arena_open_with(struct arena **ret_arena, const char *dir,
                    const struct arena_layout *layout, unsigned wait_ms,
                    const struct arena_calls *calls, struct arena_report *ret_report);

#endif
