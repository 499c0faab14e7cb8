/* Floor 3 (report). Documents as bytes: what every one of them says beside its own
 * numbers. All times are unix seconds; a span is half-open. Writers here know the sites
 * (count/) and nothing of sockets or stores; what does not fit is the buffer's error. */
#ifndef LUOT_REPORT_DOCUMENT_H
#define LUOT_REPORT_DOCUMENT_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/readers.h"
#include "count/site.h"
#include "identify/geo.h"
#include "report/json.h"

struct document {
    struct instant now;
    bool durable;                 /* what was counted a moment ago is on the disk */
    bool whole;                   /* small numbers of visitors are shown too      */
    int64_t saved_s;              /* when the last save was that had all; 0: never */
    unsigned nodes;               /* that counted what is said                    */
    const struct geo_info *geo;   /* of the country database; NULL: there is none */
    const struct time_span *gaps; /* nobody counted then; ascending; may be NULL  */
    size_t gap_count;
};

/* What is the same for as long as the numbers are: a hash of the document without its
 * as_of. */
uint64_t document_hash(struct slice bytes);
/* The first second with a number, counted or imported; false: none yet. */
bool site_since(const struct site *s, int64_t *ret_since_s);
/* What people read: the title, or the key (of an auto site: its host). Lives as long as
 * the site's terms: a turn, or a second. */
const char *site_title(const struct site *s);
/* May everybody read its documents? */
bool site_is_public(const struct site *s);
/* May this reader, by either of its keys or by its group? NULL may not. */
bool site_is_open_to(const struct site *s, const struct reader *reader);
/* When its visitors began to be recognised: not before this arena, nor before the key. */
int64_t site_identity_since(const struct site *s, struct instant now);
/* "durable", and "durable_until": null, or since when nothing could be saved. */
void durable_json(struct json_out *j, const struct document *d);
/* "key":{"views","visits","visitors"} */
void metrics_json(struct json_out *j, const char *key, const uint64_t n[METRIC_KINDS]);
const char *metric_word(enum metric metric);
/* ERR_NOT_FOUND. */
int metric_parse(enum metric *ret_metric, struct slice word);
/* "geo":{"type","built","attribution"} or null: where countries are from, and whom its
 * licence wants named beside them. */
void geo_json(struct json_out *j, const struct geo_info *geo);
/* "key":[[from,until],...] of the gaps that overlap [from_s, until_s). */
void gaps_json(struct json_out *j, const char *key, const struct document *d,
               int64_t from_s, int64_t until_s);

#endif
