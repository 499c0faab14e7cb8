/* Answers to what was counted (or not) inside the turn. */
#include "answer/routes.h"
#include "parse/query.h"
#include "parse/url.h"

/* A transparent GIF of one pixel. */
static const unsigned char pixel[43] = {
    'G',  'I',  'F',  '8',  '9',  'a',  0x01, 0x00, 0x01, 0x00, 0x80,
    0x00, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0x21, 0xF9, 0x04,
    0x01, 0x00, 0x00, 0x00, 0x00, 0x2C, 0x00, 0x00, 0x00, 0x00, 0x01,
    0x00, 0x01, 0x00, 0x00, 0x02, 0x02, 0x44, 0x01, 0x00, 0x3B};

void asked_outcome(struct asked *a)
{
    if (a->plan->outcome == OUTCOME_COUNT)
        return;
    a->r.outcome = (enum outcome)a->plan->outcome;
    a->r.has_outcome = true;
}

/* Of one outcome all answers of a second are the same, to who stays connected, and to who
 * does not: the first of them is kept. NULL: the request was no beacon. */
static struct cached_pixel *place_of(const struct http_lane *lane,
                                     const struct http_request *request,
                                     const struct answer_plan *plan)
{
    if (plan->outcome >= OUTCOME_COUNT)
        return NULL;
    return &lane->pixels[2 * plan->outcome + (request->keep_alive ? 0 : 1)];
}

static void keep_pixel(struct asked *a, struct cached_pixel *kept, size_t before)
{
    kept->second = instant_seconds(a->r.now);
    kept->length = (uint32_t)(a->out->length - before);
    if (kept->length > sizeof kept->bytes)
        kept->length = 0;
    memcpy(kept->bytes, a->out->at + before, kept->length);
}

bool answer_kept_pixel(const struct http_lane *lane, const struct http_request *request,
                       const struct answer_plan *plan, struct buffer *out)
{
    const struct cached_pixel *kept = place_of(lane, request, plan);

    if (kept == NULL || plan->route->answer != answer_pixel || kept->length == 0 ||
        kept->second != instant_seconds(lane->pipeline->now))
        return false;
    buffer_bytes(out, kept->bytes, kept->length);
    return true;
}

/* An image that is not there would show: so it is, whatever became of the beacon. */
void answer_pixel(struct asked *a)
{
    struct cached_pixel *kept = place_of(a->lane, a->request, a->plan);
    size_t before = a->out->length;

    asked_counted(a, "image/gif", (struct slice){(const char *)pixel, sizeof pixel});
    if (kept != NULL)
        keep_pixel(a, kept, before);
}

/* --- CORS --- */

struct slice allowed_origin(const struct site *site, struct slice origin)
{
    const struct site_terms *terms;
    struct url url;

    if (site == NULL || origin.length == 0 || origin.length > ORIGIN_MAX)
        return (struct slice){NULL, 0};
    url_parse(&url, origin);
    terms = atomic_load_explicit(&site->terms, memory_order_acquire);
    /* "null" is a sandboxed page, or a file: it may read where its beacons count. */
    if (url.host.length == 0)
        return terms->config.open && slice_equal(origin, SLICE("null"))
                   ? origin
                   : (struct slice){NULL, 0};
    if (terms->config.open || hosts_match(terms->config.hosts, url.host) ||
        (site->block->host[0] != '\0' &&
         slice_equal_nocase(slice_of(site->block->host), url.host)))
        return origin;
    /* A site without hosts counts the beacons of every page: those may read the
     * answer. */
    if (terms->config.hosts[0] == '\0' && site->block->host[0] == '\0')
        return origin;
    return (struct slice){NULL, 0};
}

void answer_preflight(struct asked *a)
{
    bool post = a->plan->route->methods == TAKES_POST;
    struct url url;

    a->r.status = 204;
    a->r.allow = post ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
    a->r.cache = "max-age=86400";
    if (!a->plan->route->cors) {
        a->r.vary = "Origin";
        url_parse(&url, a->request->origin);
        a->r.origin = allowed_origin(
            registry_by_host(a->lane->service->registry, url.host), a->request->origin);
    }
    a->r.authorization = a->plan->route->cors;
    if (a->r.origin.length > 0)
        a->r.preflight = post ? "POST" : "GET, HEAD";
    respond_write(a->out, &a->r, (struct slice){NULL, 0});
}

/* --- POST /b --- */

static bool wants_reply(const struct http_request *request)
{
    struct slice value;

    return query_find(request->query, SLICE("reply"), &value) &&
           slice_equal(value, SLICE("1"));
}

/* 403: who sends it may not, or not for this site. 400: it is wrong as it is. */
static unsigned status_of(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_UNKNOWN_SITE:
    case OUTCOME_ORIGIN:
    case OUTCOME_UNTRUSTED:
    case OUTCOME_AUTO_SITES_FULL:
    case OUTCOME_SITES_FULL:
    case OUTCOME_MAC:
    case OUTCOME_REPLAY:
    case OUTCOME_SENDERS:
        return 403;
    default:
        return 400;
    }
}

void answer_beacons(struct asked *a)
{
    enum outcome outcome = (enum outcome)a->plan->outcome;

    asked_outcome(a);
    /* No Vary: no cache keeps what a POST is answered, and it comes each minute. */
    a->r.origin = allowed_origin(a->plan->site, a->request->origin);
    if (outcome_class(outcome) == OUTCOME_REJECTED) {
        asked_error(a, status_of(outcome), outcome_word(outcome),
                    outcome_sentence(outcome));
    } else if (wants_reply(a->request)) {
        answer_reply(a);
    } else {
        a->r.status = 204;
        respond_write(a->out, &a->r, (struct slice){NULL, 0});
    }
}
