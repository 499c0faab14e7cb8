/* Words of a site's hits that somebody else changed, each kind alone. */
#include <criterion/criterion.h>
#include <string.h>

#include "count/hits_seal.h"
#include "count/hits_word.h"

enum { Q = 1900000, VIEWS = 10, VISITS = 4 };

static struct hits h, saved;
static struct hits_seal seal, saved_seal;

/* Ten hits in each of eight quarters, of which the last two are open. */
static void eight_quarters(void)
{
    int64_t now = (int64_t)Q * QUARTER_SLOTS;

    memset((void *)&h, 0, sizeof h);
    memset((void *)&seal, 0, sizeof seal);
    hits_init(&h, now);
    for (int q = 0; q < 8; q++, now += QUARTER_SLOTS) {
        hits_add(&h, now + 7, VISITS, VIEWS);
        hits_seal_open(&seal);
        hits_assign(&h, now + 10);
        hits_close_begin(&h, hits_closable(&h, now + 10));
        hits_close_finish(&h);
        hits_seal_close(&seal, &h);
    }
    memcpy((void *)&saved, (void *)&h, sizeof h);
    memcpy((void *)&saved_seal, (void *)&seal, sizeof seal);
}

static void put_back(void)
{
    memcpy((void *)&h, (void *)&saved, sizeof h);
    memcpy((void *)&seal, (void *)&saved_seal, sizeof seal);
}

static struct hits_adopting adopt(void)
{
    struct hits_adopting a = {
        .last_slot = (int64_t)(Q + 7) * QUARTER_SLOTS + 10, .alive = true, .quarter = -1};

    hits_check_place(&h, &seal, &a);
    cr_assert_eq(hits_check(&h, NULL), HITS_WHOLE);
    hits_check_words(&h, &seal, &a);
    hits_seal_close(&seal, &h);
    return a;
}

static void expect_whole(const char *what, int64_t n)
{
    struct hit_count total = hits_total(&h);

    cr_assert_eq(total.views, 8 * VIEWS, "%s %ld: %lu views", what, (long)n,
                 (unsigned long)total.views);
    cr_assert_eq(total.visits, 8 * VISITS, "%s %ld", what, (long)n);
    for (int q = 0; q < 8; q++)
        cr_assert_eq(hits_quarter(&h, Q + q).views, VIEWS, "%s %ld: quarter %d", what,
                     (long)n, q);
}

Test(hits_seal, finds_nothing_where_nothing_was_changed)
{
    struct hits_adopting a;

    eight_quarters();
    a = adopt();
    cr_expect_eq(a.mended + a.lost, 0);
    expect_whole("whole", 0);
}

Test(hits_seal, has_each_bit_of_a_closed_quarter_again)
{
    eight_quarters();
    for (int q = 0; q < 6; q++)
        for (int bit = 0; bit < 128; bit++) {
            struct hits_adopting a;

            put_back();
            h.quarter[(Q + q) % QUARTERS][bit / 64] ^= UINT64_C(1) << bit % 64;
            a = adopt();
            cr_assert_eq(a.mended, 1, "quarter %d bit %d", q, bit);
            cr_assert_eq(a.lost, 0);
            expect_whole("bit", bit);
            a = adopt();
            cr_assert_eq(a.mended + a.lost, 0, "quarter %d bit %d: said again, %u %u", q,
                         bit, a.mended, a.lost);
        }
}

/* The first of them are not eight: those before are a store's, which may come at any time. */
Test(hits_seal, covers_the_quarters_in_which_an_arena_began)
{
    for (int first = 0; first < SEAL_QUARTERS; first++) {
        int64_t from = Q / SEAL_QUARTERS * SEAL_QUARTERS + first, last = from + 20;
        struct hits_adopting a = {
            .last_slot = last * QUARTER_SLOTS + 10, .alive = true, .quarter = -1};

        memset((void *)&h, 0, sizeof h);
        memset((void *)&seal, 0, sizeof seal);
        hits_init(&h, from * QUARTER_SLOTS);
        for (int64_t q = from; q <= last; q++) {
            hits_add(&h, q * QUARTER_SLOTS + 7, VISITS, VIEWS);
            hits_seal_open(&seal);
            hits_assign(&h, q * QUARTER_SLOTS + 10);
            hits_close_begin(&h, hits_closable(&h, q * QUARTER_SLOTS + 10));
            hits_close_finish(&h);
            hits_seal_close(&seal, &h);
        }
        for (int64_t q = from - 3; q < from; q++) /* and is no damage */
            hits_restore(&h, q, (struct hit_count){.views = 7, .visits = 1});
        h.quarter[from % QUARTERS][1] += 5;
        hits_check_place(&h, &seal, &a);
        cr_assert_eq(hits_check(&h, NULL), HITS_WHOLE);
        hits_check_words(&h, &seal, &a);
        cr_expect_eq(a.mended, 1, "%d: %u mended, %u lost", first, a.mended, a.lost);
        cr_expect_eq(a.lost, 0);
        cr_expect_eq(hits_quarter(&h, from).views, VIEWS, "%d", first);
        cr_expect_eq(hits_total(&h).views, 21 * VIEWS, "%d", first);
    }
}

Test(hits_seal, has_a_damaged_crc_again)
{
    eight_quarters();
    for (int bit = 0; bit < 16; bit++) {
        struct hits_adopting a;

        put_back();
        seal.last[(Q + 3) % SEAL_QUARTERS] ^= (uint16_t)(1 << bit);
        a = adopt();
        cr_assert(a.mended == 1 && a.lost == 0, "bit %d", bit);
        expect_whole("bit", bit);
    }
}

