/* A town with whoever answers for it, without sockets: requests go in as bytes and come
 * out as bytes; jobs run at once, or wait, or find no room. One thread. */
#ifndef LUOT_TESTS_ANSWER_OFFICE_H
#define LUOT_TESTS_ANSWER_OFFICE_H

#include "answer/commands.h"
#include "answer/http.h"
#include "answer/live.h"
#include "lib/town.h"

enum { OFFICE_BYTES = 1 << 20 };

struct office {
    struct town town;
    struct service service;
    struct readers *own_readers; /* of the town's configuration */
    _Atomic(const struct readers *) readers;
    struct http_lane lane;
    struct store *store; /* NULL until office_open_store */
    struct service_status status;
    int submit_error; /* what submit says; 0: jobs run at once        */
    bool canceled;    /* they run as when we are stopping             */
    unsigned jobs;    /* that were submitted                          */
    int reload_error; /* what reload says, with "luotd.conf:1: wrong" */
    unsigned reloads;
    char bytes[OFFICE_BYTES]; /* of the last answer */
    size_t length;
    unsigned status_code; /* of the last HTTP answer, as net counts it */
    unsigned answers;     /* of the last request or command: must be 1 */
    bool close, later;
    uint64_t second; /* of the loop's clock, for live_next      */
    bool streams;    /* the last answer goes on, for `listener` */
    struct listener listener;
};

/* On the heap: it is large. */
struct office *office_new(const char *config);
void office_free(struct office *o);
void office_open_store(struct office *o);

/* A request as bytes, from 127.0.0.1; the whole answer is in o->bytes. Returns the status
 * that it says. */
unsigned office_http(struct office *o, const char *request);
unsigned office_http_from(struct office *o, const char *request, const char *peer);
/* "GET", "/p.gif", and header lines each ended by \r\n. */
unsigned office_get(struct office *o, const char *target, const char *headers);
unsigned office_post(struct office *o, const char *target, const char *headers,
                     const char *body);
/* A header's value in the last answer, NULL: it is not there. Good until the next
 * call. */
const char *office_header(const struct office *o, const char *name);
struct slice office_body(const struct office *o);

/* A command as root; the answer without its last dot, NUL-terminated, in o->bytes. */
const char *office_ask(struct office *o, const char *line);
const char *office_load(struct office *o, const char *line, struct slice document);

#endif
