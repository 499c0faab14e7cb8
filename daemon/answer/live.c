#include "answer/live.h"

#include <assert.h>
#include <stdlib.h>

#include "answer/routes.h"
#include "answer/widgets.h"
#include "report/sites_now.h"
#include "report/snapshot.h"

enum { RENDER_BYTES = 65536, RIGHTS_S = 4 };

static_assert(sizeof(struct listener) <= 64, "what net keeps for us");

struct render {
    struct shared_bytes *bytes; /* an event; NULL: none was made */
    uint64_t hash;              /* of what it says               */
    uint64_t second;            /* that it was made in           */
    unsigned listeners;
};

struct live {
    unsigned listeners; /* all; and of all sites                 */
    unsigned all_listeners;
    struct render *site;  /* by index                              */
    struct render *all;   /* [0]: of public sites; then by reader  */
    uint32_t all_version; /* of the readers that `all` is of       */
    struct site_now *now; /* of all sites, as of now_second        */
    size_t now_count, now_limit;
    uint64_t now_second;
    char *memory; /* an event while it is written */
    size_t memory_size;
    struct shared_bytes *comment;
};

/* --- Life --- */

struct live *live_new(const struct service *service)
{
    struct live *l = calloc(1, sizeof *l);

    if (l == NULL)
        return NULL;
    l->now_limit = registry_limit(service->registry);
    l->memory_size = RENDER_BYTES;
    if (sites_now_limit(l->now_limit) > l->memory_size)
        l->memory_size = sites_now_limit(l->now_limit);
    /* Address space only, until somebody listens. */
    l->site = calloc(l->now_limit, sizeof *l->site);
    l->all = calloc(READERS_MAX + 1, sizeof *l->all);
    l->now = calloc(l->now_limit, sizeof *l->now);
    l->memory = malloc(l->memory_size);
    l->comment = shared_bytes_new(SLICE(":\n\n"));
    if (l->site != NULL && l->all != NULL && l->now != NULL && l->memory != NULL &&
        l->comment != NULL)
        return l;
    live_free(l);
    return NULL;
}

static void forget(struct render *r)
{
    shared_bytes_let_go(r->bytes);
    r->bytes = NULL;
}

void live_free(struct live *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; l->site != NULL && i < l->now_limit; i++)
        forget(&l->site[i]);
    for (size_t i = 0; l->all != NULL && i <= READERS_MAX; i++)
        forget(&l->all[i]);
    shared_bytes_let_go(l->comment);
    free(l->memory);
    free(l->now);
    free(l->all);
    free(l->site);
    free(l);
}

/* --- Events --- */

/* "id: 1795575630\nevent: snapshot\ndata: {...}\n\n". The document is one line with its end;
 * *ret_from is where it begins. */
static void begin_event(struct buffer *out, struct live *l, const char *name,
                        struct instant now, size_t *ret_from)
{
    buffer_init(out, l->memory, l->memory_size);
    buffer_format(out, "id: %lld\nevent: %s\ndata: ", (long long)instant_seconds(now),
                  name);
    *ret_from = out->length;
}

/* What was made before stays when there is no memory for this one. */
static void end_event(struct render *r, struct buffer *out, size_t from, uint64_t second)
{
    struct slice document = {out->at + from, out->length - from};
    struct shared_bytes *bytes;

    buffer_byte(out, '\n');
    bytes = buffer_error(out) == 0 ? shared_bytes_new(buffer_written(out)) : NULL;
    r->second = second;
    if (bytes == NULL)
        return;
    shared_bytes_let_go(r->bytes);
    r->bytes = bytes;
    r->hash = document_hash(document);
}

static struct render *render_site(struct http_lane *lane, const struct site *site,
                                  uint64_t second)
{
    struct live *l = lane->live;
    struct render *r = &l->site[site->index];
    struct document d = lane_document(lane, clock_now(lane->service->clock));
    struct buffer out;
    size_t from;

    if (r->bytes != NULL && r->second == second)
        return r;
    begin_event(&out, l, "snapshot", d.now, &from);
    snapshot_numbers_json(&out, site, &d);
    end_event(r, &out, from, second);
    return r;
}

/* Which event is this reader's; those of other readers are of no use after a reload. One
 * that is of no reader of now, because they were replaced a moment ago, is nobody: what he
 * might read must not come into the event of everybody. */
static struct render *render_of_reader(struct http_lane *lane,
                                       const struct reader **reader)
{
    const struct readers *readers = service_readers(lane->service);
    struct live *l = lane->live;

    if (l->all_version != readers_version(readers))
        for (size_t i = 0; i <= READERS_MAX; i++)
            forget(&l->all[i]);
    l->all_version = readers_version(readers);
    for (size_t i = 0; *reader != NULL && i < readers_count(readers); i++)
        if (readers_at(readers, i) == *reader)
            return &l->all[i + 1];
    *reader = NULL;
    return &l->all[0];
}

