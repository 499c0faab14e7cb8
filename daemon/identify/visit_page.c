#include "identify/visit_page.h"

#include <assert.h>

#include "identify/place_cache.h"
#include "parse/query.h"
#include "parse/readable.h"

/* --- Page --- */

static struct slice work_out_name(const struct visit_scene *scene,
                                  struct visit_text *text)
{
    struct page_parts shown = scene->page;

    if (scene->as_written)
        return page_as_written(&shown, text->page);
    if (shown.host.length > 0 &&
        (scene->config->hosts[0] == '\0' || visit_scene_is_own(scene, shown.host)))
        shown.host = (struct slice){0}; /* its own, or nobody said which are */
    return page_name(&shown, scene->config->page_query, text->page);
}

/* `all`: its name is all that there is to be said of the page. */
static void name_page(struct visit *visit, enum dimension d, struct visit_scene *scene,
                      struct visit_text *text, bool all)
{
    if (scene->name.length == 0) {
        scene->name = work_out_name(scene, text);
        if (scene->cache != NULL)
            scene->name_hash = hash_text(scene->cache->secret, scene->name, 0);
        if (scene->cache != NULL && all)
            place_cache_keep_page(scene);
    }
    visit_set(visit, d, scene->name, scene->name_hash);
}

/* --- Campaign --- */

enum { PARTS = 3, PART_MAX = 80 };
static const char BETWEEN[] = " / ";

/* All of it fits: PARTS of PART_MAX, and what is between. */
static_assert(PARTS * PART_MAX + (PARTS - 1) * (sizeof BETWEEN - 1) <= LUOT_TOP_KEY_MAX,
              "a campaign's parts fit a key");

static size_t write_part(char *key, size_t length, struct slice value)
{
    char plain[PART_MAX * 3], part[PART_MAX * 3];
    struct slice cut;
    size_t plain_length = 0, part_length;
    bool whole = true;

    while (value.at != NULL && whole) {
        struct slice piece = slice_cut(&value, '+');

        plain_length += readable_decode(piece, "", plain + plain_length,
                                        sizeof plain - plain_length, &whole)
                            .length;
        if (value.at != NULL && plain_length < sizeof plain)
            plain[plain_length++] = ' ';
    }
    part_length = readable_append(part, 0, sizeof part,
                                  slice_trim((struct slice){plain, plain_length}));
    cut = readable_cut(part, part_length, PART_MAX);
    if (cut.length == 0)
        cut = SLICE("-");
    memcpy(key + length, cut.at, cut.length);
    return length + cut.length;
}

static struct slice campaign_of(struct slice query, struct visit_text *text)
{
    struct slice value[PARTS] = {0}, name, found;
    static const struct slice NAMES[PARTS] = {
        {"utm_source", 10}, {"utm_medium", 10}, {"utm_campaign", 12}};
    size_t parts = 0, length = 0;
    struct slice ref = {0};

    while (query_next(&query, &name, &found)) {
        for (size_t i = 0; i < PARTS; i++)
            if (value[i].length == 0 && slice_equal(name, NAMES[i]))
                value[i] = found;
        if (ref.length == 0 && slice_equal(name, SLICE("ref")))
            ref = found;
    }
    if (value[0].length == 0)
        value[0] = ref;
    for (size_t i = 0; i < PARTS; i++)
        if (value[i].length > 0)
            parts = i + 1;
    for (size_t i = 0; i < parts; i++) {
        if (i > 0) {
            memcpy(text->campaign + length, BETWEEN, sizeof BETWEEN - 1);
            length += sizeof BETWEEN - 1;
        }
        length = write_part(text->campaign, length, value[i]);
    }
    return (struct slice){text->campaign, length};
}

/* --- Language and screen --- */

static bool ends_language(char c)
{
    return c == '-' || c == '_' || c == ',' || c == ';' || c == ' ' || c == '\0';
}

/* "vi" of "vi-VN", of "VI", of "vi-VN,vi;q=0.9,en;q=0.8"; browsers put the first first. */
static struct slice language_of(struct slice tag, struct visit_text *text)
{
    size_t i = 0;

    if (tag.length > 0 && (tag.at[0] <= ' ' || tag.at[tag.length - 1] <= ' '))
        tag = slice_trim(tag);
    for (; i < tag.length && i < sizeof text->language; i++) {
        char c = (char)(tag.at[i] | 0x20);

        if (c < 'a' || c > 'z')
            break;
        text->language[i] = c;
    }
    if (i < 2 || i > 3 || (i < tag.length && !ends_language(tag.at[i])))
        return (struct slice){0};
    return (struct slice){text->language, i};
}

/* Where pages change their form: the widths of Bootstrap, and 1600 for large screens. */
static const struct {
    unsigned below;
    struct slice key;
} SCREENS[] = {{576, {"<576", 4}},
               {768, {"576-767", 7}},
               {992, {"768-991", 7}},
               {1200, {"992-1199", 8}},
               {1600, {"1200-1599", 9}}};

static struct slice screen_of(unsigned width)
{
    if (width == 0)
        return (struct slice){0};
    for (size_t i = 0; i < sizeof SCREENS / sizeof SCREENS[0]; i++)
        if (width < SCREENS[i].below)
            return SCREENS[i].key;
    return SLICE(">=1600");
}

/* --- Event --- */

static struct slice event_of(struct slice name, struct visit_text *text)
{
    size_t length;

    if (readable_is(name))
        return name;
    length = readable_append(text->event, 0, sizeof text->event, name);
    return readable_cut(text->event, length, LUOT_TOP_KEY_MAX);
}

void visit_viewer(struct visit *visit, const struct beacon *beacon,
                  struct slice accept_language, struct visit_text *text)
{
    visit_put(
        visit, DIM_LANGUAGES,
        language_of(beacon->language.length > 0 ? beacon->language : accept_language,
                    text));
    visit_put(visit, DIM_SCREENS, screen_of(beacon->screen_width));
}

/* --- All of it --- */

static void of_view(struct visit *visit, struct visit_scene *scene,
                    struct visit_text *text)
{
    const struct beacon *beacon = scene->beacon;

    if (scene->page.query.length > 0)
        visit_set(visit, DIM_CAMPAIGNS, campaign_of(scene->page.query, text), 0);
    name_page(visit, DIM_PAGES, scene, text, !visit_has(visit, DIM_CAMPAIGNS));
    if (!scene->without_viewer)
        visit_viewer(visit, beacon, scene->accept_language, text);
}

static void of_event(struct visit *visit, struct visit_scene *scene,
                     struct visit_text *text)
{
    struct slice name = scene->beacon->event;
    bool all = scene->page.query.length == 0; /* nobody asks for a campaign */

    visit_set(visit, DIM_EVENTS, event_of(name, text), 0);
    if (slice_equal(name, SLICE("download")))
        name_page(visit, DIM_DOWNLOADS, scene, text, all);
    else if (slice_equal(name, SLICE("404")))
        name_page(visit, DIM_NOT_FOUND, scene, text, all);
}

void visit_page(struct visit *visit, struct visit_scene *scene, struct visit_text *text)
{
    if (visit->kind == VISIT_VIEW)
        of_view(visit, scene, text);
    else if (visit->kind == VISIT_EVENT)
        of_event(visit, scene, text);
}
