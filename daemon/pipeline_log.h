/* Floor 3. Log lines of web servers, which come over UDP beside beacons and end in the
 * same list of outcomes:
 *
 *   bytes -> syslog envelope, if any -> record -> site -> what of a page? -> as a beacon
 *
 * Who sends is asked before (udp_trusted); over HTTP there are no log lines.
 *
 * A line is a view, under the rule `page` also an event "404" or "download" (page_rule.h),
 * or not_page.
 *
 * Which site, the first that says one: the line's own "site" (JSON); the envelope's tag,
 * when it is a site's key ('_' stands for '-', which nginx does not let into a tag); the
 * virtual host in the line; the envelope's host; `log_site`. The tag is before the host
 * because the operator wrote the one and a stranger's request the other. A site that
 * opens by itself counts beacons, so log lines open none.
 *
 * When: the line's own time, if it is not in the future and at most two hours ago, so that
 * a queue that was stuck (or midnight) moves no view to another quarter-hour than the ring
 * must (count/hits: 15 minutes back). Else now: a server whose clock is wrong still has
 * its visitors online.
 *
 * Who: the line's first field; behind one of our own proxies (trusted_proxies) the
 * X-Forwarded-For that the server logged. A host name stands for itself. Under pv1 it is
 * the first field's bytes, whatever they are. Live and imported lines are the same
 * visitors. */
#ifndef LUOT_PIPELINE_LOG_H
#define LUOT_PIPELINE_LOG_H

#include "parse/beacon.h"
#include "pipeline.h"

/* Of a line that came over UDP, or of lines that begin with it: false is sure. A beacon mostly
 * begins with its first key and '=', and that is all it pays. */
static inline bool pipeline_may_be_log(struct slice lines)
{
    return lines.length >= 2 && lines.at[1] != '=';
}

/* A beacon never looks like one. */
bool pipeline_is_log(struct slice line);
/* Everything but the sums of outcomes. *ret_site is the line's site, when there is one. */
enum outcome pipeline_count_log(struct pipeline *p, struct slice line,
                                struct site **ret_site);

/* pipeline.c: what beacons and log lines share once they are let in. own_s: when, in unix
 * seconds; 0: now. */
enum outcome pipeline_count(struct pipeline *p, const struct beacon *beacon,
                            const struct sender *sender, struct site *site,
                            const struct site_terms *terms, int64_t own_s);

#endif
