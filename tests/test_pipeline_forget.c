/* What a worker remembers of the lines it judged, and for how long: a second, a day. */
#include "pipeline.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/error.h"
#include "lib/world.h"
#include "pipeline_inner.h"

static struct world w;
static _Atomic(const struct referrer_list *) referrers;
static _Atomic(const struct agents *) agents;

static void start(const char *when)
{
    static const struct slice built_in[2];
    char sentence[REFERRER_LIST_SENTENCE_MAX], trouble[AGENT_TROUBLE_MAX];
    struct referrer_list *list;
    enum agent_list_kind wrong;
    struct agents *own;

    world_open(&w, 4, "[site a]\n", world_time(when));
    cr_assert_eq(referrer_list_parse(&list, "list", referrer_list_builtin(), "deny",
                                     SLICE("qzdenied.example\n"), sentence),
                 0, "%s", sentence);
    cr_assert_eq(agents_new(&own, built_in, 1, &wrong, trouble), 0, "%s", trouble);
    atomic_store(&referrers, list);
    atomic_store(&agents, own);
    w.pipeline.referrers = &referrers;
    pipeline_use_agents(&w.pipeline, &agents, 0);
    pipeline_forget(&w.pipeline, w.now);
}

static void end(void)
{
    agents_free((struct agents *)(uintptr_t)atomic_load(&agents));
    referrer_list_free((struct referrer_list *)(uintptr_t)atomic_load(&referrers));
    world_close(&w);
}

static bool is_in_pipeline(const char *word)
{
    return memmem(&w.pipeline, sizeof w.pipeline, word, strlen(word)) != NULL ||
           memmem(w.pipeline.group, sizeof *w.pipeline.group, word, strlen(word)) != NULL;
}

static bool is_in_cache(const char *word)
{
    return memmem(w.pipeline.referrer_cache, sizeof *w.pipeline.referrer_cache, word,
                  strlen(word)) != NULL ||
           memmem(w.pipeline.places, sizeof *w.pipeline.places, word, strlen(word)) !=
               NULL;
}

Test(pipeline_forget, what_a_line_said_is_gone_within_a_second)
{
    start("2024-05-15 12:00:00");
    cr_expect_eq(world_line(&w, "s=a&p=/qzpa%67e&i=203.0.113.7&u=Mozilla/5.0+qzag%65nt"
                                "&r=https://qzcame.example/x?q=qzquery"),
                 OUTCOME_VIEW);
    cr_expect(is_in_pipeline("qzagent") && is_in_pipeline("qzcame"), "the test sees it");
    pipeline_forget(&w.pipeline, w.now);
    cr_expect_not(is_in_pipeline("qzagent") || is_in_pipeline("qzcame") ||
                  is_in_pipeline("qzpage") || is_in_pipeline("203.0.113.7"));
    end();
}

static size_t spellings_known(void)
{
    size_t n = 0;

    for (size_t kind = 0; kind < SPELLING_KINDS; kind++)
        for (size_t i = 0; i < SPELLINGS; i++)
            n += w.pipeline.spellings->row[kind][i].tag != 0;
    return n;
}

Test(pipeline_forget, pages_and_where_visitors_came_from_are_gone_when_the_day_is)
{
    start("2024-05-15 23:59:00");
    (void)world_line(&w, "s=a&p=/qzname%2Fx&r=https://qzcame.example/x");
    cr_expect_eq(world_line(&w, "s=a&p=/&r=https://qzdenied.example/x"), OUTCOME_SUSPECT);
    pipeline_forget(&w.pipeline, w.now);
    cr_expect(is_in_cache("qzcame.example") && is_in_cache("qzdenied.example") &&
              is_in_cache("/qzname/x") && spellings_known() == 4);
    w.now = instant_after(w.now, 60);
    pipeline_forget(&w.pipeline, w.now);
    cr_expect_not(is_in_cache("qzcame") || is_in_cache("qzdenied") ||
                  is_in_cache("qzname"));
    cr_expect_eq(spellings_known(), 0u);
    cr_expect_eq(world_line(&w, "s=a&p=/&r=https://qzdenied.example/x"), OUTCOME_SUSPECT);
    end();
}

static size_t met(void)
{
    size_t n = 0;

    for (size_t i = 0; i < MET_VISITORS; i++)
        n += w.pipeline.met->visitor[i].who != 0;
    return n;
}

/* With the marks that visitors have: those of the arena go with their keys. */
Test(pipeline_forget, who_was_just_met_is_unknown_after_the_quarter_hour)
{
    start("2024-05-15 12:14:00");
    for (int i = 0; i < 2; i++) {
        (void)world_line(&w, "s=a&p=/&i=203.0.113.7&u=Mozilla/5.0+(Linux)");
        (void)world_line(&w, "s=a&p=/&i=203.0.113.8&u=Mozilla/5.0+(Linux)");
    }
    pipeline_forget(&w.pipeline, w.now);
    cr_expect_eq(met(), 2u);
    w.now = instant_after(w.now, 60);
    pipeline_forget(&w.pipeline, w.now);
    cr_expect_eq(met(), 0u);
    (void)world_line(&w, "s=a&p=/&i=203.0.113.8&u=Mozilla/5.0+(Linux)");
    cr_expect_eq(met(), 1u);
    end();
}

/* Of a limited address it is told by what the limit still says: tests/count/test_guard.c. */
Test(pipeline_forget, a_limit_that_still_holds_is_not_forgotten)
{
    size_t left = 0;

    start("2024-05-15 12:00:00");
    w.pipeline.guard = guard_new();
    cr_assert_not_null(w.pipeline.guard);
    for (int i = 0; i < 100; i++)
        cr_expect_eq(world_line(&w, "s=a&p=/&i=203.0.113.7"), OUTCOME_VIEW);
    for (int i = 0; i < GUARD_FORGETS_S; i++)
        pipeline_forget(&w.pipeline, w.now);
    cr_expect_eq(world_line(&w, "s=a&p=/&i=203.0.113.7"), OUTCOME_SUSPECT);
    w.now = instant_after(w.now, 11);
    for (int i = 0; i < GUARD_FORGETS_S; i++)
        pipeline_forget(&w.pipeline, w.now);
    for (int i = 0; i < GUARD_FORGETS_S; i++)
        left += guard_forget(w.pipeline.guard, &w.trusted.limits, w.now.ms - 11000);
    cr_expect_eq(left, 1u, "the newcomers' limit holds longer than the other");
    guard_free(w.pipeline.guard);
    end();
}
