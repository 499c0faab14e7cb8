/* Lines side by side. Most of what a beacon costs with many visitors is not done but waited
 * for: where the visitor's word lies, the limit of his address, and what is known by heart of
 * him, of his page and of where he came from, each somewhere in megabytes that the nearest
 * caches do not hold. A line cannot ask for them early enough; it can for those behind it. So
 * the lines of a turn go in groups, in three steps:
 *
 *   told      parsed, let in and hashed: the places where it may be known are asked for
 *   expected  what is known there is read: the words that it names are asked for
 *   counted   in the order in which they came
 *
 * A line that is refused ends in the first step. What is read ahead is only asked for, and is
 * looked at again when its line's turn comes; so it is no matter what the lines between did.
 *
 * Eight lines take a third of the time away that a visitor among a million costs, four a
 * thirtieth less of it, and sixteen not measurably more: a group is 40 KiB. */
#include "pipeline_inner.h"
#include "pipeline_log.h"

void pipeline_group_count(struct pipeline *p)
{
    struct pipeline_group *g = p->group;
    unsigned count = g->count;

    g->count = 0;
    for (unsigned i = 0; i < count; i++)
        pipeline_expect_more(p, &g->line[i].view);
    for (unsigned i = 0; i < count; i++) {
        struct pipeline_view *v = &g->line[i].view;

        (void)pipeline_settle(p, pipeline_count_view(p, v), v->site);
    }
}

/* The next one of *rest. */
static void tell(struct pipeline *p, struct slice *rest)
{
    struct pipeline_group *g = p->group;
    struct pipeline_told *told = &g->line[g->count];
    struct site *site = NULL;
    enum outcome outcome;
    int rv;

    metrics_bump(p->row, received, 1);
    rv = beacon_take(&told->beacon, rest, p->spellings, told->scratch);
    outcome = pipeline_tell(p, told, rv, &g->sender, &site);
    if (outcome != OUTCOME_VIEW)
        (void)pipeline_settle(p, outcome, site);
    else if (++g->count == PIPELINE_GROUP)
        pipeline_group_count(p);
}

static void begin(struct pipeline *p, const struct address *from)
{
    struct pipeline_group *g = p->group;

    if (g->sender.trusted && address_equal(&g->sender.address, from))
        return;
    pipeline_group_count(p);
    g->sender = (struct sender){.address = *from, .trusted = true, .nobody = true};
}

void pipeline_group_take(struct pipeline *p, struct slice datagram,
                         const struct address *from)
{
    struct site *site;
    unsigned n = 0;

    begin(p, from);
    for (; n < LUOT_LINES_MAX && datagram.length > 0; n++)
        if (pipeline_may_be_log(datagram))
            (void)pipeline_next_line(p, &datagram, &p->group->sender, &site);
        else
            tell(p, &datagram);
    if (n == 0 || datagram.length > 0)
        pipeline_refuse_rest(p, datagram, n);
}
