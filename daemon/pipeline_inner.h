/* Floor 3. What the files of the pipeline tell each other: pipeline.c is a line's way from
 * its bytes to its count, pipeline_site.c which site it is of, pipeline_view.c what a view
 * is counted by, pipeline_group.c lines that go this way side by side, pipeline_datagram.c
 * who sent them and whether he is believed. */
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
    struct guarded guarded;
    struct visit visit;
};

/* A line between told and counted. Its texts are in `scratch`, and where it came from. */
struct pipeline_told {
    struct pipeline_view view;
    struct beacon beacon;
    char scratch[BEACON_SCRATCH];
};

enum { PIPELINE_GROUP = 8 };

/* Lines of one sender; `count` of them are told and not counted. */
struct pipeline_group {
    unsigned count;
    struct sender sender; /* trusted: it is somebody's in this turn */
    struct pipeline_told line[PIPELINE_GROUP];
};

/* pipeline.c. The way of a line whose beacon is there, in two halves; `rv` is what its parser
 * said. The first finds out what it is about and asks for the memory that the second needs;
 * OUTCOME_VIEW stands for "to be counted". *ret_site as of pipeline_line, but where there is
 * none it is left as it was. */
enum outcome pipeline_tell(struct pipeline *p, struct pipeline_told *told, int rv,
                           const struct sender *sender, struct site **ret_site);
enum outcome pipeline_count_view(struct pipeline *p, struct pipeline_view *v);
/* What became of a line; the site may be NULL. */
enum outcome pipeline_settle(struct pipeline *p, enum outcome outcome, struct site *site);

/* pipeline_group.c. Each line of a datagram; those that are to be counted are, in their order,
 * when the group is full, and the rest by pipeline_group_count. */
void pipeline_group_take(struct pipeline *p, struct slice datagram,
                         const struct address *from);
void pipeline_group_count(struct pipeline *p);
/* pipeline_datagram.c. What is behind the last line that was taken is too many; nothing at
 * all is one line with nothing in it. */
void pipeline_refuse_rest(struct pipeline *p, struct slice rest, unsigned taken);

static inline const struct atlas *pipeline_atlas(const struct pipeline *p)
{
    return p->atlas == NULL ? NULL : atomic_load_explicit(p->atlas, memory_order_seq_cst);
}

/* pipeline_view.c. Asks for the memory that the counting of a view looks at: first where it is
 * known by heart, and then, when that has come, what is known there. */
void pipeline_expect(struct pipeline *p, struct pipeline_view *v);
void pipeline_expect_more(struct pipeline *p, struct pipeline_view *v);
/* What it is counted by. OUTCOME_VIEW stands for "go on", OUTCOME_BOT: it is
 * a robot's, and those are apart. */
enum outcome pipeline_find(struct pipeline *p, struct pipeline_view *v);
/* The page of a view that was counted without, as it was known by heart. */
void pipeline_find_page(struct pipeline *p, struct pipeline_view *v);

#endif
