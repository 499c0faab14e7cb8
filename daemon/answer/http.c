#include "answer/http.h"

#include <assert.h>
#include <stdlib.h>

#include "answer/gzip.h"
#include "answer/routes.h"
#include "answer/widgets.h"
#include "base/error.h"
#include "base/log.h"
#include "count/turn.h"
#include "parse/accept_encoding.h"
#include "parse/forwarded.h"
#include "parse/query.h"

enum { PROXIED_WITHOUT_MAX = 100 };

static_assert(sizeof(struct answer_plan) <= 64, "what net keeps for us");

int answer_lane_init(struct http_lane *lane, struct service *service,
                     struct pipeline *pipeline)
{
    *lane = (struct http_lane){.service = service, .pipeline = pipeline};
    lane->widgets = calloc(registry_limit(service->registry), sizeof *lane->widgets);
    lane->pixels = calloc(2 * OUTCOME_COUNT, sizeof *lane->pixels);
    lane->gzip = gzip_new();
    lane->live = live_new(service);
    if (lane->widgets != NULL && lane->pixels != NULL && lane->gzip != NULL &&
        lane->live != NULL)
        return 0;
    answer_lane_release(lane);
    return ERR_NOMEM;
}

void answer_lane_release(struct http_lane *lane)
{
    free(lane->widgets);
    free(lane->pixels);
    gzip_free(lane->gzip);
    live_free(lane->live);
    lane->live = NULL;
    lane->widgets = NULL;
    lane->pixels = NULL;
    lane->gzip = NULL;
}

/* --- Inside the turn --- */

/* The peer's own address, or, when the peer is our proxy, who called it; *ret_nobody where
 * the proxy does not say. */
static struct address client_of(struct http_lane *lane,
                                const struct http_request *request,
                                const struct address *peer, bool *ret_nobody)
{
    const struct trust *trust =
        atomic_load_explicit(lane->pipeline->trust, memory_order_acquire);
    struct address client = *peer;

    if (!networks_contain(&trust->proxies, peer))
        return client;
    if (forwarded_client(&client, request->forwarded_for, &trust->proxies)) {
        lane->proxied_without = 0;
        return client;
    }
    *ret_nobody = true;
    lane->proxied_without++;
    metrics_bump(lane->pipeline->row, http_proxy_without_xff, 1);
    return *peer;
}

static bool holds_word(struct slice text, struct slice word)
{
    for (size_t i = 0; i + word.length <= text.length; i++)
        if (slice_equal_nocase((struct slice){text.at + i, word.length}, word))
            return true;
    return false;
}

/* In place: a copy of it would cost what a look-up does. */
static void sender_begin(struct sender *sender, struct http_lane *lane,
                         const struct http_request *request, const struct address *peer)
{
    const struct trust *trust =
        atomic_load_explicit(lane->pipeline->trust, memory_order_acquire);

    sender->nobody = false;
    sender->address = client_of(lane, request, peer, &sender->nobody);
    sender->trusted = writers_by_token(trust->writers, request->authorization) != NULL;
    sender->nobody |= sender->trusted;
    sender->mistrusted =
        !sender->trusted && authorization_is_bearer(request->authorization);
    sender->http = true;
    sender->anonymous =
        slice_equal(request->dnt, SLICE("1")) || slice_equal(request->gpc, SLICE("1"));
    sender->prefetch = holds_word(request->purpose, SLICE("prefetch")) ||
                       holds_word(request->purpose, SLICE("prerender"));
    sender->agent_expected = false;
    sender->origin = request->origin;
    sender->referer = request->referer;
    sender->host = request->host;
    sender->user_agent = request->user_agent;
    sender->accept_language = request->accept_language;
    sender->name = (struct slice){NULL, 0};
}

/* What a page may send to another origin without asking first. */
static bool is_text(struct slice content_type)
{
    struct slice type = slice_trim(slice_cut(&content_type, ';'));

    return type.length == 0 || slice_equal_nocase(type, SLICE("text/plain")) ||
           slice_equal_nocase(type, SLICE("application/x-www-form-urlencoded"));
}

