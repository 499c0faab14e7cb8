/* Floor 4 (answer). A worker's widget.json of each site, kept for a second: a page of
 * many readers is formatted once a second and worker. A site that this worker has counted
 * for since is formatted anew, so that who counts and then reads sees themself. */
#ifndef LUOT_ANSWER_WIDGETS_H
#define LUOT_ANSWER_WIDGETS_H

#include "answer/http.h"

enum { WIDGET_BYTES_MAX = 784, WIDGET_HEAD_MAX = 480 };

struct cached_widget {
    int64_t second;   /* of luot's clock that it was made in; 0: none       */
    uint64_t changes; /* site_changes() then: a counted view is in the next */
    uint32_t length, head;
    /* `head` bytes of an answer's head end where the document begins; 0: none yet. */
    char bytes[WIDGET_HEAD_MAX + WIDGET_BYTES_MAX];
};

/* The bytes live until the next call for this site. */
struct slice widgets_get(struct http_lane *lane, const struct site *site,
                         const struct document *d);
/* Behind widgets_get, of the same site: the head that was written for who stays connected
 * and has no copy is kept with the document. One that is too long is not. */
void widgets_keep_head(struct http_lane *lane, const struct site *site,
                       struct slice head);
/* That head and the document as one answer, or nothing. */
struct slice widgets_answer(const struct http_lane *lane, const struct site *site);
/* Inside a turn. */
void widgets_forget(struct http_lane *lane, const struct site *site);
/* What documents say of this moment; asks the other parts at most four times a second. */
struct document lane_document(struct http_lane *lane, struct instant now);

#endif
