#include "identify/visit_scene.h"

#include "identify/place_cache.h"
#include "parse/query.h"

/* Who left it as it is written knows that its escapes are good. */
static struct slice plain(const struct visit_scene *scene, struct slice text,
                          const struct spelt *of, unsigned which)
{
    if (of->is_written)
        (void)query_decode(&text, text, scene->memory[which]);
    return text;
}

void visit_scene_page(struct visit_scene *scene)
{
    const struct beacon *beacon = scene->beacon;

    if (scene->cache != NULL) {
        scene->salt = place_cache_salt(scene->cache, scene);
        if (place_cache_page(scene))
            return;
    }
    if (beacon->page.length > 0)
        page_split(&scene->page,
                   plain(scene, beacon->page, &beacon->of_page, SCENE_PAGE));
    else
        page_of_referer(&scene->page, scene->referer);
}

struct slice visit_scene_referrer(const struct visit_scene *scene)
{
    const struct beacon *beacon = scene->beacon;

    return plain(scene, beacon->referrer, &beacon->of_referrer, SCENE_REFERRER);
}

bool visit_scene_is_own(const struct visit_scene *scene, struct slice host)
{
    return slice_equal_nocase(host, scene->page_host) ||
           slice_equal_nocase(host, scene->own_host) ||
           hosts_match(scene->config->hosts, host);
}
