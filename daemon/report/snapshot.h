/* Floor 3 (report). snapshot.json: everything that is known of one site now. */
#ifndef LUOT_REPORT_SNAPSHOT_H
#define LUOT_REPORT_SNAPSHOT_H

#include "report/document.h"

enum { SNAPSHOT_BYTES = 384 << 10 }; /* enough for either */

void snapshot_json(struct buffer *out, const struct site *s, const struct document *d);
/* The same without tops and the names of bots: what follows a site every second. */
void snapshot_numbers_json(struct buffer *out, const struct site *s,
                           const struct document *d);
/* A table of the periods, for people. */
void snapshot_text(struct buffer *out, const struct site *s, const struct document *d);

#endif
