/* Floor 4 (answer). What HTTP requests become: counted beacons and documents. One lane a
 * worker; all of it runs on that worker's thread. Knows no socket.
 *
 * The happy path: answer_request() inside a turn finds the route and, if the request is a
 * beacon, counts it; answer_respond() after the turn writes the whole answer. What needs
 * the store becomes a job, and its bytes come later through service->reply_http. It fails
 * when: no route (404), no such method there (405), the site is private (401, 403), the
 * reader has too much to do (503 with Retry-After). */
#ifndef LUOT_ANSWER_HTTP_H
#define LUOT_ANSWER_HTTP_H

#include "answer/respond.h"
#include "answer/service.h"
#include "base/buffer.h"
#include "parse/http_request.h"

enum { PIXEL_BYTES_MAX = 512 };

struct cached_widget; /* see widgets.h */
struct cached_pixel { /* the whole answer to a pixel */
    int64_t second;   /* of its Date                 */
    uint32_t length;  /* 0: none yet                 */
    char bytes[PIXEL_BYTES_MAX];
};
struct route;

struct http_lane {
    struct service *service;
    struct pipeline *pipeline;
    struct cached_widget *widgets; /* by site index: widget.json of this second */
    struct cached_pixel *pixels;   /* by outcome, and whether it is the last    */
    struct document document;      /* what documents said of the last moment    */
    struct date_line date;         /* of this second                            */
    struct gzip *gzip;
    struct live *live;        /* who follows live numbers */
    uint64_t proxied_without; /* beacons in a row from a proxy without X-Forwarded-For */
    bool proxied_told;        /* it is in the log                                      */
};

/* What the turn decided, for the answer: fits in net's struct exchange. */
struct answer_plan {
    const struct route *route; /* NULL: no such path                               */
    const struct site *site;   /* that the beacon was for, or NULL                 */
    uint32_t outcome;          /* enum outcome; OUTCOME_COUNT: nothing was counted */
    uint32_t refused;          /* HTTP status that was decided already, or 0       */
    struct {
        uint32_t at, length; /* of the target: what stands for {site} */
    } key;
};

/* What became of an answer that was written into `out`. */
struct answer_reply {
    unsigned status;
    bool close;           /* the connection, after it                             */
    bool later;           /* nothing was written: service->reply_http brings it    */
    bool streams;         /* it goes on: live_next() has more for this listener    */
    uint64_t listener[8]; /* a struct listener */
};

/* `service` and `pipeline` outlive the lane; service->registry is set. ERR_NOMEM. */
int answer_lane_init(struct http_lane *lane, struct service *service,
                     struct pipeline *pipeline);
void answer_lane_release(struct http_lane *lane);

/* Inside a turn: no system call, no allocation. */
void answer_request(struct http_lane *lane, const struct http_request *request,
                    const struct address *peer, struct answer_plan *ret_plan);
/* After the turn; may be asked again for the same plan when `out` was too small. The
 * whole answer is written into `out`, or it comes later, or more of it does. `second` is as
 * live_next's. */
void answer_respond(struct http_lane *lane, const struct http_request *request,
                    const struct answer_plan *plan, struct buffer *out,
                    struct http_token token, uint64_t second,
                    struct answer_reply *ret_reply);

#endif
