/* dump, and load of one. A dump of any size is asked for in pieces, so that no answer is
 * longer than PIECE_BYTES; luotctl puts them together (client/luotctl_dump.c). */
#include <stdio.h>
#include <stdlib.h>

#include "answer/store_job.h"
#include "base/error.h"
#include "base/log.h"
#include "report/json.h"

enum { PIECE_BYTES = 8 << 20 };

static void work_dump(struct store_job *j, struct store *store, struct instant now)
{
    struct slice key = {j->document, j->length};
    char *memory = malloc(PIECE_BYTES);
    struct buffer b;
    int rv = memory == NULL ? ERR_NOMEM : 0;

    buffer_init(&b, memory, memory == NULL ? 0 : PIECE_BYTES);
    if (rv == 0)
        rv = history_dump(store, key, j->place, j->service->version, j->service->node,
                          now, &b);
    if (rv == ERR_NOT_FOUND)
        store_job_error(j, "unknown_site",
                        "the store has nothing of such a site; `sites` lists them");
    else if (rv == ERR_VERSION)
        store_job_error(j, "store", "this kind of store cannot be dumped");
    else if (rv != 0)
        store_job_error(j, "store", store_error_message(rv));
    else
        store_job_answer(j, &b);
    free(memory);
}

void command_dump(struct asked_command *c)
{
    struct dump_place from = {DUMP_NONE, 0};
    struct slice word;
    struct store_job *j;

    if (arguments_option(c->words, "from", &word) && dump_place_parse(&from, word) != 0) {
        command_usage(c, "--from is what the last line of a piece says as next=");
        return;
    }
    j = store_job_new(c, NULL, work_dump);
    if (j == NULL)
        return;
    j->place = from;
    if (c->words->places > 0) {
        word = site_names_first_key(registry_names(c->service->registry),
                                    c->words->place[0]);
        j->document = malloc(word.length + 1);
        if (j->document == NULL) {
            command_error(c, "memory", "there is not enough memory; try again");
            free(j);
            return;
        }
        memcpy(j->document, word.at, word.length);
        j->length = word.length;
    }
    store_job_submit(j);
}

static void write_result(struct buffer *b, const struct dump_result *r, bool json)
{
    struct json_out out;

    if (!json) {
        buffer_format(b, "%llu rows of %llu sites are in\n", (unsigned long long)r->rows,
                      (unsigned long long)r->sites);
        if (r->strangers > 0)
            buffer_format(b,
                          "%llu of them are kept but not shown, because no [site KEY] in "
                          "the configuration names them: %s\n",
                          (unsigned long long)r->strangers, r->strange);
        return;
    }
    json_out_init(&out, b);
    json_out_object(&out, NULL);
    json_out_number(&out, "rows", r->rows);
    json_out_number(&out, "sites", r->sites);
    json_out_number(&out, "not_configured", r->strangers);
    json_out_text(&out, "names", r->strange);
    json_out_object_end(&out);
    buffer_byte(b, '\n');
}

void work_load_dump(struct store_job *j, struct store *store, struct instant now)
{
    struct slice document = {j->document, j->length};
    struct dump_result result = {.rows = 0};
    char memory[STORE_ANSWER_BYTES];
    struct buffer b;
    int rv =
        history_load_dump(j->service->registry, store, document, j->uid, now, &result);

    if (rv != 0) {
        store_job_error(j,
                        rv == ERR_MALFORMED || rv == ERR_PARTIAL || rv == ERR_CORRUPT
                            ? "malformed"
                            : "store",
                        result.sentence[0] != '\0' ? result.sentence
                        : rv == ERR_VERSION ? "this kind of store cannot load a dump"
                                            : store_error_message(rv));
        return;
    }
    log_info("event=audit command=load uid=%u dump_sites=%llu dump_rows=%llu",
             (unsigned)j->uid, (unsigned long long)result.sites,
             (unsigned long long)result.rows);
    buffer_init(&b, memory, sizeof memory);
    write_result(&b, &result, j->json);
    store_job_answer(j, &b);
}
