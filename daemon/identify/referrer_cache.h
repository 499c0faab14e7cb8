/* Floor 2 (identify). What a worker found out about the hosts that visitors come from: the
 * same few come again and again. One a worker, allocated once; a host is compared byte for
 * byte, so nobody can make one pass for another. Of a host whose paths differ the verdict
 * without a path is kept: that is all that browsers say by default. A new list empties
 * it. */
#ifndef LUOT_IDENTIFY_REFERRER_CACHE_H
#define LUOT_IDENTIFY_REFERRER_CACHE_H

#include "identify/referrer_list.h"

enum {
    REFERRER_CACHE_ROWS = 1024, /* 64 KiB */
    REFERRER_CACHED_MAX = 59    /* bytes of a host; a longer one is looked up each time */
};

struct referrer_cached {
    uint32_t length : 8, class : 8, denied : 1, by_path : 1; /* length 0: nothing */
    char host[REFERRER_CACHED_MAX + 1];
};

struct referrer_cache {
    uint64_t list_id; /* whose verdicts these are */
    struct referrer_cached row[REFERRER_CACHE_ROWS];
};

/* As referrer_list_find, of which it asks when it does not know. */
struct referrer_verdict referrer_cache_find(struct referrer_cache *cache,
                                            const struct referrer_list *list,
                                            const char *host, size_t length,
                                            struct slice path, bool app);

#endif