/* "s=KEY" and the query behind it, where a beacon's other keys may be: of `s` the first
 * counts. The page is what Referer says. */
static enum outcome count_embed(struct http_lane *lane,
                                const struct http_request *request,
                                const struct sender *sender, struct slice key,
                                struct site **ret_site)
{
    char memory[LUOT_BEACON_MAX];
    struct buffer line;

    buffer_init(&line, memory, sizeof memory);
    buffer_text(&line, "s=");
    buffer_slice(&line, key);
    buffer_byte(&line, '&');
    buffer_slice(&line, request->query);
    return pipeline_line(lane->pipeline, buffer_written(&line), sender, ret_site);
}

static void count(struct http_lane *lane, const struct http_request *request,
                  const struct address *peer, struct slice key, struct answer_plan *plan)
{
    struct sender sender;
    struct site *site = NULL;

    sender_begin(&sender, lane, request, peer);
    if (plan->route->counts == COUNTS_IF_ASKED)
        plan->outcome = count_embed(lane, request, &sender, key, &site);
    else if (request->method == METHOD_POST)
        plan->outcome = pipeline_lines(lane->pipeline, request->body, &sender, &site);
    else if (request->query.length > 0)
        plan->outcome = pipeline_line(lane->pipeline, request->query, &sender, &site);
    else /* the host says which site, and it is a view */
        plan->outcome = pipeline_line(lane->pipeline, SLICE("k=view"), &sender, &site);
    plan->site = site;
    if (site != NULL)
        widgets_forget(lane, site);
}

static unsigned refusal(const struct route *route, const struct http_request *request)
{
    bool get = request->method == METHOD_GET || request->method == METHOD_HEAD;
    bool post = request->method == METHOD_POST;

    if (route == NULL)
        return 404;
    if (request->method == METHOD_OPTIONS)
        return 0;
    if ((get && (route->methods & TAKES_GET) == 0) ||
        (post && (route->methods & TAKES_POST) == 0) || (!get && !post))
        return 405;
    return post && !is_text(request->content_type) ? 415 : 0;
}

static bool wants_count(const struct route *route, const struct http_request *request)
{
    struct slice value;

    if (request->method != METHOD_GET && request->method != METHOD_POST)
        return false;
    return route->counts == COUNTS_BEACONS ||
           (route->counts == COUNTS_IF_ASKED &&
            query_find(request->query, SLICE("count"), &value));
}

void answer_request(struct http_lane *lane, const struct http_request *request,
                    const struct address *peer, struct answer_plan *ret_plan)
{
    struct answer_plan plan = {.outcome = OUTCOME_COUNT};
    struct slice key;

    plan.route = route_find(request->path, &key);
    plan.refused = refusal(plan.route, request);
    if (key.length > 0 && plan.route != NULL) {
        plan.key.at = (uint32_t)(key.at - request->target.at);
        plan.key.length = (uint32_t)key.length;
    }
    if (plan.refused == 0 && wants_count(plan.route, request))
        count(lane, request, peer, key, &plan);
    *ret_plan = plan;
}

/* --- After the turn --- */

void asked_error(struct asked *a, unsigned status, const char *reason,
                 const char *message)
{
    if (status == 503 && a->r.retry_after_s == 0)
        a->r.retry_after_s = 1;
    respond_error(a->out, &a->r, status, reason, message);
}

void asked_document(struct asked *a, const char *type, struct slice body)
{
    char etag[ETAG_MAX];
    struct slice gzip;

    etag_weak(etag, document_hash(body));
    a->r.status = etag_matches(a->request->if_none_match, etag) ? 304 : 200;
    a->r.etag = etag;
    a->r.type = type;
    a->r.cache = a->whole ? NULL : "max-age=0, s-maxage=1";
    a->r.vary_encoding = body.length >= GZIP_MIN;
    if (a->r.status == 200 && accepts_gzip(a->request->accept_encoding) &&
        gzip_bytes(a->lane->gzip, body, &gzip)) {
        a->r.encoding = "gzip";
        body = gzip;
    }
    respond_write(a->out, &a->r, body);
}

