/* A configuration from all its sources: defaults, files, environment, command line; then
 * checked as a whole. */
#include "base/config_read.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/zone.h"

enum { NAME_LENGTH_MAX = 64 };

/* --- The environment and the command line --- */

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* LUOT_NAME names the setting `name`; lower case is no variable of ours.
 * ERR_MALFORMED. */
static int variable_name(struct slice variable, char room[NAME_LENGTH_MAX],
                         struct slice *ret_name)
{
    size_t length = 0;
    for (; length < variable.length && length < NAME_LENGTH_MAX; length++) {
        char c = variable.at[length];
        if (is_lower(c))
            return ERR_MALFORMED;
        room[length] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    *ret_name = (struct slice){room, length};
    return 0;
}

static int apply_environment(struct parsed *p, char *const *environment,
                             struct config_error *ret_error)
{
    struct place place = {.kind = PLACE_ENVIRONMENT};
    for (; environment != NULL && *environment != NULL; environment++) {
        struct slice value = slice_of(*environment);
        char room[NAME_LENGTH_MAX];
        struct slice name;
        int rv;
        if (!slice_starts(value, SLICE("LUOT_")))
            continue;
        value = (struct slice){value.at + 5, value.length - 5};
        if (variable_name(slice_cut(&value, '='), room, &name) != 0)
            continue;
        const struct setting *setting = setting_find(GLOBAL_SETTINGS, name);
        if (setting == NULL)
            return setting_unknown(GLOBAL_SETTINGS, name, place, ret_error);
        rv = setting_apply(setting, &p->settings, value, place, ret_error);
        if (rv != 0)
            return rv;
    }
    return 0;
}

/* --state-dir is --state_dir. */
static struct slice option_name(struct slice option, char room[NAME_LENGTH_MAX])
{
    size_t length = option.length < NAME_LENGTH_MAX ? option.length : NAME_LENGTH_MAX;
    for (size_t i = 0; i < length; i++)
        room[i] = option.at[i] == '-' ? '_' : option.at[i];
    return (struct slice){room, length};
}

static int apply_overrides(struct parsed *p, const struct config_override *overrides,
                           size_t count, struct config_error *ret_error)
{
    struct place place = {.kind = PLACE_COMMAND_LINE};
    for (size_t i = 0; i < count; i++) {
        char room[NAME_LENGTH_MAX];
        struct slice name = option_name(slice_of(overrides[i].name), room);
        const struct setting *setting = setting_find(GLOBAL_SETTINGS, name);
        int rv;
        if (setting == NULL)
            return setting_unknown(GLOBAL_SETTINGS, name, place, ret_error);
        rv = setting_apply(setting, &p->settings, slice_of(overrides[i].value), place,
                           ret_error);
        if (rv != 0)
            return rv;
    }
    return 0;
}

int config_check_name(struct slice name, struct config_error *ret_error)
{
    struct place place = {.kind = PLACE_COMMAND_LINE};
    char room[NAME_LENGTH_MAX];
    struct slice plain = option_name(name, room);
    if (setting_find(GLOBAL_SETTINGS, plain) != NULL)
        return 0;
    return setting_unknown(GLOBAL_SETTINGS, plain, place, ret_error);
}

/* --- The whole --- */

static int compare_sites(const void *a, const void *b)
{
    const struct parsed_site *x = a;
    const struct parsed_site *y = b;
    int order = strcmp(x->config.key, y->config.key);
    if (order != 0)
        return order;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Sorted, no key twice. */
static int check_sites(struct parsed *p, struct config_error *ret_error)
{
    if (p->site_count > 0)
        qsort(p->sites, p->site_count, sizeof(*p->sites), compare_sites);
    for (size_t i = 1; i < p->site_count; i++) {
        const struct parsed_site *first = &p->sites[i - 1];
        const struct parsed_site *again = &p->sites[i];
        if (strcmp(first->config.key, again->config.key) == 0)
            return config_say(ret_error, ERR_MALFORMED,
                              "%.300s:%u: the site `%s` is already there (%.300s:%u); "
                              "give this one another key or remove it",
                              again->place.file, again->place.line, again->config.key,
                              first->place.file, first->place.line);
    }
    if (p->site_count > p->settings.sites_max)
        return config_say(ret_error, ERR_MALFORMED,
                          "%.300s:%u: %zu sites are configured, but sites_max is %u; "
                          "raise sites_max",
                          p->sites[0].place.file, p->sites[0].place.line, p->site_count,
                          p->settings.sites_max);
    return 0;
}

/* The zones that were written were checked at their line; what is left is a site with the
 * default one. */
static int check_default_zone(const struct parsed *p, struct config_error *ret_error)
{
    const struct setting *setting = setting_find(SITE_SETTINGS, SLICE("timezone"));
    for (size_t i = 0; i < p->site_count; i++) {
        const struct parsed_site *site = &p->sites[i];
        struct zone *zone;
        if (strcmp(site->config.timezone, setting->fallback) != 0)
            continue;
        if (zone_load(&zone, slice_of(setting->fallback)) == 0) {
            zone_free(zone);
            return 0; /* and so it is for all the others */
        }
        return config_say(ret_error, ERR_MALFORMED,
                          "%.300s:%u: the time zone %s cannot be read; install tzdata or "
                          "set timezone",
                          site->place.file, site->place.line, setting->fallback);
    }
    return 0;
}

/* A site that would refuse the lines is a slip. */
static int check_log_site(const struct config *c, struct config_error *ret_error)
{
    const char *key = c->settings.log_site;
    const struct site_config *site = config_site(c, slice_of(key));
    if (key[0] == '\0' || (site != NULL && site->source == SOURCE_LOGS))
        return 0;
    return config_say(ret_error, ERR_MALFORMED,
                      site == NULL
                          ? "log_site = %s: there is no such site; add [site %s] with "
                            "source = logs"
                          : "log_site = %s: that site counts beacons; set source = logs "
                            "in [site %s]",
                      key, key);
}

/* The host's name, as far as it is one. */
static void default_node(char *node, size_t size)
{
    if (gethostname(node, size) != 0)
        node[0] = '\0';
    node[size - 1] = '\0';
    for (char *c = node; *c != '\0'; c++)
        if (!is_lower(*c) && !(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9') &&
            strchr(".-_", *c) == NULL)
            *c = '-';
    if (node[0] == '\0')
        memcpy(node, "localhost", sizeof("localhost"));
}

/* Each value is hashed together with the hash of all before it. */
static uint64_t hash_record(uint64_t hash, struct setting_table t, const void *record)
{
    char memory[sizeof(hash) + CONFIG_LINE_MAX];
    for (size_t i = 0; i < t.count; i++) {
        struct buffer b;
        buffer_init(&b, memory, sizeof(memory));
        buffer_bytes(&b, &hash, sizeof(hash));
        setting_write(&b, &t.rows[i], record);
        hash = hash_fast(b.at, b.length);
    }
    return hash;
}

static uint64_t hash_rule(uint64_t hash, const struct network_rule *rule)
{
    char memory[sizeof(hash) + NETWORK_RULE_TEXT];
    struct buffer b;
    buffer_init(&b, memory, sizeof(memory));
    buffer_bytes(&b, &hash, sizeof(hash));
    network_rule_write(&b, rule);
    return hash_fast(b.at, b.length);
}

static uint64_t hash_config(const struct config *c)
{
    uint64_t hash = hash_record(0, GLOBAL_SETTINGS, &c->settings);
    for (size_t i = 0; i < c->site_count; i++) {
        const struct site_config *site = &c->sites[i];
        hash = hash_record(hash ^ hash_fast(site->key, strlen(site->key)), SITE_SETTINGS,
                           site);
    }
    for (size_t i = 0; i < c->rule_count; i++)
        hash = hash_rule(hash, &c->rules[i]);
    for (size_t i = 0; i < c->reader_count; i++) {
        const struct reader_config *reader = &c->readers[i];
        hash = hash_record(hash ^ hash_fast(reader->name, strlen(reader->name)),
                           READER_SETTINGS, reader);
    }
    return hash;
}

/* ERR_NOMEM. */
static int copy_readers(struct config *c, const struct parsed *p)
{
    c->readers = calloc(p->reader_count + 1, sizeof(*c->readers));
    if (c->readers == NULL)
        return ERR_NOMEM;
    c->reader_count = p->reader_count;
    for (size_t i = 0; i < p->reader_count; i++)
        c->readers[i] = p->readers[i].config;
    return 0;
}

/* What was parsed as a config; *p stays the caller's. */
static int make_config(struct config **ret_config, struct parsed *p,
                       struct config_error *ret_error)
{
    struct config *c;
    int rv = check_sites(p, ret_error);
    if (rv == 0)
        rv = check_default_zone(p, ret_error);
    if (rv == 0)
        rv = parsed_check_readers(p, ret_error);
    if (rv != 0)
        return rv;
    c = calloc(1, sizeof(*c));
    if (c == NULL)
        return config_say(ret_error, ERR_NOMEM, "%s", error_text(ERR_NOMEM));
    c->sites = calloc(p->site_count + 1, sizeof(*c->sites));
    if (c->sites == NULL || copy_readers(c, p) != 0) {
        config_free(c);
        return config_say(ret_error, ERR_NOMEM, "%s", error_text(ERR_NOMEM));
    }
    c->settings = p->settings;
    if (c->settings.node[0] == '\0')
        default_node(c->settings.node, sizeof(c->settings.node));
    c->site_count = p->site_count;
    for (size_t i = 0; i < p->site_count; i++) {
        c->sites[i] = p->sites[i].config;
        if (c->sites[i].title[0] == '\0')
            memcpy(c->sites[i].title, c->sites[i].key, sizeof(c->sites[i].key));
    }
    rv = check_log_site(c, ret_error);
    if (rv != 0) {
        config_free(c);
        return rv;
    }
    c->rules = p->rules; /* ours from now on */
    c->rule_count = p->rule_count;
    p->rules = NULL;
    c->hash = hash_config(c);
    *ret_config = c;
    return 0;
}

int config_load(struct config **ret_config, const char *file, char *const *environment,
                const struct config_override *overrides, size_t override_count,
                struct config_error *ret_error)
{
    struct parsed p = {.site_count = 0};
    int rv;
    settings_default(GLOBAL_SETTINGS, &p.settings);
    rv = file == NULL ? parsed_demo(&p, ret_error) : parsed_file(&p, file, ret_error);
    if (rv == 0)
        rv = apply_environment(&p, environment, ret_error);
    if (rv == 0)
        rv = apply_overrides(&p, overrides, override_count, ret_error);
    if (rv == 0)
        rv = make_config(ret_config, &p, ret_error);
    parsed_release(&p);
    return rv;
}

int config_parse(struct config **ret_config, struct slice text, const char *name,
                 struct config_error *ret_error)
{
    struct parsed p = {.site_count = 0};
    int rv;
    settings_default(GLOBAL_SETTINGS, &p.settings);
    rv = parsed_text(&p, text, name, ret_error);
    if (rv == 0)
        rv = make_config(ret_config, &p, ret_error);
    parsed_release(&p);
    return rv;
}

void config_free(struct config *c)
{
    if (c == NULL)
        return;
    free(c->sites);
    free(c->rules);
    free(c->readers);
    free(c);
}

const struct site_config *config_site(const struct config *c, struct slice key)
{
    size_t low = 0;
    size_t high = c->site_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct slice here = slice_of(c->sites[middle].key);
        size_t common = here.length < key.length ? here.length : key.length;
        int order = common == 0 ? 0 : memcmp(here.at, key.at, common);
        if (order == 0 && here.length == key.length)
            return &c->sites[middle];
        if (order < 0 || (order == 0 && here.length < key.length))
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void site_config_default(struct site_config *ret_site, struct slice key)
{
    size_t length = key.length < SITE_KEY_MAX ? key.length : SITE_KEY_MAX;
    memset(ret_site, 0, sizeof(*ret_site));
    settings_default(SITE_SETTINGS, ret_site);
    if (length > 0) {
        memcpy(ret_site->key, key.at, length);
        memcpy(ret_site->title, key.at, length);
    }
}
