/* Floor 3 (report). What an editor pastes so that a portal counts and shows its numbers: for
 * plain HTML and for the systems that portals are made with, as text for `luotctl snippet`
 * and as a page. */
#ifndef LUOT_REPORT_SNIPPET_H
#define LUOT_REPORT_SNIPPET_H

#include "report/page.h"

enum { SNIPPET_BYTES = 32768, SNIPPET_URL_MAX = 200 }; /* enough for all of them */

struct snippet_place {
    struct slice url;        /* where browsers find luotd, with a slash at the end */
    const struct site *site; /* its key is in the tag where no host says the site  */
    enum language language;
};

/* "https://count.example.gov.vn", with a path or not: nothing that would end a quote. */
bool snippet_url_is_valid(struct slice url);
void snippet_text(struct buffer *out, const struct snippet_place *place);
/* {"site","url","snippets":[{"name","title","how","code"},...]} */
void snippet_json(struct buffer *out, const struct snippet_place *place);
/* A section for each. */
void snippet_html(struct buffer *out, const struct snippet_place *place);

#endif