static struct render *render_all(struct http_lane *lane, const struct reader *reader,
                                 uint64_t second)
{
    struct live *l = lane->live;
    struct render *r = render_of_reader(lane, &reader);
    struct document d = lane_document(lane, clock_now(lane->service->clock));
    struct buffer out;
    size_t from;

    if (r->bytes != NULL && second - r->second < LIVE_SITES_S)
        return r;
    if (l->now_count == 0 || second - l->now_second >= LIVE_SITES_S) {
        l->now_count =
            sites_now_read(l->now, l->now_limit, lane->service->registry, d.now);
        l->now_second = second;
    }
    begin_event(&out, l, "sites", d.now, &from);
    sites_now_json(&out, l->now, l->now_count, &d,
                   (struct sites_asked){.reader = reader});
    end_event(r, &out, from, second);
    return r;
}

/* --- Listeners --- */

static const struct reader *reader_of(const struct http_lane *lane,
                                      const struct listener *listener)
{
    return listener->has_reader
               ? readers_by_hash(service_readers(lane->service), listener->token)
               : NULL;
}

/* Is the site there, and still open to it? A reader is looked up again when there are other
 * readers, and now and then, as his site may have gone to another group. */
static bool may_go_on(const struct http_lane *lane, struct listener *l, uint64_t second)
{
    uint32_t version = readers_version(service_readers(lane->service));
    const struct reader *reader;
    bool look = l->has_reader && (l->version != version || second % RIGHTS_S == 0);

    if (l->site != NULL &&
        registry_at(lane->service->registry, l->site->index) != l->site)
        return false;
    if (!look)
        return l->has_reader || l->site == NULL || site_is_public(l->site);
    reader = reader_of(lane, l);
    l->version = version;
    return reader != NULL && (l->site == NULL || site_is_public(l->site) ||
                              site_is_open_to(l->site, reader));
}

bool live_next(struct http_lane *lane, struct listener *listener, uint64_t second,
               struct shared_bytes **ret_bytes)
{
    uint32_t silent = (uint32_t)second - listener->said;
    const struct render *r;

    if (!may_go_on(lane, listener, second))
        return false;
    if (silent < (listener->site != NULL ? 1 : LIVE_SITES_S))
        return true;
    r = listener->site != NULL ? render_site(lane, listener->site, second)
                               : render_all(lane, reader_of(lane, listener), second);
    if (r->bytes != NULL && r->hash != listener->sent) {
        *ret_bytes = shared_bytes_hold(r->bytes);
        listener->sent = r->hash;
    } else if (silent >= LIVE_COMMENT_S) {
        *ret_bytes = shared_bytes_hold(lane->live->comment);
    } else {
        return true;
    }
    listener->said = (uint32_t)second;
    return true;
}

void live_end(struct http_lane *lane, const struct listener *listener)
{
    struct live *l = lane->live;

    l->listeners--;
    if (listener->site == NULL && --l->all_listeners == 0)
        for (size_t i = 0; i <= READERS_MAX; i++)
            forget(&l->all[i]);
    if (listener->site == NULL)
        return;
    if (--l->site[listener->site->index].listeners == 0)
        forget(&l->site[listener->site->index]);
}

/* --- The beginning --- */

static void begin(struct asked *a)
{
    struct live *l = a->lane->live;
    const struct reader *reader = rights_reader(&a->rights);
    const struct render *r = a->site != NULL ? render_site(a->lane, a->site, a->second)
                                             : render_all(a->lane, reader, a->second);
    struct buffer body;

    respond_body(&body, a->out);
    buffer_format(&body, "retry: %d\n\n", (int)LIVE_RETRY_MS);
    if (r->bytes != NULL)
        buffer_bytes(&body, r->bytes->at, r->bytes->length);
    if (buffer_error(&body) != 0) {
        a->out->error = buffer_error(&body);
        return;
    }
    a->r.type = "text/event-stream";
    a->r.endless = true;
    a->r.status = 200;
    respond_write(a->out, &a->r, buffer_written(&body));
    if (a->out->error != 0 || a->r.head_only)
        return;
    a->streams = true;
    a->listener =
        (struct listener){.site = a->site,
                          .sent = r->hash,
                          .version = readers_version(service_readers(a->lane->service)),
                          .said = (uint32_t)a->second,
                          .has_reader = reader != NULL};
    if (reader != NULL)
        memcpy(a->listener.token, reader->hash, sizeof a->listener.token);
    l->listeners++;
    if (a->site != NULL)
        l->site[a->site->index].listeners++;
    else
        l->all_listeners++;
}

void answer_live(struct asked *a)
{
    unsigned most =
        atomic_load_explicit(&a->lane->service->live_limit, memory_order_relaxed);

    if (a->site != NULL && asked_private(a))
        return;
    if (a->lane->live->listeners < most) {
        begin(a);
        return;
    }
    a->r.retry_after_s = LIVE_BUSY_S;
    asked_error(a, 503, "busy",
                "Too many follow live numbers; ask for snapshot.json or sites.json now "
                "and then, or raise live_listeners.");
}
