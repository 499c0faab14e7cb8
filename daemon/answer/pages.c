/* The front-end's files, and the two pages that are filled in. */
#include <stdio.h>

#include "answer/routes.h"
#include "parse/accept_encoding.h"
#include "parse/query.h"
#include "report/assets.h"

enum { TAG_MAX = 32, SNAPSHOT_PATH_MAX = SITE_KEY_MAX + 32 };

static void not_built_in(struct asked *a)
{
    asked_error(a, 404, "not_found", "This luotd was built without that file.");
}

void answer_asset(struct asked *a)
{
    struct slice name = {a->request->path.at + 1, a->request->path.length - 1};
    bool brotli = accepts_brotli(a->request->accept_encoding);
    bool gzip = !brotli && accepts_gzip(a->request->accept_encoding);
    struct asset asset;
    char etag[ETAG_MAX];

    if (!asset_find(&asset, name)) {
        not_built_in(a);
        return;
    }
    /* Three representations, three tags. */
    memcpy(etag, asset.etag, sizeof asset.etag);
    if (brotli || gzip)
        memcpy(etag + strlen(etag) - 1, brotli ? "b\"" : "g\"", sizeof "g\"");
    a->r.status = etag_matches(a->request->if_none_match, etag) ? 304 : 200;
    a->r.etag = etag;
    a->r.type = asset.type;
    /* A browser that has an old copy uses it while it asks for a new one: no page waits for
     * luotd, not even for one that does not answer. */
    a->r.cache = "max-age=3600, stale-while-revalidate=604800";
    a->r.vary = "Accept-Encoding";
    a->r.encoding = brotli ? "br" : gzip ? "gzip" : NULL;
    respond_write(a->out, &a->r, brotli ? asset.brotli : gzip ? asset.gzip : asset.plain);
}

/* --- Pages --- */

bool query_language(const struct asked *a, enum language *ret_language)
{
    struct slice raw;

    if (!query_find(a->request->query, SLICE("lang"), &raw) || raw.length > TAG_MAX)
        return false;
    *ret_language = language_parse(raw);
    return true;
}

enum language asked_language(const struct asked *a)
{
    struct slice first = a->request->accept_language;
    enum language language = language_parse(slice_trim(slice_cut(&first, ',')));

    (void)query_language(a, &language);
    return language;
}

void asked_page(struct asked *a, struct slice name, const struct page *page)
{
    struct buffer body;
    struct asset asset;

    if (!asset_find(&asset, name)) {
        not_built_in(a);
        return;
    }
    respond_body(&body, a->out);
    page_write(&body, asset.plain, page);
    if (buffer_error(&body) != 0)
        a->out->error = buffer_error(&body);
    else if (a->plan->outcome != OUTCOME_COUNT)
        asked_counted(a, asset.type, buffer_written(&body));
    else
        asked_document(a, asset.type, buffer_written(&body));
}

/* The only site that everybody sees; NULL: there are more, or none. */
static const struct site *only_site(const struct registry *r)
{
    const struct site *only = NULL;

    for (size_t i = 0; i < registry_limit(r); i++) {
        const struct site *s = registry_at(r, i);

        if (s == NULL || !site_is_public(s))
            continue;
        if (only != NULL)
            return NULL;
        only = s;
    }
    return only;
}

/* What the script asks for first in the place that the address names, as it writes it.
 * Nothing that would be refused; the report of all sites needs no site's snapshot. */
static void preload_first(const struct asked *a, struct page *page,
                          char memory[SNAPSHOT_PATH_MAX])
{
    const struct registry *r = a->lane->service->registry;
    struct slice key = {NULL, 0}, view;
    bool of_site = query_find(a->request->query, SLICE("site"), &key) && key.length > 0;
    bool report = query_find(a->request->query, SLICE("view"), &view) && view.length > 0;
    const struct site *site = of_site && site_key_is_valid(key) ? registry_by_key(r, key)
                              : of_site                         ? NULL
                                                                : only_site(r);
    size_t n = 0;

    if (!of_site)
        page->preload[n++] = "v1/sites.json";
    else if (site != NULL && !site_is_public(site))
        site = NULL;
    if (site == NULL || (report && !of_site))
        return;
    if (!of_site)
        key = slice_of(site_shown_key(site));
    snprintf(memory, SNAPSHOT_PATH_MAX, "v1/%.*s/snapshot.json", (int)key.length, key.at);
    page->preload[n] = memory;
}

void answer_dashboard(struct asked *a)
{
    char memory[SNAPSHOT_PATH_MAX];
    struct page page = {.language = asked_language(a),
                        .version = a->lane->service->version,
                        .document = &a->document};

    preload_first(a, &page, memory);
    a->r.vary = "Accept-Language";
    a->r.policy = OURS_ONLY "frame-ancestors 'none'";
    asked_page(a, SLICE("dashboard.html"), &page);
}