/* A copy that somebody keeps would not be asked for again, and not counted. */
void asked_counted(struct asked *a, const char *type, struct slice body)
{
    asked_outcome(a);
    a->r.status = 200;
    a->r.type = type;
    a->r.cache = "no-store, max-age=0";
    respond_write(a->out, &a->r, body);
}

static const char *allow_of(const struct route *route)
{
    return route->methods == TAKES_POST ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
}

static void refuse(struct asked *a)
{
    const struct route *route = a->plan->route;

    if (a->plan->refused == 404) {
        asked_error(a, 404, "not_found",
                    "There is nothing here; v1/ lists what there is.");
    } else if (a->plan->refused == 405) {
        a->r.allow = allow_of(route);
        asked_error(a, 405, "method", "This address does not take that method.");
    } else {
        asked_error(a, 415, "content_type",
                    "Send beacons as text/plain, one query string a line.");
    }
}

/* A worker says it once in a while, not at each request. */
static void say_proxy_without(struct http_lane *lane)
{
    if (lane->proxied_without < PROXIED_WITHOUT_MAX || lane->proxied_told)
        return;
    lane->proxied_told = true;
    log_warn("event=proxy_without_xff requests=%d error=\"a trusted proxy does not say "
             "who its clients are, so they are all counted as one\" next=\"in nginx: "
             "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\"",
             (int)PROXIED_WITHOUT_MAX);
}

static void answer_site(struct asked *a)
{
    struct slice key = {a->request->target.at + a->plan->key.at, a->plan->key.length};

    if (key.length > 0) {
        a->site = registry_by_key(a->lane->service->registry, key);
        if (a->site == NULL) {
            asked_error(a, 404, "unknown_site",
                        "There is no such site; v1/sites.json lists the public ones.");
            return;
        }
    }
    a->document = lane_document(a->lane, a->r.now);
    a->plan->route->answer(a);
}

static void respond(struct http_lane *lane, const struct http_request *request,
                    const struct answer_plan *plan, struct buffer *out,
                    struct http_token token, uint64_t second,
                    struct answer_reply *ret_reply)
{
    struct asked a = {
        .lane = lane,
        .request = request,
        .plan = plan,
        .token = token,
        .out = out,
        .second = second,
        .r = {.keep_alive = request->keep_alive,
              .head_only = request->method == METHOD_HEAD,
              .now = clock_now(lane->service->clock),
              .date = &lane->date},
    };

    a.rights.service = lane->service;
    a.rights.shown = plan->route != NULL && !plan->route->counts &&
                     authorization_is_bearer(request->authorization);
    if (a.rights.shown)
        (void)readers_by_token(NULL, request->authorization, a.rights.token);
    if (plan->route != NULL && plan->route->cors)
        a.r.origin = SLICE("*");
    if (plan->refused != 0)
        refuse(&a);
    else if (request->method == METHOD_OPTIONS)
        answer_preflight(&a);
    else
        answer_site(&a);
    *ret_reply = (struct answer_reply){.status = a.r.status,
                                       .close = !request->keep_alive || a.r.endless,
                                       .later = a.later,
                                       .streams = a.streams};
    memcpy(ret_reply->listener, &a.listener, sizeof a.listener);
}

void answer_respond(struct http_lane *lane, const struct http_request *request,
                    const struct answer_plan *plan, struct buffer *out,
                    struct http_token token, uint64_t second,
                    struct answer_reply *ret_reply)
{
    say_proxy_without(lane);
    if (answer_kept_pixel(lane, request, plan, out))
        *ret_reply = (struct answer_reply){.status = 200, .close = !request->keep_alive};
    else
        respond(lane, request, plan, out, token, second, ret_reply);
}
