/* Pages of one site: exact, named, and no more than may be. */
#include "count/pages.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/error.h"
#include "count/name_lane.h"
#include "count/site.h"
#include "lib/world.h"

enum { DAY = 20782 };

static const char config[] = "[site a]\ntimezone = UTC\nany_host = yes\n";

/* A site's table in a real arena; the keeper ticks when told. */
static const struct pages_table *pages_new(struct world *w)
{
    world_open(w, 2, config, world_time("2026-11-25 12:00:00"));
    world_ticks(w, 3);
    return site_pages(world_site(w, "a"));
}

static void add(struct world *w, const struct pages_table *t, struct name_lane *lane,
                const char *page, uint32_t limit, uint32_t day)
{
    pages_add(t, lane, slice_of(page), limit, day);
    world_tick(w);
}

static struct page_numbers numbers(const struct pages_table *t, const char *page,
                                   int64_t today)
{
    struct page_numbers n = {.views = UINT64_MAX};

    (void)pages_get(t, slice_of(page), today, &n);
    return n;
}

Test(pages, count_all_time_and_today)
{
    struct world w;
    const struct pages_table *t = pages_new(&w);

    for (int i = 0; i < 5; i++)
        add(&w, t, NULL, "/a", 100, DAY);
    for (int i = 0; i < 3; i++)
        add(&w, t, NULL, "/a", 100, DAY + 1);
    cr_expect_eq(numbers(t, "/a", DAY + 1).views, 8);
    cr_expect_eq(numbers(t, "/a", DAY + 1).today, 3);
    cr_expect_eq(numbers(t, "/a", DAY + 2).today, 0);
    add(&w, t, NULL, "/a", 100, DAY); /* late: its day has gone, the total has it */
    cr_expect_eq(numbers(t, "/a", DAY + 1).views, 9);
    cr_expect_eq(numbers(t, "/a", DAY + 1).today, 3);
    cr_expect_eq(numbers(t, "/b", DAY).views, UINT64_MAX, "it has no row");
    world_close(&w);
}

Test(pages, with_a_lane_the_same_over_midnight_in_one_turn)
{
    struct world w;
    const struct pages_table *t = pages_new(&w);
    struct name_lane *lane = name_lane_new();

    for (int i = 0; i < 10; i++)
        pages_add(t, lane, SLICE("/a"), 100, i < 6 ? DAY : DAY + 1);
    name_lane_flush(lane);
    cr_expect_eq(numbers(t, "/a", DAY + 1).views, 10);
    cr_expect_eq(numbers(t, "/a", DAY + 1).today, 4);
    name_lane_free(lane);
    world_close(&w);
}

Test(pages, who_remembers_where_a_page_was_on_one_day_does_not_on_the_next)
{
    struct world w;
    const struct pages_table *t = pages_new(&w);
    struct name_lane *lane = name_lane_new();
    struct regulars *regulars = regulars_new();
    const struct name_note *note;
    struct regular is = {.tag = 7, .rows = 1, .entry_note = NO_NOTE};

    (void)pages_add(t, lane, SLICE("/a"), 100, DAY); /* makes its row */
    note = pages_add(t, lane, SLICE("/a"), 100, DAY);
    is.note[0] = (uint16_t)(note - lane->note);
    is.made = lane->made;
    regulars_put(regulars, &is);
    (void)pages_add(t, lane, SLICE("/b"), 100, DAY);
    name_lane_flush(lane);
    cr_expect_not_null(regulars_find(regulars, lane, 7), "another page is no matter");
    (void)pages_add(t, lane, SLICE("/a"), 100, DAY + 1);
    cr_expect_null(regulars_find(regulars, lane, 7));
    regulars_free(regulars);
    name_lane_free(lane);
    world_close(&w);
}

Test(pages, beyond_the_limit_they_are_counted_together)
{
    struct world w;
    const struct pages_table *t = pages_new(&w);
    char page[32];

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 300; i++) {
            snprintf(page, sizeof page, "/%d", i);
            add(&w, t, NULL, page, 200, DAY);
        }
    cr_expect_eq(pages_count(t), 200);
    cr_expect_eq(pages_overflow(t), 2 * 100);
    for (int i = 0; i < 200; i++) {
        snprintf(page, sizeof page, "/%d", i);
        cr_expect_eq(numbers(t, page, DAY).views, 2, "%s", page);
    }
    world_close(&w);
}

