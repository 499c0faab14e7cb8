#include "identify/visit_scene.h"

#include "identify/place_cache.h"

void visit_scene_page(struct visit_scene *scene)
{
    struct slice text =
        scene->beacon->page.length > 0 ? scene->beacon->page : scene->referer;

    if (scene->cache != NULL)
        scene->salt = place_cache_salt(scene->cache, scene);
    if (scene->cache != NULL && place_cache_page(scene, text))
        return;
    if (scene->beacon->page.length > 0)
        page_split(&scene->page, scene->beacon->page);
    else
        page_of_referer(&scene->page, scene->referer);
}

bool visit_scene_is_own(const struct visit_scene *scene, struct slice host)
{
    return slice_equal_nocase(host, scene->page_host) ||
           slice_equal_nocase(host, scene->own_host) ||
           hosts_match(scene->config->hosts, host);
}
