#include "answer/page_asked.h"

#include "identify/visit_page.h"

struct slice page_asked(const struct site *site, const struct site_terms *terms,
                        struct slice text, struct slice page_host,
                        struct visit_text *memory)
{
    const struct beacon beacon = {.kind = BEACON_VIEW, .page = text};
    struct visit_scene scene = {.beacon = &beacon,
                                .config = &terms->config,
                                .own_host = slice_of(site->block->host),
                                .page_host = page_host,
                                .as_written = terms->config.source == SOURCE_LOGS &&
                                              terms->config.log_rule == PAGE_RULE_PV1};
    struct visit visit = {.kind = VISIT_VIEW};

    if (text.length == 0)
        return text;
    visit_scene_page(&scene);
    visit_page(&visit, &scene, memory);
    return slice_equal(visit.key[DIM_PAGES], PAGE_UNKNOWN) ? SLICE("")
                                                           : visit.key[DIM_PAGES];
}
