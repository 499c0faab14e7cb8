/* Floor 4 (answer). An HTTP answer as bytes: status line, headers, body. */
#ifndef LUOT_ANSWER_RESPOND_H
#define LUOT_ANSWER_RESPOND_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/outcome.h"

enum { RESPOND_HEAD_MAX = 4096, ETAG_MAX = 24, ORIGIN_MAX = 512 };

/* A Date header, kept for as long as it is right. All zero is a fine start. */
struct date_line {
    int64_t second; /* that it says */
    size_t length;  /* 0: none yet  */
    char text[48];
};

/* What an answer says. Zero is a fine start: no header that is not asked for. */
struct respond {
    unsigned status;
    bool keep_alive, head_only; /* head_only: HEAD, the body's length and no body */
    struct instant now;
    struct date_line *date; /* of whoever answers often; NULL: written for this answer */
    const char *type;       /* NULL: no body                 */
    const char *cache;      /* Cache-Control; NULL: no-store */
    const char *vary;
    bool vary_encoding;       /* Vary names Accept-Encoding too */
    const char *etag;         /* with its quotes              */
    const char *policy;       /* Content-Security-Policy      */
    const char *encoding;     /* Content-Encoding             */
    const char *allow;        /* Allow                        */
    const char *authenticate; /* WWW-Authenticate          */
    const char *preflight;    /* Access-Control-Allow-Methods */
    bool authorization;   /* of a preflight: a token may be shown, not a body's type */
    struct slice origin;  /* Access-Control-Allow-Origin  */
    enum outcome outcome; /* X-Luot, when has_outcome     */
    bool has_outcome;
    unsigned retry_after_s; /* 0: not said */
    bool endless; /* the body goes on until the connection ends; proxies pass it on */
};

/* Where to write a body that will follow a head in `out`: its free memory, behind room
 * for one. */
void respond_body(struct buffer *ret_body, const struct buffer *out);
/* The whole answer; `body` may lie in the memory that respond_body lent. */
void respond_write(struct buffer *out, const struct respond *r, struct slice body);
/* {"error":{"reason","message"}} as the body of r, no-store. */
void respond_error(struct buffer *out, struct respond *r, unsigned status,
                   const char *reason, const char *message);
/* "W/\"0123456789abcdef\"" of a hash. */
void etag_weak(char ret_etag[ETAG_MAX], uint64_t hash);
/* Does an If-None-Match header name this one (weak comparison), or is it `*`? */
bool etag_matches(struct slice if_none_match, const char *etag);

#endif
