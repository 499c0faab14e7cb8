/* Floor 4 (answer). A store as a timeline's source: report/ does not know stores. */
#ifndef LUOT_ANSWER_HISTORY_SOURCE_H
#define LUOT_ANSWER_HISTORY_SOURCE_H

#include "answer/service.h"
#include "report/timeline.h"

struct history_source {
    struct store *store;
    struct slice site;
};

/* The source points into *ret_context. Reader thread. 0, or the store's error. */
int history_source_open(struct timeline_source *ret_source,
                        struct history_source *ret_context, struct store *store,
                        struct slice site);
/* At most `limit` gaps that overlap [from_s, until_s), the last ones. */
int source_gaps(struct time_span *ret_gaps, size_t limit, size_t *ret_count,
                struct store *store, int64_t from_s, int64_t until_s);

#endif
