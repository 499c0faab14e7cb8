/* Floor 0 (base). A file of the tz database (TZif, RFC 8536) as it lies in memory: its
 * 64-bit block, checked. For zone.c. */
#ifndef LUOT_BASE_TZIF_H
#define LUOT_BASE_TZIF_H

#include "base/slice.h"

struct tzif {
    size_t count;        /* transitions, in ascending order                         */
    int32_t before;      /* seconds east of UTC before the first one                */
    struct slice footer; /* the POSIX TZ string without its line ends, may be empty */
    const char *times;   /* count * 8 bytes, then an index byte each                */
    const char *types;   /* 6 bytes each                                            */
};

/* The result points into `file`. ERR_MALFORMED: no TZif, version 1, cut short, not in
 * order, an index or an offset that cannot be (RFC 8536: -25 h to 26 h), or a file that
 * counts leap seconds, which unix time does not. */
int tzif_parse(struct tzif *ret_tzif, struct slice file);
int64_t tzif_time(const struct tzif *t, size_t i);
/* Seconds east of UTC from the i-th transition on. */
int32_t tzif_offset(const struct tzif *t, size_t i);

#endif
