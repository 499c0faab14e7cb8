/* Floor 2 (identify). Where a view comes from: the keys of referrers and of their classes,
 * and whether it enters the site. */
#ifndef LUOT_IDENTIFY_VISIT_REFERRER_H
#define LUOT_IDENTIFY_VISIT_REFERRER_H

#include "identify/referrer_cache.h"
#include "identify/visit.h"
#include "identify/visit_scene.h"

/* Of a view whose visit_page is done: `entry`, the class (of every view) and the host (of
 * those from elsewhere, without "www."; "com.zing.zalo" of an app). A referrer that names no
 * host is none. `list` may be NULL: then whatever is from elsewhere is `other`. No heap.
 * False: the host stands in `referrer_deny`, and nothing was filled. */
bool visit_referrer(struct visit *visit, const struct visit_scene *scene,
                    struct visit_text *text, const struct referrer_list *list,
                    struct referrer_cache *cache);

#endif
