/* Staff and tests are counted apart: of all sites, and of one. */
#include <criterion/criterion.h>

#include "lib/world.h"
#include "pipeline.h"

static struct world w;
static struct atlas atlas;
static _Atomic(const struct atlas *) where = &atlas;

static void start(const char *config, const char *internal)
{
    world_open(&w, 8, config, world_time("2024-05-15 12:00:00"));
    cr_assert_eq(networks_parse(&atlas.internal, slice_of(internal)), 0);
    w.pipeline.atlas = &where;
}

static uint64_t views(const char *site)
{
    return world_metric(&w, site, SPAN_TODAY, METRIC_VIEWS);
}

Test(pipeline_internal, of_all_sites_is_in_no_box)
{
    start("[site a]\nhosts = a.example\n[site b]\nhosts = b.example\n",
          "10.0.0.0/8, fd00::/8");
    cr_expect_eq(world_line(&w, "s=a&i=10.1.2.3"), OUTCOME_INTERNAL);
    cr_expect_eq(world_line(&w, "s=b&i=fd00::1"), OUTCOME_INTERNAL);
    cr_expect_eq(world_line(&w, "s=a&k=ping&i=10.1.2.3"), OUTCOME_INTERNAL);
    cr_expect_eq(world_line(&w, "s=a&e=download&i=10.1.2.3"), OUTCOME_INTERNAL);
    cr_expect_eq(world_line(&w, "s=a&i=11.1.2.3"), OUTCOME_VIEW);
    cr_expect_eq(world_line(&w, "s=b&i=fe00::1"), OUTCOME_VIEW);
    world_ticks(&w, 3);
    cr_expect_eq(views("a"), 1u);
    cr_expect_eq(views("b"), 1u);
    cr_expect_eq(world_online(&w, "a"), 1u);
    world_close(&w);
}

Test(pipeline_internal, of_one_site_is_a_visitor_of_another)
{
    start("[site a]\ninternal = 192.0.2.0/24\n[site b]\n", "10.0.0.0/8");
    cr_expect_eq(world_line(&w, "s=a&i=192.0.2.9"), OUTCOME_INTERNAL);
    cr_expect_eq(world_line(&w, "s=b&i=192.0.2.9"), OUTCOME_VIEW);
    cr_expect_eq(world_line(&w, "s=a&i=10.0.0.1"), OUTCOME_INTERNAL);
    world_ticks(&w, 3);
    cr_expect_eq(views("a"), 0u);
    cr_expect_eq(views("b"), 1u);
    world_close(&w);
}

Test(pipeline_internal, needs_no_atlas_for_a_site)
{
    start("[site a]\ninternal = 192.0.2.0/24\n", "none");
    w.pipeline.atlas = NULL;
    cr_expect_eq(world_line(&w, "s=a&i=192.0.2.9"), OUTCOME_INTERNAL);
    cr_expect_eq(world_line(&w, "s=a&i=192.0.3.9"), OUTCOME_VIEW);
    world_close(&w);
}

/* What is wrong with a line is said before where it is from: a wrong site is no internal
 * view, and a page that nobody has looked at is not one either. */
Test(pipeline_internal, is_asked_after_the_site_and_prefetch)
{
    struct sender sender = {.http = true, .prefetch = true};

    start("[site a]\nany_host = yes\n", "10.0.0.0/8");
    cr_assert_eq(address_parse(&sender.address, SLICE("10.0.0.1")), 0);
    cr_expect_eq(world_line(&w, "s=none&i=10.0.0.1"), OUTCOME_UNKNOWN_SITE);
    pipeline_begin(&w.pipeline, w.now);
    cr_expect_eq(pipeline_line(&w.pipeline, SLICE("s=a"), &sender, NULL),
                 OUTCOME_PREFETCH);
    sender.prefetch = false;
    cr_expect_eq(pipeline_line(&w.pipeline, SLICE("s=a"), &sender, NULL),
                 OUTCOME_INTERNAL);
    (void)pipeline_end(&w.pipeline);
    world_close(&w);
}
