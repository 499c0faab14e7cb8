/* Floor 3. What the files of the pipeline tell each other: pipeline.c is a line's way from
 * its bytes to its count, pipeline_site.c which site it is of, pipeline_view.c what a view
 * is counted by, pipeline_datagram.c who sent it and whether he is believed. */
#ifndef LUOT_PIPELINE_INNER_H
#define LUOT_PIPELINE_INNER_H

#include "parse/beacon.h"
#include "pipeline.h"

/* Of a browser. */
struct slice pipeline_host_of_page(struct pipeline *p, const struct sender *sender);
/* The page's own word for where it is: Origin, else Referer. A sandboxed page says "null"
 * and has no host. Of a log line it is the virtual host, if it says one. */
static inline struct slice pipeline_page_host(struct pipeline *p,
                                              const struct sender *sender)
{
    return sender->http ? pipeline_host_of_page(p, sender) : sender->host;
}

/* OUTCOME_VIEW stands for "found, and allowed": both are set. Else *ret_site is the site that
 * the line named and may not count for, or is left as it was. */
enum outcome pipeline_find_site(struct pipeline *p, const struct beacon *beacon,
                                const struct sender *sender, struct site **ret_site,
                                const struct site_terms **ret_terms);

/* pipeline_line of the next one of *rest, of which there must be one, which is taken off. */
enum outcome pipeline_next_line(struct pipeline *p, struct slice *rest,
                                const struct sender *sender, struct site **ret_site);

/* A line that is let in. */
struct pipeline_view {
    const struct beacon *beacon;
    const struct sender *sender;
    struct site *site;
    const struct site_terms *terms;
    const struct address *address; /* the visitor's, whole */
    struct site_lane *lane;
    struct visit visit;
};

static inline const struct atlas *pipeline_atlas(const struct pipeline *p)
{
    return p->atlas == NULL ? NULL : atomic_load_explicit(p->atlas, memory_order_seq_cst);
}

/* pipeline_view.c. What it is counted by. OUTCOME_VIEW stands for "go on", OUTCOME_BOT: it is
 * a robot's, and those are apart. */
enum outcome pipeline_find(struct pipeline *p, struct pipeline_view *v);
/* The page of a view that was counted without, as it was known by heart. */
void pipeline_find_page(struct pipeline *p, struct pipeline_view *v);

#endif
