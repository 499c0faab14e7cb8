/* Floor 3 (report). The words of the box, for box.c. In a sentence `#` stands for a number
 * or a name of ours. */
#ifndef LUOT_REPORT_BOX_WORDS_H
#define LUOT_REPORT_BOX_WORDS_H

#include "report/box.h"

struct box_words {
    const char *heading[3]; /* by metric: what is counted, as a heading */
    const char *noun[3];    /* the same in a sentence                   */
    const char *label[BOX_ROWS];
    const char *rolling_label;
    const char *online[2];        /* in the last # minutes; # seconds              */
    const char *period[BOX_ROWS]; /* after a noun; of BOX_WEEK # is the first weekday */
    const char *rolling_period;
    const char *visit;   /* when a new one begins, after # minutes  */
    const char *once[3]; /* a visitor: once; once a month; once a day */
    const char *weekday[7];
    const char *page; /* of one page: the views */
};

/* Static memory. */
const struct box_words *box_words(enum language language);

#endif
