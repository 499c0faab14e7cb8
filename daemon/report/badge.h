/* Floor 3 (report). One number of the box as an image, for pages that take nothing but
 * images: what it is on the left, the number on the right. SVG without a script, a style or
 * a font of its own; how wide its words are is estimated, and the reader's font is then made
 * to fit that. */
#ifndef LUOT_REPORT_BADGE_H
#define LUOT_REPORT_BADGE_H

#include "report/box.h"

void badge_svg(struct buffer *out, const struct widget *w, enum box_row row,
               const struct box_wish *wish);
/* How wide a text is in 11 px of a common sans serif, in tenths of a px; for its tests. */
unsigned badge_text_width(struct slice text);

#endif
