#include "count/regulars.h"

#include <criterion/criterion.h>

#include "base/hash.h"

static struct regulars *regulars;
static struct name_lane *lane;
static struct name_cell cells[8];

static void start(void)
{
    cr_assert_eq(hash_start(), 0);
    regulars = regulars_new();
    lane = name_lane_new();
    cr_assert(regulars != NULL && lane != NULL);
}

static void stop(void)
{
    regulars_free(regulars);
    name_lane_free(lane);
}

/* The place of a new note of row `i`. */
static uint16_t note(unsigned i, uint64_t fast)
{
    struct name_note *n;

    atomic_store(&cells[i].hash, i + 1);
    atomic_store(&cells[i].meta, name_meta(NAME_LIVE, 0, 1));
    n = name_lane_note(lane, fast, i + 1, &cells[i], 0);
    cr_assert_not_null(n);
    return (uint16_t)(n - lane->note);
}

/* Of rows 0 and 1, and row 2 for entry pages. */
static struct regular learn(uint64_t tag)
{
    struct regular is = {.tag = tag,
                         .rows = 2,
                         .note = {note(0, 3), note(1, 101), NO_NOTE},
                         .entry_note = note(2, 201)};

    is.made = lane->made;
    return is;
}

static void put(uint64_t tag)
{
    struct regular is = learn(tag);

    regulars_put(regulars, &is);
}

static bool is_there(uint64_t tag)
{
    return regulars_find(regulars, lane, tag) != NULL;
}

Test(regulars,
     a_view_is_added_to_each_row_and_only_the_first_one_of_a_day_to_its_visitors)
{
    start();
    put(7);
    regular_count(regulars_find(regulars, lane, 7), lane, 3, true);
    regular_count(regulars_find(regulars, lane, 7), lane, 3, false);
    cr_expect_eq(lane->count, 2U, "what is no row is nothing to pay");
    name_lane_flush(lane);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(atomic_load(&cells[i].views), i < 2 ? 2U : 0U);
        cr_expect_eq(atomic_load(&cells[i].extra), i < 2 ? 1U : 0U);
    }
    cr_expect_not(is_there(8));
    stop();
}

Test(regulars, a_note_that_was_made_since_in_the_place_of_one_ends_it_and_others_do_not)
{
    start();
    put(7);
    (void)note(4, 3001);
    cr_expect(is_there(7));
    for (uint64_t i = 1; i < 20; i++) /* more than there are places like row 1's */
        (void)note(5, 101 + i * 2 * NAME_NOTES);
    cr_expect_not(is_there(7));
    stop();
}

Test(regulars, an_entry_page_whose_note_went_is_forgotten_alone)
{
    start();
    put(7);
    cr_expect_neq(regulars_find(regulars, lane, 7)->entry_note, NO_NOTE);
    for (uint64_t i = 1; i < 20; i++)
        (void)note(5, 201 + i * 2 * NAME_NOTES);
    cr_assert(is_there(7));
    cr_expect_eq(regulars_find(regulars, lane, 7)->entry_note, NO_NOTE);
    stop();
}

Test(regulars, rows_are_looked_at_again_when_some_may_have_gone)
{
    start();
    put(7);
    name_lane_doubt(lane);
    cr_expect(is_there(7), "all are there");
    atomic_store(&cells[1].meta, name_meta(NAME_DYING, 0, 1));
    cr_expect(is_there(7), "nobody said so");
    name_lane_doubt(lane);
    cr_expect_not(is_there(7));
    atomic_store(&cells[1].meta, name_meta(NAME_LIVE, 0, 1));
    put(8);
    atomic_store(&cells[0].hash, 99); /* the cell was given to another name */
    name_lane_doubt(lane);
    cr_expect_not(is_there(8));
    stop();
}

Test(regulars, two_share_a_set_and_a_third_takes_the_place_of_who_came_first)
{
    enum { SETS = REGULARS / REGULARS_WAYS };
    static const uint64_t order[] = {7, 7 + SETS, 7 + SETS /* again */, 7 + 2 * SETS};
    struct regular is;

    start();
    is = learn(7);
    for (int i = 0; i < 4; i++) {
        cr_expect(i == 0 || is_there(7));
        is.tag = order[i];
        regulars_put(regulars, &is);
    }
    cr_expect(is_there(7 + SETS) && is_there(7 + 2 * SETS));
    cr_expect_not(is_there(7));
    stop();
}

Test(regulars, what_is_forgotten_is_zero_and_the_next_hashes_are_others)
{
    static const struct regular nothing[REGULARS];
    struct hash_text_key before;

    start();
    before = regulars->secret;
    for (uint64_t tag = 1; tag < 2 * REGULARS; tag += 7)
        put(tag);
    regulars_forget(regulars);
    cr_expect_eq(memcmp(regulars->regular, nothing, sizeof nothing), 0);
    cr_expect_neq(memcmp(&regulars->secret, &before, sizeof before), 0);
    stop();
}