/* No second source: 0, so that nothing too great is saved; what a store has raises it. */
Test(hits_seal, counts_a_quarter_without_a_source_as_lost)
{
    struct hits_adopting a;

    eight_quarters();
    h.quarter[Q % QUARTERS][1] ^= 1 << 20;
    for (int i = 0; i < RING_SLOTS; i++)
        h.ring[i] = 0;
    for (int i = 0; i < MINUTES; i++)
        h.minute[i] = 0;
    a = adopt();
    cr_expect_geq(a.lost, 1);
    cr_expect_eq(hits_quarter(&h, Q).views, 0);
    cr_expect(hits_raise_quarter(&h, &seal, Q,
                                 (struct hit_count){.views = VIEWS, .visits = VISITS}));
    cr_expect_eq(hits_quarter(&h, Q).views, VIEWS);
    cr_expect_not(hits_raise_quarter(&h, &seal, Q, (struct hit_count){.views = 1}));
    cr_expect(hits_quarter_holds(&h, &seal, Q));
}

Test(hits_seal, knows_where_the_hits_were)
{
    eight_quarters();
    for (int bit = 0; bit < 40; bit++) {
        struct hits_adopting a;

        put_back();
        h.rolled_q ^= INT64_C(1) << bit;
        a = adopt();
        cr_assert_geq(a.mended, 1);
        expect_whole("rolled_q", bit);
        put_back();
        h.first_q ^= INT64_C(1) << bit;
        a = adopt();
        cr_assert_eq(a.mended, 1);
        cr_assert_eq(h.first_q, Q);
        put_back();
        h.floor_q ^= INT64_C(1) << bit; /* is made anew */
        a = adopt();
        expect_whole("floor_q", bit);
        put_back();
        h.overrun_views ^= UINT64_C(1) << bit;
        a = adopt();
        cr_assert_eq(a.mended, 1);
        expect_whole("overrun_views", bit);
    }
}

Test(hits_seal, believes_overrun_that_a_keeper_too_late_could_not_see)
{
    struct hits_adopting a = {.alive = false, .quarter = -1};

    eight_quarters();
    h.overrun_views += 5;
    hits_check_place(&h, &seal, &a);
    cr_expect_eq(a.mended, 0);
    cr_expect_eq(h.overrun_views, 5);
}

Test(hits_seal, believes_what_a_kill_between_open_and_close_left)
{
    struct hits_adopting a;

    eight_quarters();
    hits_seal_open(&seal);
    hits_close_begin(&h, Q + 8);
    hits_close_finish(&h);
    cr_assert_eq(h.rolled_q, Q + 8);
    a = adopt();
    cr_expect_eq(a.mended + a.lost, 0);
    cr_expect_eq(h.rolled_q, Q + 8);
    expect_whole("killed", 0);
}

/* The bits of the slot of the open quarter. What was 0 and becomes 1 below RING_GROWTH is
 * not seen. */
Test(hits_seal, has_what_a_slot_of_the_ring_held)
{
    int at = (int)(((int64_t)(Q + 7) * QUARTER_SLOTS + 7) % RING_SLOTS);

    eight_quarters();
    for (int bit = 0; bit < 64; bit++) {
        bool raised = bit < 52 && (h.ring[at] >> bit & 1) == 0 && bit % 26 < 23;
        struct hits_adopting a;

        put_back();
        h.ring[at] ^= UINT64_C(1) << bit;
        a = adopt();
        if (raised)
            continue;
        cr_assert_geq(a.mended, 1, "bit %d", bit);
        expect_whole("ring", bit);
        put_back();
    }
}

Test(hits_seal, drops_words_of_the_ring_that_no_hit_leaves)
{
    int at = (int)(((int64_t)(Q + 7) * QUARTER_SLOTS + 9) % RING_SLOTS);

    eight_quarters();
    cr_assert_eq(h.ring[at], 0);
    for (int bit = 0; bit < 64; bit++) {
        struct hits_adopting a;

        put_back();
        h.ring[at] ^= UINT64_C(1) << bit;
        a = adopt();
        cr_assert_eq(a.mended, 1, "bit %d", bit);
        cr_assert_eq(h.ring[at], 0);
        expect_whole("ring", bit);
    }
}

/* A closed quarter's slot whose tag says a lap to come would be counted once more. */
Test(hits_seal, gives_a_slot_dated_after_now_back_to_its_quarter)
{
    int at = (int)(((int64_t)(Q + 5) * QUARTER_SLOTS + 7) % RING_SLOTS);

    eight_quarters();
    for (uint64_t laps = 1; laps < 1500; laps *= 3) {
        struct hits_adopting a;

        put_back();
        h.ring[at] += laps << 52;
        a = adopt();
        cr_assert_eq(a.mended, 1, "%lu laps", (unsigned long)laps);
        cr_assert_eq(h.ring[at], saved.ring[at]);
        expect_whole("laps", (int64_t)laps);
    }
}

Test(hits_seal, has_a_minute_of_a_closed_quarter_again)
{
    int64_t minute = (int64_t)Q * QUARTER_MINUTES + 1;
    struct hit_count got;

    eight_quarters();
    for (int bit = 0; bit < 64; bit++) {
        struct hits_adopting a;

        put_back();
        h.minute[minute % MINUTES] ^= UINT64_C(1) << bit;
        a = adopt();
        cr_assert_eq(a.mended + a.lost, 1, "bit %d", bit);
        /* Its own number, or none: never another. */
        cr_assert(!hits_minute(&h, minute, &got) || got.views == VIEWS, "bit %d", bit);
        a = adopt();
        cr_assert_eq(a.mended + a.lost, 0, "bit %d: said again", bit);
    }
}
