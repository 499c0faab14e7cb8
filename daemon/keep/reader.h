/* Floor 4 (keep). The reader: one thread with its own store connection that runs jobs
 * (history, imports, seeds) in order, those of operators first, so that a slow disk delays only who asked for it. */
#ifndef LUOT_KEEP_READER_H
#define LUOT_KEEP_READER_H

#include "store/job.h"

struct reader;

/* `store` (may be NULL) is the reader's once this returns 0, closed by it. ERR_NOMEM. */
int reader_start(struct reader **ret_reader, struct store *store,
                 const struct clock *clock);
/* Any thread. 0: the job is the reader's. ERR_FULL: JOBS_MAX are waiting; ERR_CANCELED:
 * we are stopping. */
int reader_submit(struct reader *r, struct job *job);
/* Finishes the job under way (half a second more is all that its store may take), cancels
 * the rest, joins. NULL is a no-op. */
void reader_stop(struct reader *r);

#endif
