/* audit: who changed what. */
#include <stdlib.h>

#include "answer/store_job.h"
#include "base/error.h"
#include "report/series.h"

enum { AUDIT_BYTES = 1 << 16, AUDIT_BYTES_MAX = 1 << 26 };

struct audit_out {
    struct buffer b;
    struct json_out out;
    const struct zone *zone;
    bool json;
};

/* A note may hold anything: it gets no line and no colour of its own. */
static void audit_line(struct audit_out *a, int64_t at_s, uint32_t uid, const char *what)
{
    local_time_write(&a->b, at_s, a->zone);
    buffer_format(&a->b, " uid=%u ", (unsigned)uid);
    for (; *what != '\0'; what++)
        buffer_byte(&a->b, (unsigned char)*what < ' ' || *what == 0x7F ? '?' : *what);
    buffer_byte(&a->b, '\n');
}

static int audit_row(void *context, int64_t at_s, uint32_t uid, const char *what)
{
    struct audit_out *a = context;

    if (!a->json) {
        audit_line(a, at_s, uid, what);
        return 0;
    }
    json_out_object(&a->out, NULL);
    json_out_signed(&a->out, "at", at_s);
    json_out_number(&a->out, "uid", uid);
    json_out_text(&a->out, "what", what);
    json_out_object_end(&a->out);
    return 0;
}

static int audit_write(struct audit_out *a, const struct store_job *j,
                       struct store *store)
{
    struct slice key = slice_of(j->site->block->key);
    int rv;

    if (!a->json)
        return store->ops->audit(store, key, audit_row, a);
    json_out_init(&a->out, &a->b);
    json_out_object(&a->out, NULL);
    json_out_slice(&a->out, "site", key);
    json_out_array(&a->out, "rows");
    rv = store->ops->audit(store, key, audit_row, a);
    json_out_array_end(&a->out);
    json_out_object_end(&a->out);
    buffer_byte(&a->b, '\n');
    return rv;
}

/* Asked again with more memory until it fits. */
static void work_audit(struct store_job *j, struct store *store, struct instant now)
{
    struct audit_out a = {.json = j->json};
    struct zone *zone = NULL;
    char *memory = NULL;
    int rv = zone_load(
        &zone, slice_of(atomic_load_explicit(&j->site->terms, memory_order_acquire)
                            ->config.timezone));

    (void)now;
    a.zone = zone;
    a.b.error = ERR_FULL;
    for (size_t limit = AUDIT_BYTES;
         rv == 0 && buffer_error(&a.b) != 0 && limit <= AUDIT_BYTES_MAX; limit *= 4) {
        free(memory);
        memory = malloc(limit);
        rv = memory == NULL ? ERR_NOMEM : 0;
        buffer_init(&a.b, memory, memory == NULL ? 0 : limit);
        if (rv == 0)
            rv = audit_write(&a, j, store);
    }
    if (rv != 0)
        store_job_error(j, "store", store_error_message(rv));
    else
        store_job_answer(j, &a.b);
    free(memory);
    zone_free(zone);
}

void command_audit(struct asked_command *c)
{
    struct site *site = command_site_at(c, 0);
    struct store_job *j;

    if (site == NULL)
        return;
    j = store_job_new(c, site, work_audit);
    if (j != NULL)
        store_job_submit(j);
}
