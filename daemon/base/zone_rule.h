/* Floor 0 (base). The footer of a TZif file: a POSIX TZ string, the rule for all times
 * after the file's last transition, like "CET-1CEST,M3.5.0,M10.5.0/3" or "<+07>-7". For
 * zone.c. */
#ifndef LUOT_BASE_ZONE_RULE_H
#define LUOT_BASE_ZONE_RULE_H

#include "base/slice.h"

enum zone_rule_form {
    ZONE_RULE_JULIAN, /* Jn:     day 1..365, 29 February is never counted   */
    ZONE_RULE_DAY,    /* n:      day 0..365, it is                          */
    ZONE_RULE_MONTH   /* Mm.w.d: weekday d (0 = Sunday) of week w (5: last) */
};

struct zone_rule_change {
    enum zone_rule_form form;
    unsigned day;   /* Jn, n and the d of Mm.w.d */
    unsigned week;  /* Mm.w.d                    */
    unsigned month; /* Mm.w.d                    */
    int32_t time;   /* seconds from that day's 00:00, -167 h to 167 h, by the clock as it
                       goes before the change */
};

struct zone_rule {
    int32_t standard; /* seconds east of UTC                            */
    bool has_summer;  /* false: that is all                             */
    int32_t summer;   /* seconds east; may be west of standard (Dublin) */
    struct zone_rule_change begin, end; /* of summer */
};

/* ERR_MALFORMED. Names may be quoted: <+07>. */
int zone_rule_parse(struct zone_rule *ret_rule, struct slice text);
/* When summer begins and ends by the rules of `year`, in unix seconds; either may come
 * first. */
int64_t zone_rule_begin(const struct zone_rule *r, int year);
int64_t zone_rule_end(const struct zone_rule *r, int year);

#endif
