/* Floor 2 (identify). Which page a view is of, and what its address and its sender say:
 * the keys of pages, campaigns, languages, screens, events, downloads and pages that were
 * not there. */
#ifndef LUOT_IDENTIFY_VISIT_PAGE_H
#define LUOT_IDENTIFY_VISIT_PAGE_H

#include "identify/visit.h"
#include "identify/visit_scene.h"

/* Fills keys of `visit`, whose kind is known; a ping has none. No heap.
 *
 *   view      pages       page_name (parse/page.h) of `p`, else of the Referer header; with its
 *                         host in front when that is not the site's
 *             campaigns   "source / medium / campaign" of utm_source, utm_medium and
 *                         utm_campaign in the page's query; `ref` where there is no
 *                         utm_source; "-" for one that is missing before another
 *             languages   the primary one ("vi"), of `l`, else of Accept-Language
 *             screens     a class of width: SCREENS in visit_page.c
 *   event     events      its name
 *             downloads   of an event `download`: the name of `p`, which is the file's address
 *             not_found   of an event `404`: the name of `p`
 *
 * The entry page of a visit is the key of pages of the view that opens it: who counts knows
 * which one does. */
void visit_page(struct visit *visit, struct visit_scene *scene, struct visit_text *text);
/* Languages and screens alone, of a scene that is `without_viewer`. */
void visit_viewer(struct visit *visit, const struct beacon *beacon,
                  struct slice accept_language, struct visit_text *text);

#endif
