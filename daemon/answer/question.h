/* Floor 4 (answer). Questions whose answer needs the store, or takes long: jobs for the
 * reader thread.
 *
 * The happy path: question_ask -> service->submit -> (reader thread) what is asked is
 * read, merged with the arena's numbers, written -> its destination. It fails when: the
 * queue is full (503 busy), the store fails (503 with its sentence), luotd is
 * stopping. */
#ifndef LUOT_ANSWER_QUESTION_H
#define LUOT_ANSWER_QUESTION_H

#include "answer/destination.h"
#include "answer/rights.h"
#include "report/timeline.h"

enum question_kind { ASK_SERIES, ASK_REPORT, ASK_SITES };

struct question {
    enum question_kind kind;
    struct destination to;
    const struct site *site; /* series, report */
    enum metric metric;      /* series         */
    struct timeline_query query;
    bool since; /* from the first number on; of a series not before query.from_s */
    bool text;  /* for people (console)                                      */
    struct rights rights; /* sites: which ones                               */
};

/* How far back a series goes that does not say from when: what its step is good for. */
int64_t question_from(const struct timeline_query *query);

/* Answers q->to, now or later, exactly once: what needs no store is answered at once. Any
 * thread. */
void question_ask(const struct question *q);
/* The same as a job only; false: the queue is full (or we are stopping) and nothing was
 * answered. */
bool question_submit(const struct question *q);

#endif