Test(pages, twenty_thousand_have_a_row_each)
{
    struct world w;
    const struct pages_table *t = pages_new(&w);
    char page[96];

    for (int i = 0; i < 20000; i++) {
        snprintf(page, sizeof page, "/chuyen-muc/%d/bai-viet-so-%d.html", i % 40, i);
        pages_add(t, NULL, slice_of(page), 20000, DAY);
        if (names_wants(&t->names))
            world_tick(&w);
    }
    cr_expect_eq(pages_count(t), 20000);
    cr_expect_eq(pages_overflow(t), 0);
    for (int i = 0; i < 20000; i++) {
        snprintf(page, sizeof page, "/chuyen-muc/%d/bai-viet-so-%d.html", i % 40, i);
        cr_assert_eq(numbers(t, page, DAY).views, 1, "%s", page);
    }
    world_close(&w);
}

Test(pages, what_is_known_from_elsewhere_is_beside_and_not_in_what_is_counted)
{
    struct world w;
    const struct pages_table *t = pages_new(&w);

    add(&w, t, NULL, "/a", 100, DAY);
    cr_expect_eq(pages_set_base(t, SLICE("/a"), 100, 41), 0);
    cr_expect_eq(pages_set_base(t, SLICE("/only-there"), 100, 7), 0);
    cr_expect_eq(numbers(t, "/a", DAY).views, 42);
    cr_expect_eq(numbers(t, "/a", DAY).own, 1);
    cr_expect_eq(numbers(t, "/only-there", DAY).views, 7);
    cr_expect_eq(pages_set_base(t, SLICE("/a"), 100, (uint64_t)-1), 0, "a seed of 0");
    cr_expect_eq(numbers(t, "/a", DAY).views, 0);
    cr_expect_eq(pages_set_base(t, SLICE("/third"), 2, 1), ERR_RANGE);
    cr_expect_eq(pages_set_base(t, SLICE(""), 2, 9), 0);
    cr_expect_eq(pages_overflow_all(t), 9);
    cr_expect_eq(pages_overflow(t), 0);
    world_close(&w);
}

enum { HEAD_PAGES = 400, HEAD_WORDS = 5 };

static _Atomic uint32_t *head_word(struct name_head *h, unsigned word)
{
    _Atomic uint32_t *const at[HEAD_WORDS] = {&h->rows, &h->ready, &h->parts_ready,
                                              &h->part, &h->fresh};
    return at[word];
}

static unsigned adopted_after(unsigned word, uint32_t bit, bool *ret_less)
{
    struct world w;
    const struct pages_table *t = pages_new(&w);
    struct name_head *h = t->names.head;
    unsigned found = 0;
    char page[32];

    for (int i = 0; i < HEAD_PAGES; i++) {
        snprintf(page, sizeof page, "/%d", i);
        add(&w, t, NULL, page, 100000, DAY);
    }
    *ret_less = (atomic_load(head_word(h, word)) & bit) != 0;
    atomic_fetch_xor(head_word(h, word), bit);
    cr_assert_eq(names_adopt(&t->names), 0);
    cr_expect_lt(atomic_load(&h->part), NAMES_PARTS);
    cr_expect_gt(atomic_load(&h->parts_ready), atomic_load(&h->part));
    cr_expect_leq(atomic_load(&h->fresh), atomic_load(&h->ready));
    cr_expect_leq(atomic_load(&h->ready), t->names.limit);
    for (int i = 0; i < HEAD_PAGES; i++) {
        snprintf(page, sizeof page, "/%d", i);
        found += numbers(t, page, DAY).views == 1;
    }
    add(&w, t, NULL, "/more", 100000, DAY);
    world_close(&w);
    return found;
}

/* Nobody looks elsewhere, whichever bit it was; rows are lost only where the head says that
 * there are fewer of them. */
Test(pages, a_damaged_head_leads_nowhere_else)
{
    for (unsigned word = 0; word < HEAD_WORDS; word++)
        for (unsigned bit = 0; bit < 32; bit++) {
            bool less;
            unsigned found = adopted_after(word, UINT32_C(1) << bit, &less);

            if (!less || word < 3)
                cr_expect_eq(found, HEAD_PAGES, "word %u bit %u: %u", word, bit, found);
        }
}
