#include "base/utf8.h"
#include "identify/visit_page.h"
#include "identify/visit_referrer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static struct site_config site = {.hosts = "*.a.vn", .page_query = "id"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size}, line = slice_cut(&rest, '\n');
    struct beacon beacon;
    struct visit_scene scene = {&beacon, &site, .referer = rest, .accept_language = rest};
    struct visit_text text;
    char scratch[BEACON_SCRATCH];
    if (beacon_parse(&beacon, line, scratch) != 0)
        return 0;
    struct visit visit = {.kind = beacon.event.length > 0 ? VISIT_EVENT : VISIT_VIEW};
    visit_scene_page(&scene);
    visit_page(&visit, &scene, &text);
    if (!visit_referrer(&visit, &scene, &text, NULL, NULL))
        __builtin_trap();
    for (int i = 0; i < DIMENSIONS; i++)
        if (visit.key[i].length > LUOT_TOP_KEY_MAX || !utf8_is_valid(visit.key[i]))
            __builtin_trap();
    return 0;
}
