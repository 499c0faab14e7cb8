/* Floor 4 (answer). The name under which a page that somebody asks for is counted: what a view
 * of it would be called. */
#ifndef LUOT_ANSWER_PAGE_ASKED_H
#define LUOT_ANSWER_PAGE_ASKED_H

#include "count/site.h"
#include "identify/visit_scene.h"

/* `text`: a path or a URL; `page_host`: the host of the page that sends it, which is the site's
 * then, or empty. Points into *memory or static memory; empty: it names no page. Any
 * thread; `terms` are the site's. */
struct slice page_asked(const struct site *site, const struct site_terms *terms,
                        struct slice text, struct slice page_host,
                        struct visit_text *memory);

#endif
