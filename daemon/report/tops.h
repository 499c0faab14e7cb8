/* Floor 3 (report). The tops of a site over a range of days, as a document, a table for a
 * spreadsheet and one for people. Rows and `other` add up to `total`; no row lacks more
 * views than `error`, and no key that is not listed had more than `error` and the last row
 * together. */
#ifndef LUOT_REPORT_TOPS_H
#define LUOT_REPORT_TOPS_H

#include "count/top_sum.h"
#include "report/document.h"

struct tops {
    struct slice site;
    enum dimension of;
    int64_t from_day, until_day; /* [from, until) */
    const struct zone *zone;
    const struct top_sum *sum; /* finished                                      */
    uint64_t min_visitors;     /* rows with fewer are in `other`; 0: all listed */
};

/* Bytes that are enough for any of the three. */
size_t tops_limit(const struct top_sum *sum);
void tops_json(struct buffer *out, const struct tops *t, const struct document *d);
/* RFC 4180 with a byte order mark, for spreadsheets; a key that one would take for a
 * formula begins with an apostrophe. */
void tops_csv(struct buffer *out, const struct tops *t);
void tops_text(struct buffer *out, const struct tops *t);
/* Of today, the first rows of each dimension, bots or all others. */
void tops_of_today_json(struct json_out *j, const struct site *s,
                        const struct document *d, bool bots);

#endif
