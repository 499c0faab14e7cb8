/* Floor 4 (answer). Tops over days: a job for the reader thread, which adds up what the
 * arena has of yesterday and today and what the store has of all runs.
 *
 * It fails when: the queue is full (503 busy), the store fails (503 with its sentence),
 * luotd is stopping. Without a store only today and yesterday are there. */
#ifndef LUOT_ANSWER_TOPS_QUESTION_H
#define LUOT_ANSWER_TOPS_QUESTION_H

#include "answer/destination.h"
#include "report/tops.h"

enum tops_form { TOPS_JSON, TOPS_CSV, TOPS_TEXT };

struct tops_question {
    struct destination to;
    const struct site *site;
    enum dimension of;
    int64_t from_day, until_day; /* [from, until) */
    enum tops_form form;
    bool folded; /* everybody may read: small numbers of visitors are not shown */
};

/* The days of two words, which may be empty: today alone is asked then. 0, or
 * ERR_MALFORMED (a word), ERR_RANGE (none, or more than 40,000 days). */
int tops_days(struct tops_question *q, struct slice from, struct slice to,
              struct instant now);
/* A job; false: the queue is full (or we are stopping) and nothing was answered. */
bool tops_submit(const struct tops_question *q);

#endif
