#include "answer/auditing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "store/job.h"

struct audit_job {
    struct job job; /* first */
    uint32_t uid;
    char what[512];
};

static void say_kept_in_log(const struct audit_job *a, const char *error)
{
    log_warn("event=audit_failed command=\"%s\" uid=%u error=\"%s\" "
             "next=it_is_in_this_log_only",
             a->what, (unsigned)a->uid, error);
}

static void run(struct job *job, struct store *store, struct instant now, bool canceled)
{
    struct audit_job *a = (struct audit_job *)job;
    int rv = canceled        ? ERR_CANCELED
             : store == NULL ? 0 /* store = none: the log is the trail */
             : store->ops->audit_add == NULL
                 ? ERR_VERSION
                 : store->ops->audit_add(store, instant_seconds(now), a->uid, a->what);

    if (rv != 0)
        say_kept_in_log(a, error_text(rv));
    free(a);
}

void audit_done(const struct asked_command *c, const char *command, const char *words)
{
    struct audit_job *a = calloc(1, sizeof *a);
    const char *space = words[0] != '\0' ? " " : "";
    int rv;

    log_info("event=audit command=%s uid=%u%s%s", command, (unsigned)c->uid, space,
             words);
    if (a == NULL)
        return;
    a->job.run = run;
    a->job.operators = true;
    a->uid = (uint32_t)c->uid;
    snprintf(a->what, sizeof a->what, "%s%s%.300s node=%s", command, space, words,
             c->service->node);
    rv = c->service->submit(c->service->context, &a->job);
    if (rv == 0)
        return;
    say_kept_in_log(a, error_text(rv));
    free(a);
}
