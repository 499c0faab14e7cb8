/* Addresses: {"address","country","region","network","internal"}, or {"address","error"}
 * for what is none. */
#include <stdlib.h>

#include "base/config.h"
#include "identify/atlas.h"
#include "luotctl_classify.h"
#include "report/json.h"

enum { LINE_BYTES = 2048, SHOWN = 200 };

static void text_or_null(struct json_out *j, const char *key, struct slice value)
{
    if (value.length > 0)
        json_out_slice(j, key, value);
    else
        json_out_null(j, key);
}

static void write_place(struct json_out *j, const struct atlas *atlas,
                        const struct address *a)
{
    char text[ADDRESS_TEXT_MAX];
    struct visit visit = {.kind = VISIT_VIEW};

    visit_where(&visit, atlas, a);
    address_write(a, text);
    json_out_text(j, "address", text);
    text_or_null(j, "country", visit.key[DIM_COUNTRIES]);
    text_or_null(j, "region", visit.key[DIM_REGIONS]);
    text_or_null(j, "network", visit.key[DIM_NETWORKS]);
    json_out_bool(j, "internal", networks_contain(&atlas->internal, a));
}

static void write_line(void *opened, FILE *out, struct slice text)
{
    const struct atlas *atlas = opened;
    struct slice line = slice_trim(text);
    char memory[LINE_BYTES];
    struct address address;
    struct json_out j;
    struct buffer b;

    buffer_init(&b, memory, sizeof memory);
    json_out_init(&j, &b);
    json_out_object(&j, NULL);
    if (address_parse(&address, line) == 0)
        write_place(&j, atlas, &address);
    else {
        json_out_slice(
            &j, "address",
            (struct slice){line.at, line.length < SHOWN ? line.length : SHOWN});
        json_out_text(&j, "error", "this is no address like 203.0.113.7 or 2001:db8::1");
    }
    json_out_object_end(&j);
    fprintf(out, "%.*s\n", (int)b.length, b.at);
}

/* "" where there is none to be had by default. */
static int open_database(struct atlas *atlas, const char *setting, char ret_sentence[512])
{
    char installed[GEO_PATH_MAX];
    int rv;

    if (strcmp(setting, "none") == 0)
        return 0;
    if (setting[0] == '\0') {
        rv = geo_installed(installed);
        if (rv != 0)
            snprintf(ret_sentence, 512,
                     "no country database is installed; give one with --geo-db FILE, or "
                     "--geo-db none");
        if (rv != 0)
            return rv;
        setting = installed;
    }
    rv = geo_open(&atlas->geo, setting, atlas->trouble);
    if (rv != 0)
        snprintf(ret_sentence, 512, "%.511s", atlas->trouble);
    return rv;
}

static void close_atlas(void *opened)
{
    struct atlas *atlas = opened;

    geo_free(atlas->geo);
    named_networks_free(atlas->named);
    free(atlas);
}

static struct atlas *atlas_of(const struct config *c, char ret_sentence[512])
{
    struct atlas *atlas = calloc(1, sizeof *atlas);

    snprintf(ret_sentence, 512, "there is not enough memory");
    if (atlas == NULL)
        return NULL;
    atlas->internal = c->settings.internal;
    if ((c->rule_count == 0 ||
         named_networks_new(&atlas->named, c->rules, c->rule_count) == 0) &&
        open_database(atlas, c->settings.geo_db, ret_sentence) == 0)
        return atlas;
    close_atlas(atlas);
    return NULL;
}

/* The database and the networks of the configuration (luotd's defaults), but for the
 * database that is given. */
static void *open_atlas(const struct invocation *i, char ret_sentence[512])
{
    const char *geo_db = invocation_option(i, "geo-db");
    struct config_override override = {"geo_db", geo_db};
    struct config_error error;
    struct atlas *atlas;
    struct config *c;

    if (config_load(&c, invocation_option(i, "config"), NULL, &override, geo_db != NULL,
                    &error) != 0) {
        snprintf(ret_sentence, 512, "%.500s", error.text);
        return NULL;
    }
    atlas = atlas_of(c, ret_sentence);
    config_free(c);
    return atlas;
}

const struct classifier classify_addresses = {"addresses", open_atlas, write_line,
                                              close_atlas};
