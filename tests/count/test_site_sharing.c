/* Keys that nodes share, as a site takes them. */
#include <criterion/criterion.h>

#include "count/site_inner.h"
#include "lib/world.h"

static struct world w;
static struct key_ring *ring;

#define MONTHLY "[site a]\ntimezone = UTC\n"
#define DAILY   "[site a]\ntimezone = UTC\nidentity = day\n"

static int64_t slot_of(const char *at)
{
    return world_time(at).ms / SLOT_MS;
}

static void offer(enum period_kind kind, const char *from, const char *until,
                  uint8_t byte)
{
    struct hash_key key;

    if (ring == NULL)
        ring = key_ring_new();
    memset(&key, byte, sizeof key);
    cr_assert_eq(key_ring_put(ring, kind, slot_of(from), slot_of(until), &key), 0);
}

static void start(const char *config, const char *at)
{
    if (ring == NULL)
        ring = key_ring_new();
    world_open_sharing(&w, 4, config, ring, world_time(at));
}

static void end(void)
{
    world_close(&w);
    key_ring_free(ring);
}

static void go_to(const char *at)
{
    w.now = world_time(at);
    world_ticks(&w, 3);
}

/* Of the linked key that began at a time; 0: there is none. */
static const struct site_key *key_of(const char *from)
{
    const struct site *s = world_site(&w, "a");

    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (s->block->keys[i].state == KEY_LINKED && s->table[i].head->linked &&
            s->block->keys[i].from_slot == slot_of(from))
            return &s->block->keys[i];
    return NULL;
}

static bool is_offered(const char *from, uint8_t byte)
{
    const struct site_key *k = key_of(from);

    for (unsigned i = 0; k != NULL && i < sizeof k->key.bytes; i++)
        if (k->key.bytes[i] != byte)
            return false;
    return k != NULL;
}

static enum key_sharing sharing(const char *at)
{
    return site_key_sharing(world_site(&w, "a"), slot_of(at));
}

static uint64_t visitors(void)
{
    return world_metric(&w, "a", SPAN_TODAY, METRIC_VISITORS);
}

Test(site_sharing, the_first_key_is_the_offered_one)
{
    offer(PERIOD_MONTH, "2024-05-01 00:00:00", "2024-06-01 00:00:00", 5);
    start(MONTHLY, "2024-05-17 10:00:00");
    cr_expect(is_offered("2024-05-01 00:00:00", 5));
    cr_expect_eq(sharing("2024-05-17 10:00:00"), SHARING_SHARED);
    end();
}

Test(site_sharing, an_offer_of_another_period_or_identity_is_not_taken)
{
    offer(PERIOD_MONTH, "2024-06-01 00:00:00", "2024-07-01 00:00:00", 6);
    offer(PERIOD_DAY, "2024-05-01 00:00:00", "2024-05-02 00:00:00", 5);
    start(MONTHLY, "2024-05-01 10:00:00");
    cr_assert_not_null(key_of("2024-05-01 00:00:00"));
    cr_expect_not(is_offered("2024-05-01 00:00:00", 5));
    cr_expect_not(is_offered("2024-05-01 00:00:00", 6));
    cr_expect_eq(sharing("2024-05-01 10:00:00"), SHARING_UNKNOWN);
    end();
}

Test(site_sharing, the_next_key_is_the_offered_one_and_the_ring_then_forgets)
{
    start(DAILY, "2024-05-17 10:00:00");
    offer(PERIOD_DAY, "2024-05-18 00:00:00", "2024-05-19 00:00:00", 18);
    go_to("2024-05-17 23:31:00");
    cr_expect(is_offered("2024-05-18 00:00:00", 18));
    cr_expect_eq(sharing("2024-05-18 10:00:00"), SHARING_SHARED);
    cr_expect_eq(sharing("2024-05-17 10:00:00"), SHARING_UNKNOWN);
    go_to("2024-05-19 00:00:12");
    cr_expect_not(key_ring_has(ring, PERIOD_DAY, slot_of("2024-05-18 00:00:00")));
    cr_expect(is_offered("2024-05-18 00:00:00", 18), "it goes on until its day after");
    end();
}

Test(site_sharing, without_an_offer_at_the_turn_the_key_is_random_and_stays)
{
    start(DAILY, "2024-05-17 10:00:00");
    go_to("2024-05-17 23:31:00");
    offer(PERIOD_DAY, "2024-05-18 00:00:00", "2024-05-19 00:00:00", 18);
    go_to("2024-05-18 00:01:00");
    world_view(&w, "a", 1);
    go_to("2024-05-18 12:00:00");
    cr_expect_not(is_offered("2024-05-18 00:00:00", 18));
    cr_expect_eq(sharing("2024-05-18 12:00:00"), SHARING_OWN);
    world_view(&w, "a", 1);
    cr_expect_eq(visitors(), 1);
    end();
}

