#include "import_scene.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "identify/agent_file.h"
#include "identify/agent_visit.h"
#include "identify/atlas.h"
#include "identify/visit_page.h"
#include "identify/visit_referrer.h"

enum { LINE_TEXT = 64 * 1024 };

struct import_scene {
    struct config *config; /* of the one site */
    struct slice own_host; /* ours            */
    struct atlas atlas;
    struct agents *agents; /* of one lane */
    struct referrer_list *referrers;
    struct referrer_cache cache;
    struct visit_text text;
    char referrer[LINE_TEXT], target[LINE_TEXT]; /* of a line, without escapes */
};

/* --- Opening --- */

static int open_config(struct import_scene *s, struct slice settings,
                       char ret_sentence[512])
{
    struct config_error error;
    int rv = config_parse(&s->config, settings, "the settings of luotd", &error);

    if (rv == 0 && s->config->site_count != 1)
        rv = ERR_MALFORMED;
    if (rv != 0)
        snprintf(ret_sentence, 512,
                 "luotd's settings cannot be read here: luotctl and luotd must be of one "
                 "version");
    return rv;
}

static int open_atlas(struct import_scene *s, char ret_sentence[512])
{
    const struct config *c = s->config;
    char path[GEO_PATH_MAX];
    int rv = 0;

    snprintf(path, sizeof path, "%s", c->settings.geo_db);
    if (path[0] == '\0' && geo_installed(path) != 0)
        path[0] = '\0';
    s->atlas.internal = c->settings.internal;
    if (c->rule_count > 0)
        rv = named_networks_new(&s->atlas.named, c->rules, c->rule_count);
    if (rv == 0 && path[0] != '\0' && strcmp(path, "none") != 0)
        rv = geo_open(&s->atlas.geo, path, s->atlas.trouble);
    snprintf(ret_sentence, 512, "%.511s", rv == 0 ? "" : s->atlas.trouble);
    return rv;
}

static int open_lists(struct import_scene *s, char ret_sentence[512])
{
    const struct settings *c = &s->config->settings;
    char trouble[AGENT_FILE_TROUBLE_MAX];
    int rv = agents_open(&s->agents, c->agent_list, c->bot_list, 1, trouble);

    if (rv != 0) {
        snprintf(ret_sentence, 512, "%.511s", trouble);
        return rv;
    }
    return referrer_list_open(&s->referrers, c->referrer_list, c->referrer_deny,
                              ret_sentence);
}

int import_scene_new(struct import_scene **ret_scene, struct slice settings,
                     struct slice own_host, char ret_sentence[512])
{
    struct import_scene *s = calloc(1, sizeof *s);
    char *host = malloc(own_host.length + 1);
    int rv = s == NULL || host == NULL ? ERR_NOMEM : hash_start();

    snprintf(ret_sentence, 512, "%s", error_text(rv));
    if (s == NULL) {
        free(host);
        return rv;
    }
    s->own_host = (struct slice){host, own_host.length};
    if (host != NULL && own_host.length > 0)
        memcpy(host, own_host.at, own_host.length);
    if (rv == 0)
        rv = open_config(s, settings, ret_sentence);
    if (rv == 0)
        rv = open_atlas(s, ret_sentence);
    if (rv == 0)
        rv = open_lists(s, ret_sentence);
    if (rv == 0)
        *ret_scene = s;
    else
        import_scene_free(s);
    return rv;
}

void import_scene_free(struct import_scene *s)
{
    if (s == NULL)
        return;
    referrer_list_free(s->referrers);
    agents_free(s->agents);
    geo_free(s->atlas.geo);
    named_networks_free(s->atlas.named);
    config_free(s->config);
    free((char *)(uintptr_t)s->own_host.at);
    free(s);
}

/* --- A line --- */

static struct slice plain(struct slice value, char memory[LINE_TEXT])
{
    if (slice_equal(value, SLICE("-")) || value.length > LINE_TEXT)
        return (struct slice){NULL, 0};
    return log_line_unescape(value, memory);
}

/* A name has no address: nobody's, as of a live line. */
static bool find_address(struct address *ret_address, const struct log_line *line)
{
    if (address_parse(ret_address, line->host) == 0)
        return true;
    *ret_address = (struct address){{0x01}};
    return false;
}

static bool is_internal(const struct import_scene *s, const struct address *a)
{
    return networks_contain(&s->config->sites[0].internal, a) ||
           networks_contain(&s->atlas.internal, a);
}

static void drop_keys(struct visit *visit)
{
    for (int d = 0; d < DIMENSIONS; d++)
        visit->key[d] = (struct slice){NULL, 0};
    visit->has = 0;
}

static enum outcome keep_robot(struct visit *visit)
{
    struct slice robot = visit->key[DIM_BOTS];

    drop_keys(visit);
    visit_set(visit, DIM_BOTS, robot, 0);
    return OUTCOME_BOT;
}

enum outcome import_scene_read(struct import_scene *s, struct visit *ret_visit,
                               const struct log_line *line, enum page_rule rule)
{
    const struct site_config *site = &s->config->sites[0];
    struct beacon beacon = {.kind = BEACON_VIEW,
                            .page = plain(line->target, s->target),
                            .referrer = plain(line->referrer, s->referrer)};
    struct visit_scene scene = {.beacon = &beacon,
                                .config = site,
                                .own_host = s->own_host,
                                .as_written = rule == PAGE_RULE_PV1};
    struct visit *visit = ret_visit;
    struct address address;

    *visit = (struct visit){.kind = VISIT_VIEW, .user_agent = line->user_agent};
    if (find_address(&address, line) && is_internal(s, &address))
        return OUTCOME_INTERNAL;
    visit_where(visit, &s->atlas, &address);
    if (visit_agent(visit, s->agents, 0, line->has_agent) && site->bots == BOTS_APART)
        return keep_robot(visit);
    visit_scene_page(&scene);
    visit_page(visit, &scene, &s->text);
    if (visit_referrer(visit, &scene, &s->text, s->referrers, &s->cache))
        return OUTCOME_VIEW;
    drop_keys(visit);
    return OUTCOME_SUSPECT;
}
