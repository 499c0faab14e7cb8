/* Happy path: the configuration -> its atlas -> each line of the input as a line of JSON.
 * It fails when the configuration or the database is wrong (said, with what to do) or the
 * input cannot be read. */
#include "luotctl_classify_addresses.h"

#include <stdlib.h>
#include <sysexits.h>

#include "base/config.h"
#include "identify/atlas.h"
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

static void write_line(const struct luotctl *ctl, const struct atlas *atlas,
                       struct slice line)
{
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
    fprintf(ctl->out, "%.*s\n", (int)b.length, b.at);
}

static int classify(const struct luotctl *ctl, FILE *in, const struct atlas *atlas)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t length;

    while ((length = getline(&line, &room, in)) >= 0)
        write_line(ctl, atlas, slice_trim((struct slice){line, (size_t)length}));
    free(line);
    return ferror(in) ? luotctl_fail(ctl, EX_IOERR, "the addresses could not be read")
                      : 0;
}

/* "" where there is none to be had by default. */
static int open_database(const struct luotctl *ctl, struct atlas *atlas,
                         const char *setting)
{
    char installed[GEO_PATH_MAX];

    if (strcmp(setting, "none") == 0)
        return 0;
    if (setting[0] == '\0') {
        if (geo_installed(installed) != 0)
            return luotctl_fail(ctl, EX_NOINPUT,
                                "no country database is installed; give one with "
                                "--geo-db FILE, or --geo-db none");
        setting = installed;
    }
    return geo_open(&atlas->geo, setting, atlas->trouble) == 0
               ? 0
               : luotctl_fail(ctl, EX_DATAERR, atlas->trouble);
}

static int use_config(const struct luotctl *ctl, FILE *in, const struct config *c)
{
    struct atlas *atlas = calloc(1, sizeof *atlas);
    int rv = 0;

    if (atlas == NULL || (c->rule_count > 0 && named_networks_new(&atlas->named, c->rules,
                                                                  c->rule_count) != 0))
        rv = luotctl_fail(ctl, EX_OSERR, "there is not enough memory");
    if (rv == 0) {
        atlas->internal = c->settings.internal;
        rv = open_database(ctl, atlas, c->settings.geo_db);
    }
    if (rv == 0)
        rv = classify(ctl, in, atlas);
    if (atlas != NULL) {
        geo_free(atlas->geo);
        named_networks_free(atlas->named);
    }
    free(atlas);
    return rv;
}

int luotctl_classify_addresses(const struct luotctl *ctl, FILE *in, const char *file,
                               const char *geo_db)
{
    struct config_override override = {"geo_db", geo_db};
    struct config_error error;
    struct config *c;
    int rv = config_load(&c, file, NULL, &override, geo_db != NULL, &error);

    if (rv != 0)
        return luotctl_fail(ctl, EX_CONFIG, error.text);
    rv = use_config(ctl, in, c);
    config_free(c);
    return rv;
}
