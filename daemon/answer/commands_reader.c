/* reader list: who may read private documents. Names and rights; there is no secret here. */
#include "answer/command.h"
#include "answer/rights.h"
#include "base/error.h"
#include "report/json.h"

enum { READER_BYTES = 4096 };

static void names_json(struct json_out *j, const char *key, const char *text)
{
    struct slice list = slice_of(text);

    json_out_array(j, key);
    while (list.length > 0)
        json_out_slice(j, NULL, slice_trim(slice_cut(&list, ',')));
    json_out_array_end(j);
}

static void list_json(struct buffer *out, const struct readers *readers)
{
    struct json_out j;

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_array(&j, "readers");
    for (size_t i = 0; i < readers_count(readers); i++) {
        const struct reader *r = readers_at(readers, i);

        json_out_object(&j, NULL);
        json_out_text(&j, "name", r->name);
        names_json(&j, "sites", r->sites);
        names_json(&j, "groups", r->groups);
        json_out_object_end(&j);
    }
    json_out_array_end(&j);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}

static void list_text(struct buffer *out, const struct readers *readers)
{
    for (size_t i = 0; i < readers_count(readers); i++) {
        const struct reader *r = readers_at(readers, i);

        buffer_format(out, "%-24s sites: %s; groups: %s\n", r->name,
                      r->sites[0] == '\0' ? "-" : r->sites,
                      r->groups[0] == '\0' ? "-" : r->groups);
    }
    if (readers_count(readers) == 0)
        buffer_text(out, "nobody; `luotctl reader add NAME` makes a token\n");
}

void command_reader(struct asked_command *c)
{
    const struct readers *readers = service_readers(c->service);
    struct buffer out;
    char *memory;

    if (!slice_equal(c->words->place[0], SLICE("list"))) {
        command_usage(c,
                      "only `list` is asked here; `luotctl reader add` needs no luotd");
        return;
    }
    memory = command_begin(c, &out, (readers_count(readers) + 1) * READER_BYTES);
    if (memory == NULL)
        return;
    (c->json ? list_json : list_text)(&out, readers);
    command_answer(c, &out, memory);
}
