/* Floor 4 (answer). A store as a timeline's source: report/ does not know stores. */
#ifndef LUOT_ANSWER_HISTORY_SOURCE_H
#define LUOT_ANSWER_HISTORY_SOURCE_H

#include "answer/service.h"
#include "report/timeline.h"

struct history_source {
    struct store *store;
    const struct site *site;
};

/* The source points into *ret_context. Reader thread. 0, or the store's error. */
int history_source_open(struct timeline_source *ret_source,
                        struct history_source *ret_context, struct store *store,
                        const struct site *site);

#endif
