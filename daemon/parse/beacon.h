/* Floor 1 (parse). One line of bytes to one beacon. Pure: no clock, no heap, no I/O.
 *
 * Values without an escape point into the line; others are decoded into `scratch`, which
 * is the caller's, at least BEACON_SCRATCH bytes (of a shorter line, so many fewer), and
 * lives as long as the beacon is used. */
#ifndef LUOT_PARSE_BEACON_H
#define LUOT_PARSE_BEACON_H

#include "base/address.h"
#include "base/slice.h"
#include "luot_beacon.h"
#include "parse/spelling.h"

/* Of the longest line, and what is written behind a text before it is cut. */
enum { BEACON_SCRATCH = LUOT_BEACON_MAX + 16 };

enum beacon_kind { BEACON_VIEW, BEACON_PING, BEACON_EVENT };

struct beacon {
    enum beacon_kind kind;
    struct slice site;       /* `s`, may be empty: then the host decides   */
    struct slice page;       /* `p`, decoded but where it is known         */
    struct slice referrer;   /* `r`, likewise                              */
    struct slice title;      /* `t`                                        */
    struct slice event;      /* `e`: not empty makes the kind BEACON_EVENT */
    struct slice language;   /* `l`                                        */
    struct slice user_agent; /* `u`, likewise                              */
    struct spelt of_page, of_referrer, of_agent; /* all 0: they are decoded */
    struct address address; /* `i`, when has_address                      */
    bool has_address;
    bool off;              /* `k=off`: its sender does not want to be counted */
    unsigned screen_width; /* `w`, 0: not given */
};

/* 0, ERR_TOO_LONG (line over LUOT_BEACON_MAX) or ERR_MALFORMED: an empty line, control
 * bytes, a bad escape, an unknown `k`, a bad `i`, `w` or site key, an event's name over
 * LUOT_EVENT_MAX. An empty value is as good as none. The kind is a view unless `k` or `e`
 * say otherwise. Invalid UTF-8 passes: it is cleaned where it is written out. */
int beacon_parse(struct beacon *ret_beacon, struct slice line, char *scratch);
/* The same for who knows some pages, referrers and agents by how they are written, and gets
 * to know these: what is known is not decoded. On failure *ret_beacon is anything: a copy of
 * it would cost what two pairs do. */
int beacon_parse_known(struct beacon *ret_beacon, struct slice line,
                       struct spellings *known, char *scratch);
/* beacon_next_line and beacon_parse_known in one, with one look at the bytes. There must be a
 * line: *rest is not empty. */
int beacon_take(struct beacon *ret_beacon, struct slice *rest, struct spellings *known,
                char *scratch);

/* The next line of a datagram or body: without its LF or CRLF. false when there is none
 * left. "a\n" is one line; "a\n\nb" is three (the empty one will be malformed); "" is
 * none. */
bool beacon_next_line(struct slice *rest, struct slice *ret_line);

#endif
