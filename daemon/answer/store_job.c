#include "answer/store_job.h"

#include <stdlib.h>

#include "base/error.h"

void store_job_error(const struct store_job *j, const char *name, const char *sentence)
{
    destination_error(&j->to, 503, name, sentence);
}

static void run(struct job *job, struct store *store, struct instant now, bool canceled)
{
    struct store_job *j = (struct store_job *)job;

    if (canceled)
        store_job_error(j, "stopping", store_error_message(ERR_CANCELED));
    else if (store == NULL && !j->no_store)
        store_job_error(
            j, "no_store",
            "luotd runs with store = none, so there is nowhere to keep that; set "
            "`store` in luotd.conf and restart luotd");
    else
        j->work(j, store, now);
    free(j->document);
    free(j);
}

struct store_job *store_job_new(const struct asked_command *c, struct site *site,
                                store_job_fn *work)
{
    struct store_job *j = calloc(1, sizeof *j);

    if (j == NULL) {
        command_error(c, "memory", "there is not enough memory; try again");
        return NULL;
    }
    j->job.run = run;
    j->job.operators = true;
    j->work = work;
    j->service = c->service;
    j->to = c->to;
    j->site = site;
    j->json = c->json;
    j->uid = (uint32_t)c->uid;
    return j;
}

void store_job_submit(struct store_job *j)
{
    int rv = j->service->submit(j->service->context, &j->job);

    if (rv == 0)
        return;
    store_job_error(j, rv == ERR_CANCELED ? "stopping" : "busy",
                    rv == ERR_CANCELED
                        ? store_error_message(rv)
                        : "too many questions at once; try again in a second");
    free(j->document);
    free(j);
}

void store_job_answer(const struct store_job *j, const struct buffer *out)
{
    if (buffer_error(out) == 0)
        destination_document(&j->to, buffer_written(out));
    else
        store_job_error(j, "memory", "the answer is too long");
}
