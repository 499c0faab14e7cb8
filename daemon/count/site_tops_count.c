/* A view or event on its way into the tops of its day, and into the pages. */
#include "count/site_inner.h"

/* What an event is counted by, beside nothing else. A bit a dimension. */
enum {
    OF_EVENTS = 1 << DIM_EVENTS | 1 << DIM_NOT_FOUND | 1 << DIM_DOWNLOADS,
    OF_VIEWS = ((1 << DIMENSIONS) - 1) & ~(1 << DIM_BOTS | 1 << DIM_ENTRY_PAGES)
};

/* What a view is counted by, a part. */
static const unsigned OF_PART[VISIT_PARTS] = {
    [VISIT_PERSON] = 1 << DIM_COUNTRIES | 1 << DIM_REGIONS | 1 << DIM_NETWORKS |
                     1 << DIM_BROWSERS | 1 << DIM_SYSTEMS | 1 << DIM_DEVICES |
                     1 << DIM_LANGUAGES | 1 << DIM_SCREENS,
    [VISIT_PAGE] = 1 << DIM_PAGES | 1 << DIM_CAMPAIGNS,
    [VISIT_REFERRER] = 1 << DIM_REFERRERS | 1 << DIM_REFERRER_CLASSES};

/* Of a part that is known, at most. Of a page: the day's, its campaign's, and that for ever. */
static const unsigned ROWS_OF_PART[VISIT_PARTS] = {
    [VISIT_PERSON] = REGULAR_ROWS, [VISIT_PAGE] = 3, [VISIT_REFERRER] = 2};

static inline struct name_note *count_key(const struct topk_table *t,
                                          struct name_lane *names, enum dimension d,
                                          struct slice key, uint64_t hash, bool visitor)
{
    struct name_note *note = NULL;

    if (hash != 0 && names != NULL)
        note = topk_add_known(t, names, d, hash, visitor);
    return note != NULL ? note : topk_add(t, names, d, key, visitor);
}

/* All of `dims`, each of which has a key. */
static void count_keys(const struct topk_table *t, struct name_lane *names,
                       const struct visit *visit, unsigned dims, bool first_today)
{
    for (; dims != 0; dims &= dims - 1) {
        enum dimension d = (enum dimension)__builtin_ctz(dims);

        (void)count_key(t, names, d, visit->key[d], visit->hash[d],
                        first_today && dimension_has_visitors(d));
    }
}

/* The page that a visit begins with: unless its view says another, its page. */
static struct name_note *count_entry(const struct topk_table *t, struct name_lane *names,
                                     const struct visit *visit)
{
    enum dimension d = visit_has(visit, DIM_ENTRY_PAGES) ? DIM_ENTRY_PAGES : DIM_PAGES;

    return visit_has(visit, d) ? count_key(t, names, DIM_ENTRY_PAGES, visit->key[d],
                                           visit->hash[d], false)
                               : NULL;
}

static struct name_note *count_page(const struct site *s, const struct site_lane *lane,
                                    const struct visit *visit, uint32_t day)
{
    const struct pages_table *pages = site_pages(s);
    uint64_t hash = visit->hash[DIM_PAGES];
    struct name_note *note = NULL;

    if (pages == NULL || !visit_has(visit, DIM_PAGES))
        return NULL;
    if (hash != 0 && lane->names != NULL)
        note = pages_add_known(pages, lane->names, hash, day);
    return note != NULL ? note
                        : pages_add(pages, lane->names, visit->key[DIM_PAGES],
                                    lane->terms->config.pages, day);
}

/* --- Parts that are known by heart --- */

static uint16_t place_of(const struct name_note *note, const struct name_lane *names)
{
    return note == NULL ? NO_NOTE : (uint16_t)(note - names->note);
}

/* What is remembered as it is counted. */
struct learnt {
    struct regular is;
    bool all; /* each row has a note */
};

static void learn(struct learnt *l, const struct name_lane *names,
                  const struct name_note *note)
{
    l->all = l->all && note != NULL && l->is.rows < REGULAR_ROWS;
    if (l->all)
        l->is.note[l->is.rows++] = place_of(note, names);
}

/* Counts a part of a view for the first time, and remembers it. All of these rows of the day
 * have visitors. */
