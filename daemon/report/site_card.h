/* Floor 3 (report). One site for who operates it: its settings in force, what it is, and
 * the numbers of its box. */
#ifndef LUOT_REPORT_SITE_CARD_H
#define LUOT_REPORT_SITE_CARD_H

#include "report/document.h"

enum { SITE_CARD_BYTES = 8192 };

void site_card_json(struct buffer *out, const struct site *s, const struct document *d);
void site_card_text(struct buffer *out, const struct site *s, const struct document *d);

#endif