/* Nobody can be in it beside workers; while they run it stays. */
Test(site_sharing, an_empty_key_is_changed_at_a_start_only)
{
    start(MONTHLY, "2024-05-17 10:00:00");
    offer(PERIOD_MONTH, "2024-05-01 00:00:00", "2024-06-01 00:00:00", 5);
    go_to("2024-05-17 11:00:00");
    cr_expect_eq(sharing("2024-05-17 11:00:00"), SHARING_OWN);
    world_restart(&w, world_time("2024-05-17 11:00:01"));
    cr_expect(is_offered("2024-05-01 00:00:00", 5));
    cr_expect_eq(sharing("2024-05-17 11:00:01"), SHARING_SHARED);
    world_view(&w, "a", 1);
    cr_expect_eq(visitors(), 1);
    end();
}

Test(site_sharing, a_key_that_somebody_came_under_is_kept_at_a_start)
{
    start(MONTHLY, "2024-05-17 10:00:00");
    world_view(&w, "a", 1);
    offer(PERIOD_MONTH, "2024-05-01 00:00:00", "2024-06-01 00:00:00", 5);
    world_restart(&w, world_time("2024-05-17 11:00:01"));
    world_ticks(&w, 1);
    cr_expect_eq(sharing("2024-05-17 11:00:01"), SHARING_OWN);
    world_view(&w, "a", 1);
    cr_expect_eq(visitors(), 1);
    end();
}

/* Killed between the CAS that placed the first visitor and the count of it. */
Test(site_sharing, words_are_counted_before_a_key_is_taken_for_unused)
{
    struct site *s;

    start(MONTHLY, "2024-05-17 10:00:00");
    world_view(&w, "a", 1);
    s = world_site(&w, "a");
    for (unsigned i = 0; i < SITE_KEYS; i++)
        s->table[i].head->words = 0;
    offer(PERIOD_MONTH, "2024-05-01 00:00:00", "2024-06-01 00:00:00", 5);
    world_restart(&w, world_time("2024-05-17 11:00:01"));
    world_ticks(&w, 1);
    cr_expect_eq(sharing("2024-05-17 11:00:01"), SHARING_OWN);
    cr_expect_eq(visitors(), 1);
    end();
}

Test(site_sharing, a_shared_key_is_adopted_and_known_for_what_it_is)
{
    offer(PERIOD_MONTH, "2024-05-01 00:00:00", "2024-06-01 00:00:00", 5);
    start(MONTHLY, "2024-05-17 10:00:00");
    world_view(&w, "a", 1);
    key_ring_free(ring);
    w.ring = ring = key_ring_new(); /* a new process: its ring is empty, Redis is away */
    world_restart(&w, world_time("2024-05-17 11:00:01"));
    cr_expect(is_offered("2024-05-01 00:00:00", 5));
    cr_expect_eq(sharing("2024-05-17 11:00:01"), SHARING_UNKNOWN);
    offer(PERIOD_MONTH, "2024-05-01 00:00:00", "2024-06-01 00:00:00", 5);
    world_ticks(&w, 1);
    cr_expect_eq(sharing("2024-05-17 11:00:01"), SHARING_SHARED);
    world_view(&w, "a", 1);
    cr_expect_eq(visitors(), 1);
    end();
}

Test(site_sharing, sites_of_one_calendar_have_one_key_and_their_own_visitors)
{
    offer(PERIOD_MONTH, "2024-05-01 00:00:00", "2024-06-01 00:00:00", 5);
    start(MONTHLY "[site b]\ntimezone = UTC\n", "2024-05-17 10:00:00");
    cr_expect(is_offered("2024-05-01 00:00:00", 5));
    cr_expect_eq(site_key_sharing(world_site(&w, "b"), slot_of("2024-05-17 10:00:00")),
                 SHARING_SHARED);
    for (unsigned v = 1; v <= 3; v++)
        world_view(&w, "a", v);
    world_view(&w, "b", 1);
    cr_expect_eq(visitors(), 3);
    cr_expect_eq(world_metric(&w, "b", SPAN_TODAY, METRIC_VISITORS), 1);
    end();
}

Test(site_sharing, a_site_that_is_named_at_a_reload_has_the_shared_key_at_once)
{
    offer(PERIOD_MONTH, "2024-05-01 00:00:00", "2024-06-01 00:00:00", 5);
    start("[site x]\ntimezone = UTC\n", "2024-05-17 10:00:00");
    world_reload(&w, MONTHLY);
    world_ticks(&w, 1);
    cr_expect(is_offered("2024-05-01 00:00:00", 5));
    end();
}
