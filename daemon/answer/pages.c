/* The front-end's files, and the two pages that are filled in. */
#include "answer/routes.h"
#include "parse/accept_encoding.h"
#include "parse/query.h"
#include "report/assets.h"
#include "report/page.h"

enum { TAG_MAX = 32 };

/* Nothing inline, nothing of other origins. */
#define OURS_ONLY                                                                        \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "      \
    "img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "

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
    a->r.cache = "max-age=3600";
    a->r.vary = "Accept-Encoding";
    a->r.encoding = gzip ? "gzip" : NULL;
    respond_write(a->out, &a->r, gzip ? asset.gzip : asset.plain);
}

/* --- Pages --- */

static bool asked_language(const struct asked *a, enum language *ret_language)
{
    struct slice raw;

    if (!query_find(a->request->query, SLICE("lang"), &raw) || raw.length > TAG_MAX)
        return false;
    *ret_language = language_parse(raw);
    return true;
}

static void answer_page(struct asked *a, struct slice name, const struct page *page)
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
    else
        asked_document(a, asset.type, buffer_written(&body));
}

void answer_widget_page(struct asked *a)
{
    struct page page = {.language = LANGUAGE_VI,
                        .version = a->lane->service->version,
                        .site = a->site,
                        .document = &a->document};

    asked_language(a, &page.language);
    a->r.policy = OURS_ONLY "frame-ancestors *";
    answer_page(a, SLICE("widget.html"), &page);
}

void answer_dashboard(struct asked *a)
{
    struct slice first = a->request->accept_language;
    struct page page = {.version = a->lane->service->version, .document = &a->document};

    page.language = language_parse(slice_trim(slice_cut(&first, ',')));
    asked_language(a, &page.language);
    a->r.vary = "Accept-Language";
    a->r.policy = OURS_ONLY "frame-ancestors 'none'";
    answer_page(a, SLICE("dashboard.html"), &page);
}
