/* Floor 5. Where the arena, the socket and the database lie: what is configured, else
 * what the system offers. */
#ifndef LUOT_PLACES_H
#define LUOT_PLACES_H

#include "base/config.h"
#include "base/store_where.h"

struct places {
    char run_dir[CONFIG_TEXT_MAX + 32];
    char socket[CONFIG_TEXT_MAX + 64];
    char store[STORES_MAX][CONFIG_TEXT_MAX + 64]; /* "sqlite:PATH", "redis://..." */
    unsigned stores;                              /* how many; 0: none            */
    bool makeshift; /* run_dir is a place of last resort: say so */
};

/* Makes the directories (0750) that are missing. 0, or an error code with its
 * sentence. */
int places_find(struct places *ret_places, const struct settings *settings,
                char ret_sentence[512]);

#endif
