/* where: what this luotd makes of an address. */
#include "answer/command.h"
#include "report/json.h"

enum { WHERE_BYTES = 4096 };

struct place {
    char address[ADDRESS_TEXT_MAX];
    struct visit visit; /* only where it is */
    bool internal;
};

static void text_or_null(struct json_out *j, const char *key, struct slice value)
{
    if (value.length > 0)
        json_out_slice(j, key, value);
    else
        json_out_null(j, key);
}

static void place_json(struct buffer *out, const struct place *p)
{
    struct json_out j;

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_text(&j, "address", p->address);
    text_or_null(&j, "country", p->visit.key[DIM_COUNTRIES]);
    text_or_null(&j, "region", p->visit.key[DIM_REGIONS]);
    text_or_null(&j, "network", p->visit.key[DIM_NETWORKS]);
    json_out_bool(&j, "internal", p->internal);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}

static void line(struct buffer *out, const char *name, struct slice value)
{
    buffer_format(out, "%-8s ", name);
    buffer_slice(out, value.length > 0 ? value : SLICE("-"));
    buffer_byte(out, '\n');
}

static void place_text(struct buffer *out, const struct place *p)
{
    line(out, "address", slice_of(p->address));
    line(out, "country", p->visit.key[DIM_COUNTRIES]);
    line(out, "region", p->visit.key[DIM_REGIONS]);
    line(out, "network", p->visit.key[DIM_NETWORKS]);
    line(out, "internal", p->internal ? SLICE("yes: counted apart") : SLICE("no"));
}

static bool is_internal(const struct atlas *atlas, const struct site *site,
                        const struct address *a)
{
    const struct site_terms *terms;

    if (atlas != NULL && networks_contain(&atlas->internal, a))
        return true;
    if (site == NULL)
        return false;
    terms = atomic_load_explicit(&site->terms, memory_order_acquire);
    return networks_contain(&terms->config.internal, a);
}

void command_where(struct asked_command *c)
{
    const struct atlas *atlas = service_atlas(c->service);
    const struct site *site = NULL;
    struct place place = {.internal = false};
    struct address address;
    struct buffer out;
    char *memory;

    if (address_parse(&address, c->words->place[0]) != 0) {
        command_usage(c, "ADDRESS is like 203.0.113.7 or 2001:db8::1");
        return;
    }
    if (c->words->places > 1 && (site = command_site_at(c, 1)) == NULL)
        return;
    memory = command_begin(c, &out, WHERE_BYTES);
    if (memory == NULL)
        return;
    address_write(&address, place.address);
    if (atlas != NULL)
        visit_where(&place.visit, atlas, &address);
    place.internal = is_internal(atlas, site, &address);
    (c->json ? place_json : place_text)(&out, &place);
    command_answer(c, &out, memory);
}
