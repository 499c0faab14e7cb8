/* The front-end's files, and the two pages that are filled in. */
#include "answer/routes.h"
#include "parse/accept_encoding.h"
#include "parse/query.h"
#include "report/assets.h"

enum { TAG_MAX = 32 };

static void not_built_in(struct asked *a)
{
    asked_error(a, 404, "not_found", "This luotd was built without that file.");
}

void answer_asset(struct asked *a)
{
    struct slice name = {a->request->path.at + 1, a->request->path.length - 1};
    bool gzip = accepts_gzip(a->request->accept_encoding);
    struct asset asset;
    char etag[ETAG_MAX];

    if (!asset_find(&asset, name)) {
        not_built_in(a);
        return;
    }
    /* Two representations, two tags. */
    memcpy(etag, asset.etag, sizeof asset.etag);
    if (gzip)
        memcpy(etag + strlen(etag) - 1, "g\"", sizeof "g\"");
    a->r.status = etag_matches(a->request->if_none_match, etag) ? 304 : 200;
    a->r.etag = etag;
    a->r.type = asset.type;
    /* A browser that has an old copy uses it while it asks for a new one: no page waits for
     * luotd, not even for one that does not answer. */
    a->r.cache = "max-age=3600, stale-while-revalidate=604800";
    a->r.vary = "Accept-Encoding";
    a->r.encoding = gzip ? "gzip" : NULL;
    respond_write(a->out, &a->r, gzip ? asset.gzip : asset.plain);
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

void answer_dashboard(struct asked *a)
{
    struct page page = {.language = asked_language(a),
                        .version = a->lane->service->version,
                        .document = &a->document};

    a->r.vary = "Accept-Language";
    a->r.policy = OURS_ONLY "frame-ancestors 'none'";
    asked_page(a, SLICE("dashboard.html"), &page);
}
