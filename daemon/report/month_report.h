/* Floor 3 (report). The monthly report: a row a site, rows that are sums of groups, and the
 * sum of all, each beside the month before and the same month of the year before.
 *
 * A month begins on `starts_on`, by each site's own calendar. Its visitors are the month's
 * own where it is a calendar month; else, and in every sum of sites, they are a sum and say
 * "deduplicated": false. Where nobody counted a number is null, never 0. A group's page is
 * the most seen of its sites' pages; it says whose. */
#ifndef LUOT_REPORT_MONTH_REPORT_H
#define LUOT_REPORT_MONTH_REPORT_H

#include "count/top_sum.h"
#include "report/document.h"
#include "report/timeline.h"

struct month_sum {
    bool known; /* false: nobody counted then */
    uint64_t metric[METRIC_KINDS];
    bool exact, deduplicated; /* the visitors */
};

/* The page that was seen most, as far as the tops of the month tell: they know `of` of its
 * views. views <= truth <= views + error; `sure`: no other page can have had more. */
struct month_page {
    char path[256]; /* "": none is known */
    uint64_t views, error, of;
    bool sure;
};

enum month_span { MONTH_NOW, MONTH_PREVIOUS, MONTH_YEAR, MONTH_SPANS };

struct month_row {
    char site[SITE_KEY_MAX + 1], title[128], group[64], host[256], tz[64];
    int64_t from_s, until_s; /* of the month                                     */
    struct month_sum sum[MONTH_SPANS];
    int64_t since_s;                /* of the site's first number; 0: it has none       */
    int64_t last_view_s;            /* 0: none is known                                 */
    int64_t adjusted[METRIC_KINDS]; /* in this month */
    struct month_page top;          /* the page that was seen most */
};

struct month_report {
    const struct month_row *row; /* in the order that they are written; by group first */
    size_t count;
    int64_t year;
    unsigned month, starts_on;
    bool previous, a_year; /* asked for */
};

/* Adds what there is: visitors become a sum. */
void month_sum_add(struct month_sum *to, const struct month_sum *sum);
/* Of points that cover it. */
void month_sum_points(struct month_sum *ret_sum, const struct timeline_point *point,
                      size_t count);
/* Of tops of the month, finished. */
void month_page_read(struct month_page *ret_page, const struct top_sum *sum);
/* The first local day of the month, so many months later. */
int64_t month_report_day(int64_t year, unsigned month, unsigned starts_on, int months);
/* Groups in the order of their names, then those without one; by title in each. */
void month_rows_sort(struct month_row *row, size_t count);
void month_report_json(struct buffer *out, const struct month_report *r,
                       const struct document *d);
size_t month_report_limit(size_t rows, size_t gaps);

#endif
