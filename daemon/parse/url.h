/* Floor 1 (parse). The parts of a URL that we look at. Pure; never fails hard: what is
 * not a URL has no host. */
#ifndef LUOT_PARSE_URL_H
#define LUOT_PARSE_URL_H

#include "base/slice.h"

struct url {
    struct slice scheme; /* empty for a path                                   */
    struct slice host;   /* without userinfo, port and a final dot; as written */
    struct slice port;
    struct slice path; /* from the '/', up to '?' or '#'; may be empty */
    struct slice query;
};

/* "https://user@Example.com:8080/a?b#c", "//host/a", "/a?b". */
void url_parse(struct url *ret_url, struct slice text);
/* url_parse's host alone, without a look at what is behind it. */
struct slice url_host(struct slice text);
/* The host of a Host header or an authority: port off, brackets kept off IPv6. */
struct slice url_authority_host(struct slice authority);

#endif
