/* Times when nobody counted: noted at start, read for documents. */
#include <string.h>

#include "base/error.h"
#include "store/history.h"

enum { GAP_S = 12 };

int history_gap(struct store *store, int64_t arena_last_alive_ms, struct instant now)
{
    int64_t now_s = instant_seconds(now), last = 0;
    int rv = store->ops->last_alive(store, &last);

    if (rv != 0 && rv != ERR_NOT_FOUND)
        return rv;
    if (arena_last_alive_ms / 1000 > last)
        last = arena_last_alive_ms / 1000;
    if (last == 0 || now_s - last < GAP_S)
        return 0;
    return store->ops->gap_add(store, last, now_s);
}

int history_gap_late(struct store *store, int64_t arena_last_alive_ms,
                     struct instant started)
{
    int64_t last = arena_last_alive_ms / 1000, started_s = instant_seconds(started);

    if (last == 0 || started_s - last < GAP_S)
        return 0;
    return store->ops->gap_add(store, last, started_s);
}

struct gap_list {
    struct time_span *gap;
    size_t count, limit;
};

static int keep_gap(void *context, int64_t from_s, int64_t until_s)
{
    struct gap_list *list = context;
    struct time_span *last = list->count == 0 ? NULL : &list->gap[list->count - 1];

    if (last != NULL && from_s <= last->until_s) {
        if (until_s > last->until_s)
            last->until_s = until_s;
        return 0;
    }
    if (list->count == list->limit) { /* the oldest goes */
        memmove(list->gap, list->gap + 1, (list->limit - 1) * sizeof *list->gap);
        list->count--;
    }
    list->gap[list->count++] = (struct time_span){from_s, until_s};
    return 0;
}

int history_gaps(struct store *store, int64_t from_s, int64_t until_s,
                 struct time_span *ret_gaps, size_t limit, size_t *ret_count)
{
    struct gap_list list = {.gap = ret_gaps, .limit = limit};
    int rv = store->ops->gaps(store, from_s, until_s, keep_gap, &list);

    *ret_count = list.count;
    return rv;
}
