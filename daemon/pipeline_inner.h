/* Floor 3. What the files of the pipeline tell each other: pipeline.c is a line's way from
 * its bytes to its count, pipeline_site.c which site it is of, pipeline_datagram.c who sent
 * it and whether he is believed. */
#ifndef LUOT_PIPELINE_INNER_H
#define LUOT_PIPELINE_INNER_H

#include "parse/beacon.h"
#include "pipeline.h"

/* The page's own word for where it is: Origin, else Referer. A sandboxed page says "null"
 * and has no host. Of a log line it is the virtual host, if it says one. */
struct slice pipeline_page_host(struct pipeline *p, const struct sender *sender);
/* OUTCOME_VIEW stands for "found, and allowed": both are set. Else *ret_site is the site that
 * the line named and may not count for, or is left as it was. */
enum outcome pipeline_find_site(struct pipeline *p, const struct beacon *beacon,
                                const struct sender *sender, struct site **ret_site,
                                const struct site_terms **ret_terms);

#endif
