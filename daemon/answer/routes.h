/* Floor 4 (answer). The routes: one row each, and a handler. */
#ifndef LUOT_ANSWER_ROUTES_H
#define LUOT_ANSWER_ROUTES_H

#include "answer/destination.h"
#include "answer/http.h"
#include "answer/live.h"
#include "answer/respond.h"
#include "answer/rights.h"
#include "report/page.h"

enum route_methods {
    TAKES_GET = 1, /* and HEAD               */
    TAKES_POST = 2 /* OPTIONS: all routes do */
};

/* Nothing inline, nothing of other origins. */
#define OURS_ONLY                                                                        \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "      \
    "img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "

/* One request being answered. */
struct asked {
    struct http_lane *lane;
    const struct http_request *request;
    const struct answer_plan *plan;
    const struct site *site;  /* of {site} in the path; NULL where there is none */
    struct document document; /* of this moment                                  */
    struct http_token token;
    struct rights rights; /* what was shown with the request                   */
    bool whole;           /* a token opens the site: nothing of it is folded   */
    struct buffer *out;
    struct respond r; /* begun: keep_alive, head_only, now   */
    bool later;       /* set by a handler that wrote nothing                */
    uint64_t second;  /* given: of the clock that live_next is asked by     */
    bool streams;     /* set by a handler: more comes, for this listener    */
    struct listener listener;
};

/* In the table the first two are written as false and true. */
enum route_counts {
    COUNTS_NOTHING,
    COUNTS_BEACONS, /* what is asked is a beacon, or beacons    */
    COUNTS_IF_ASKED /* `?count`: a view of the page it stands on */
};

struct route {
    const char *path;             /* with {site} for one segment               */
    unsigned short before, after; /* bytes of it before {site}, and behind it  */
    bool of_site;                 /* false: no {site}, `before` is all of it   */
    unsigned methods;
    enum route_counts counts; /* inside the turn                                */
    bool cors;                /* a document that pages of every origin may read */
    void (*answer)(struct asked *a);
    const char *query, *about; /* for /v1/: of an example; NULL: not listed */
};

/* The route of a path and what stands for {site}; NULL: there is none. */
const struct route *route_find(struct slice path, struct slice *ret_key);
/* Static; *ret_count of them, for the list. */
const struct route *routes(size_t *ret_count);

/* Handlers, by file. beacons.c: */
void answer_pixel(struct asked *a);
void answer_beacons(struct asked *a);
/* A pixel's whole answer as it was written before, if one of the turn's second is there that
 * says the same: nothing else of an answer is needed then. */
bool answer_kept_pixel(const struct http_lane *lane, const struct http_request *request,
                       const struct answer_plan *plan, struct buffer *out);
void answer_preflight(struct asked *a);
/* reply.c: for answer_beacons; the beacon was not refused. */
void answer_reply(struct asked *a);
/* documents.c: */
void answer_index(struct asked *a);
void answer_widget(struct asked *a);
void answer_snapshot(struct asked *a);
void answer_series(struct asked *a);
void answer_report(struct asked *a);
void answer_sites(struct asked *a);
/* live.c: */
void answer_live(struct asked *a);
/* documents_tops.c: */
void answer_tops_json(struct asked *a);
void answer_tops_csv(struct asked *a);
void answer_page_views(struct asked *a);
/* pages.c: */
void answer_asset(struct asked *a);
void answer_dashboard(struct asked *a);
/* privacy.c: */
void answer_privacy(struct asked *a);

/* embeds.c: */
void answer_widget_page(struct asked *a);
void answer_badge(struct asked *a);
void answer_snippet_page(struct asked *a);

/* For handlers. */
void asked_error(struct asked *a, unsigned status, const char *reason,
                 const char *message);
/* true: who asks may not read the site's documents, and that was said. Else a->whole. */
bool asked_private(struct asked *a);
/* Where an answer goes that comes later. */
struct destination asked_destination(const struct asked *a);
/* 200 or 304 with a weak ETag of the numbers, gzipped for who takes that; public, but for
 * a->whole. */
void asked_document(struct asked *a, const char *type, struct slice body);
/* 200, of a request that was a beacon as well. */
void asked_counted(struct asked *a, const char *type, struct slice body);
/* One of the pages in client/, filled in. The policy is set. */
void asked_page(struct asked *a, struct slice name, const struct page *page);
/* `?lang=`; false: it is not there. */
bool query_language(const struct asked *a, enum language *ret_language);
/* Of a page: that, else the first of Accept-Language. */
enum language asked_language(const struct asked *a);
/* X-Luot: what became of the beacon, if the request was one. */
void asked_outcome(struct asked *a);
/* The site's origins as CORS sees them: the origin itself when it may read the site's
 * answers, else empty. */
struct slice allowed_origin(const struct site *site, struct slice origin);

#endif