static void count_and_learn(const struct site *s, const struct site_lane *lane,
                            const struct visit *visit, enum visit_part part,
                            bool new_visit, bool first_today)
{
    struct name_lane *names = lane->names;
    struct learnt l = {.is = {.tag = regulars_tag(lane->tops_life, visit->habit[part]),
                              .entry = visit->entry,
                              .entry_note = NO_NOTE},
                       .all = true};

    for (unsigned i = 0; i < REGULAR_ROWS; i++)
        l.is.note[i] = NO_NOTE;
    for (unsigned dims = OF_PART[part] & visit->has; dims != 0; dims &= dims - 1) {
        enum dimension d = (enum dimension)__builtin_ctz(dims);

        learn(
            &l, names,
            count_key(lane->tops, names, d, visit->key[d], visit->hash[d], first_today));
    }
    if (part == VISIT_PAGE)
        learn(&l, names, count_page(s, lane, visit, (uint32_t)lane->tops_day));
    if (part == VISIT_PAGE && new_visit)
        l.is.entry_note = place_of(count_entry(lane->tops, names, visit), names);
    l.is.made = names->made;
    if (l.all)
        regulars_put(lane->regulars, &l.is);
}

/* Those parts of a view that are known, before a note is made. */
static void count_known(struct site_lane *lane, const struct visit *visit, bool new_visit,
                        bool first_today)
{
    const struct regular *page = visit->regular[VISIT_PAGE];

    for (unsigned part = 0; part < VISIT_PARTS; part++)
        if (visit->regular[part] != NULL)
            regular_count(visit->regular[part], lane->names, ROWS_OF_PART[part],
                          first_today);
    if (page == NULL || !new_visit)
        return;
    lane->owes_entry = page->entry_note == NO_NOTE;
    if (!lane->owes_entry)
        name_lane_add_view(lane->names, page->entry_note);
}

/* Those that have a habit and are not known yet; which of its keys that were. */
static unsigned count_unknown(const struct site *s, const struct site_lane *lane,
                              const struct visit *visit, bool new_visit, bool first_today)
{
    unsigned done = 0;

    for (unsigned part = 0; part < VISIT_PARTS; part++) {
        if (visit->regular[part] != NULL || visit->habit[part] == 0)
            continue;
        count_and_learn(s, lane, visit, (enum visit_part)part, new_visit, first_today);
        done |= OF_PART[part];
    }
    return done;
}

/* --- A view or event --- */

static bool is_known(const struct visit *visit)
{
    return visit->regular[VISIT_PERSON] != NULL && visit->regular[VISIT_PAGE] != NULL &&
           visit->regular[VISIT_REFERRER] != NULL;
}

static void count_view(struct site *s, struct site_lane *lane, const struct visit *visit,
                       int64_t day, bool new_visit, bool first_today)
{
    const struct topk_table *t;
    unsigned done = 0;

    count_known(lane, visit, new_visit, first_today);
    if (is_known(visit))
        return;
    if (lane->tops_life != 0)
        done = count_unknown(s, lane, visit, new_visit, first_today);
    t = site_tops_of(s, day);
    if (t != NULL)
        count_keys(t, lane->names, visit, OF_VIEWS & visit->has & ~done, first_today);
    if (visit->regular[VISIT_PAGE] != NULL || (done & 1U << DIM_PAGES) != 0)
        return;
    if (new_visit && t != NULL)
        (void)count_entry(t, lane->names, visit);
    (void)count_page(s, lane, visit, (uint32_t)day);
}

void site_tops_count(struct site *s, struct site_lane *lane, const struct visit *visit,
                     int64_t day, bool new_visit, bool first_today)
{
    const struct topk_table *t;

    if (visit->kind == VISIT_VIEW) {
        count_view(s, lane, visit, day, new_visit, first_today);
        return;
    }
    t = visit->kind == VISIT_EVENT ? site_tops_of(s, day) : NULL;
    if (t != NULL)
        count_keys(t, lane->names, visit, OF_EVENTS & visit->has, first_today);
}

void site_tops_count_entry(struct site_lane *lane, const struct visit *visit)
{
    struct regular *page = visit->regular[VISIT_PAGE];
    const struct name_note *note = count_entry(lane->tops, lane->names, visit);

    lane->owes_entry = false;
    /* In its place may be what was learnt of this view since. Its other notes are in use in
     * this turn, so they are the same. */
    if (page->tag == regulars_tag(lane->tops_life, visit->habit[VISIT_PAGE])) {
        page->made = lane->names->made;
        page->entry_note = place_of(note, lane->names);
    }
}

void site_tops_count_bot(struct site *s, const struct site_lane *lane,
                         const struct visit *visit)
{
    const struct topk_table *t =
        site_tops_of(s, zone_day(lane->terms->zone, lane->now_slot * SLOT_S));

    if (t != NULL)
        topk_add(t, lane->names, DIM_BOTS, visit->key[DIM_BOTS], false);
}
