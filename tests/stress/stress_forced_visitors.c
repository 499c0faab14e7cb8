/* Forced schedules of a table of visitors: each race of the protocol's list, in every
 * order, exactly once. Two writers are stopped before a CAS (or between the two passes of
 * a hit) and let go in the order that a test wants. */
#include <stdio.h>
#include <stdlib.h>

#include "count/turn.h"
#include "count/visitors_inner.h"
#include "lib/actors.h"
#include "lib/utc_periods.h"
#include "lib/visitors_check.h"
#include "lib/visitors_memory.h"

/* A Monday and a first of a month. */
static const int64_t base = (int64_t)19723 * UTC_DAY;
static unsigned failures;

#define EXPECT(condition)                                                                \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: in %s: not so: %s\n", __FILE__, __LINE__, __func__,  \
                    #condition);                                                         \
            failures++;                                                                  \
        }                                                                                \
    } while (0)

static void expect_sound(const struct visitors_table *t, const char *test, unsigned part)
{
    const char *fault = visitors_check(t, 0);
    if (fault != NULL) {
        fprintf(stderr, "%s, part %u: %s\n", test, part, fault);
        failures++;
    }
}

/* --- Writers --- */

struct writer {
    struct actor actor;
    const struct visitors_table *table;
    struct turn_line *line; /* NULL: no turns in this test */
    uint64_t fp;
    int64_t slot;
    struct visitors_verdict verdict;
};

static void write_hit(void *context)
{
    struct writer *w = context;
    struct visit_periods p;

    utc_periods(w->slot, &p);
    if (w->line != NULL)
        turn_begin(w->line);
    w->verdict = visitors_hit(w->table, w->fp, w->slot, &p);
    if (w->line != NULL)
        turn_end(w->line);
}

static bool start(struct writer *w, const struct visitors_table *t, uint64_t fp,
                  int64_t slot, const char *stop_at)
{
    *w = (struct writer){.table = t, .fp = fp, .slot = slot};
    return actor_start(&w->actor, write_hit, w, stop_at);
}

static struct visitors_verdict hit_now(const struct visitors_table *t, uint64_t fp,
                                       int64_t slot)
{
    struct writer w = {.table = t, .fp = fp, .slot = slot};
    write_hit(&w);
    return w.verdict;
}

static uint64_t number_of(const struct visitors_table *t, enum period_kind kind,
                          int64_t slot)
{
    struct visit_periods p;
    bool exact;
    utc_periods(slot, &p);
    return visitors_of_period(t, kind, p.number[kind], &exact);
}

/* The n-th fp, from `from` on, whose home in `part` is that of `like`. */
static uint64_t same_home(uint64_t like, unsigned part, unsigned n)
{
    for (uint64_t v = 1000000;; v++) {
        uint64_t fp = visitors_memory_fp(v);
        if (fp != like &&
            visitors_path(fp, part).home == visitors_path(like, part).home && n-- == 0)
            return fp;
    }
}

/* --- A table that is about to open `part` --- */

static void grow_until(const struct visitors_table *t, unsigned part)
{
    for (uint64_t v = 0; t->head->cur < part; v++) {
        hit_now(t, visitors_memory_fp(v), base + 10);
        visitors_memory_grow(t);
    }
}

static void open_next(const struct visitors_table *t)
{
    atomic_store(&t->head->ready, t->head->cur + 2);
    atomic_fetch_add(&t->head->cur, 1);
}

static void expect_once(const struct visitors_table *t, const struct writer *a,
                        const struct writer *b, uint64_t words_before)
{
    EXPECT(a->verdict.placed && b->verdict.placed);
    EXPECT(a->verdict.first_seen + b->verdict.first_seen == 1);
    EXPECT(a->verdict.new_visit + b->verdict.new_visit == 1);
    EXPECT(t->head->words == words_before + 1);
    EXPECT(number_of(t, PERIOD_DAY, a->slot) == t->head->words);
    EXPECT(visitors_window(t, a->slot, UTC_ONLINE).count == t->head->words);
    EXPECT(t->head->joins == t->head->words);
}

/* --- Inserting against sealing --- */

static bool older_path_is_open(const struct visitors_table *t, uint64_t fp, unsigned part)
{
    for (unsigned older = 0; older < part; older++) {
        struct path path = visitors_path(fp, older);
        uint32_t step = 0;
        while (step < path.length && word_is_visitor(t->word[path_index(&path, step)]))
            step++;
        if (step < path.length && t->word[path_index(&path, step)] == WORD_EMPTY)
            return true;
    }
    return false;
}

/* `a` has not seen the next part and stands before its insert; `b` has seen it and must
 * seal that very word. */
static void insert_against_seal(unsigned part, bool seal_wins)
{
    struct visitors_table t = visitors_memory_new(base);
    uint64_t fp = visitors_memory_fp(5000000);
    struct writer a, b;

    grow_until(&t, part);
    uint64_t words = t.head->words;
    EXPECT(start(&a, &t, fp, base + 20, "insert"));
    open_next(&t);
    if (seal_wins) {
        start(&b, &t, fp, base + 20, NULL); /* seals and inserts in the next part */
        actor_finish(&a.actor);
    } else {
        bool at_seal = start(&b, &t, fp, base + 20, "seal");
        while (at_seal && older_path_is_open(&t, fp, part))
            at_seal = actor_go_on(&b.actor, "seal"); /* not yet the one that meets `a` */
        EXPECT(at_seal);
        actor_finish(&a.actor); /* inserts */
    }
    actor_finish(&b.actor);
    expect_once(&t, &a, &b, words);
    expect_sound(&t, __func__, part);
    visitors_memory_free(&t);
}

/* `cur` moves between the passes of `a`: it must walk the part it has not seen from its
 * start. */
static void part_opens_between_the_passes(unsigned part, unsigned opens)
{
    struct visitors_table t = visitors_memory_new(base);
    uint64_t fp = visitors_memory_fp(5000000);
    struct writer a, b;

    grow_until(&t, part);
    uint64_t words = t.head->words;
    EXPECT(start(&a, &t, fp, base + 20, "between the passes"));
    for (unsigned i = 0; i < opens; i++)
        open_next(&t);
    start(&b, &t, fp, base + 20, NULL);
    actor_finish(&b.actor);
    actor_finish(&a.actor);
    expect_once(&t, &a, &b, words);
    EXPECT(b.verdict.first_seen);
    expect_sound(&t, __func__, part);
    visitors_memory_free(&t);
}

/* --- Two inserters at one empty word --- */

static void two_at_one_empty(bool same_visitor, bool first_wins)
{
    struct visitors_table t = visitors_memory_new(base);
    uint64_t fp = visitors_memory_fp(7), other = same_visitor ? fp : same_home(fp, 0, 0);
    struct writer a, b;

    EXPECT(start(&a, &t, fp, base + 20, "insert"));
    EXPECT(start(&b, &t, other, base + 20, "insert"));
    actor_finish(first_wins ? &a.actor : &b.actor);
    actor_finish(first_wins ? &b.actor : &a.actor);
    if (same_visitor)
        expect_once(&t, &a, &b, 0);
    else
        EXPECT(a.verdict.first_seen && b.verdict.first_seen && t.head->words == 2);
    expect_sound(&t, __func__, 0);
    visitors_memory_free(&t);
}

/* Two writers fill the last room of the newest part at once: cur moves once, by one. */
static void two_open_one_part(void)
{
    struct visitors_table t = visitors_memory_new(base);
    struct writer a, b;
    uint64_t v = 0;

    while (t.head->words < 47)
        hit_now(&t, visitors_memory_fp(v++), base + 10);
    atomic_store(&t.head->ready, 3);
    EXPECT(start(&a, &t, visitors_memory_fp(v), base + 20, "open"));
    EXPECT(start(&b, &t, visitors_memory_fp(v + 1), base + 20, "open"));
    actor_finish(&a.actor);
    actor_finish(&b.actor);
    EXPECT(t.head->cur == 1);
    EXPECT(t.head->words == 49);
    expect_sound(&t, __func__, 0);
    visitors_memory_free(&t);
}

/* --- Refreshing --- */

/* Both bring the visitor into the next day: it is counted there once, and its visit
 * opened once. */
static void two_refreshes_over_midnight(bool first_wins)
{
    struct visitors_table t = visitors_memory_new(base);
    uint64_t fp = visitors_memory_fp(1);
    struct writer a, b;

    hit_now(&t, fp, base + UTC_DAY - 3);
    EXPECT(start(&a, &t, fp, base + UTC_DAY + 1, "refresh"));
    EXPECT(start(&b, &t, fp, base + UTC_DAY + 2, "refresh"));
    actor_finish(first_wins ? &a.actor : &b.actor);
    actor_finish(first_wins ? &b.actor : &a.actor);
    EXPECT(number_of(&t, PERIOD_DAY, base + UTC_DAY) == 1);
    EXPECT(number_of(&t, PERIOD_HOUR, base + UTC_DAY) == 1);
    EXPECT(number_of(&t, PERIOD_WEEK, base + UTC_DAY) == 1);
    EXPECT(a.verdict.new_visit + b.verdict.new_visit == 1);
    /* The later slot stays. */
    EXPECT(visitors_window(&t, base + UTC_DAY + 2, 1).count == 1);
    visitors_memory_free(&t);
}

/* Two more views of one visit at once, in the slot of the first one or later: one of them
 * is the second. */
static void two_second_views(bool first_wins, int64_t later)
{
    struct visitors_table t = visitors_memory_new(base);
    uint64_t fp = visitors_memory_fp(1);
    struct writer a, b;

    hit_now(&t, fp, base + 20);
    EXPECT(start(&a, &t, fp, base + 20 + later, "refresh"));
    EXPECT(start(&b, &t, fp, base + 20 + 2 * later, "refresh"));
    actor_finish(first_wins ? &a.actor : &b.actor);
    actor_finish(first_wins ? &b.actor : &a.actor);
    EXPECT(a.verdict.second_view + b.verdict.second_view == 1);
    EXPECT(!a.verdict.new_visit && !b.verdict.new_visit);
    EXPECT(!hit_now(&t, fp, base + 20 + 2 * later).second_view);
    visitors_memory_free(&t);
}

/* Two views open the next visit at once: whoever comes second is its second view, though
 * the visit before had one. */
static void second_view_of_a_visit_that_opens(bool first_wins)
{
    struct visitors_table t = visitors_memory_new(base);
    uint64_t fp = visitors_memory_fp(1);
    struct writer a, b;

    hit_now(&t, fp, base + 20);
    EXPECT(hit_now(&t, fp, base + 21).second_view);
    EXPECT(start(&a, &t, fp, base + 21 + UTC_IDLE, "refresh"));
    EXPECT(start(&b, &t, fp, base + 22 + UTC_IDLE, "refresh"));
    actor_finish(first_wins ? &a.actor : &b.actor);
    actor_finish(first_wins ? &b.actor : &a.actor);
    EXPECT(a.verdict.new_visit + b.verdict.new_visit == 1);
    EXPECT(a.verdict.second_view + b.verdict.second_view == 1);
    EXPECT(a.verdict.new_visit == b.verdict.second_view);
    visitors_memory_free(&t);
}

/* A tally turns over to its new period under a writer that stands before its CAS on
 * it. */
static void tally_turns_over(bool first_wins)
{
    struct visitors_table t = visitors_memory_new(base);
    struct writer a, b;

    hit_now(&t, visitors_memory_fp(1), base + 10); /* day 0: the same word as day 4 */
    EXPECT(start(&a, &t, visitors_memory_fp(2), base + 4 * UTC_DAY + 5, "tally"));
    EXPECT(start(&b, &t, visitors_memory_fp(3), base + 4 * UTC_DAY + 5, "tally"));
    actor_finish(first_wins ? &a.actor : &b.actor);
    actor_finish(first_wins ? &b.actor : &a.actor);
    EXPECT(number_of(&t, PERIOD_DAY, base + 4 * UTC_DAY) == 2);
    EXPECT(number_of(&t, PERIOD_DAY, base) == 0);
    visitors_memory_free(&t);
}

/* --- Filling and sketched --- */

/* A writer began its turn while the table was exact and inserts while the keeper wants to
 * replay: the grace must make it wait, or the matrix never hears of the visitor. */
static void filling_waits_for_turns(void)
{
    struct visitors_table t = visitors_memory_new(base);
    struct turns turns = {0};
    struct grace grace;
    struct visit_periods p;
    struct writer a = {.table = &t,
                       .line = &turns.line[0],
                       .fp = visitors_memory_fp(1),
                       .slot = base + 20};

    EXPECT(actor_start(&a.actor, write_hit, &a, "insert"));
    utc_periods(base + 20, &p);
    visitors_fill_begin(&t, &p);
    grace_begin(&grace, &turns, 1);
    bool waits = !grace_is_over(&grace, &turns);
    if (!waits)
        visitors_fill_finish(&t, base + 20, &p);
    actor_finish(&a.actor);
    if (waits) {
        EXPECT(grace_is_over(&grace, &turns));
        visitors_fill_finish(&t, base + 20, &p);
    }
    EXPECT(t.head->words == 1);
    EXPECT(distinct_estimate(t.matrix, base + 20, UTC_ONLINE) > 0.5);
    EXPECT(hll_estimate(t.month) > 0.5);
    EXPECT(hll_estimate(t.day[p.number[PERIOD_DAY] % 2]) > 0.5);
    visitors_memory_free(&t);
}

static struct visitors_table sketched_table(int64_t slot)
{
    struct visitors_table t = visitors_memory_new(base);
    struct visit_periods p;

    utc_periods(slot, &p);
    atomic_store(&t.head->ready, VISITORS_PARTS);
    atomic_store(&t.head->cur, LAST_PART);
    visitors_fill_begin(&t, &p);
    visitors_fill_finish(&t, slot, &p);
    visitors_sketched(&t);
    return t;
}

/* Two newcomers want the oldest word of one line. */
static void two_at_one_session_line(bool same_visitor, bool first_wins)
{
    struct visitors_table t = sketched_table(base + 20);
    uint64_t fp = visitors_memory_fp(7),
             other = same_visitor ? fp : same_home(fp, LAST_PART, 0);
    struct writer a, b;

    EXPECT(start(&a, &t, fp, base + 20, "session"));
    EXPECT(start(&b, &t, other, base + 20, "session"));
    actor_finish(first_wins ? &a.actor : &b.actor);
    actor_finish(first_wins ? &b.actor : &a.actor);
    EXPECT(a.verdict.new_visit + b.verdict.new_visit == (same_visitor ? 1 : 2));
    EXPECT(t.head->words == (same_visitor ? 1 : 2));
    EXPECT(!hit_now(&t, fp, base + 21).new_visit &&
           !hit_now(&t, other, base + 21).new_visit);
    expect_sound(&t, __func__, LAST_PART);
    visitors_memory_free(&t);
}

/* A visitor returns just when its idle word is given to another. */
static void word_is_replaced_under_a_refresh(bool refresh_wins)
{
    struct visitors_table t = sketched_table(base + 20);
    uint64_t fp = visitors_memory_fp(7);
    struct writer a, b;

    hit_now(&t, fp, base + 20);
    for (unsigned i = 0; i < SESSION_WORDS - 1;
         i++) /* the line is full; fp's word is the oldest */
        hit_now(&t, same_home(fp, LAST_PART, i), base + 30);
    uint64_t stranger = same_home(fp, LAST_PART, SESSION_WORDS);
    EXPECT(start(&a, &t, fp, base + 300, "refresh"));
    EXPECT(start(&b, &t, stranger, base + 300, "session"));
    actor_finish(refresh_wins ? &a.actor : &b.actor);
    actor_finish(refresh_wins ? &b.actor : &a.actor);
    EXPECT(a.verdict.new_visit && b.verdict.new_visit);
    EXPECT(t.head->words == SESSION_WORDS);
    EXPECT(!hit_now(&t, fp, base + 301).new_visit);
    EXPECT(!hit_now(&t, stranger, base + 301).new_visit);
    expect_sound(&t, __func__, LAST_PART);
    visitors_memory_free(&t);
}

int main(void)
{
    visitors_seam = actor_seam;
    for (unsigned order = 0; order < 2; order++) {
        for (unsigned part = 0; part < LAST_PART; part += part < 4 ? 1 : 2)
            insert_against_seal(part, order == 0);
        two_at_one_empty(true, order == 0);
        two_at_one_empty(false, order == 0);
        two_refreshes_over_midnight(order == 0);
        two_second_views(order == 0, 0);
        two_second_views(order == 0, 1);
        second_view_of_a_visit_that_opens(order == 0);
        tally_turns_over(order == 0);
        two_at_one_session_line(true, order == 0);
        two_at_one_session_line(false, order == 0);
        word_is_replaced_under_a_refresh(order == 0);
    }
    for (unsigned part = 0; part < 4; part++) {
        part_opens_between_the_passes(part, 1);
        part_opens_between_the_passes(part, 2);
    }
    two_open_one_part();
    filling_waits_for_turns();
    printf("stress_forced_visitors: %u failures\n", failures);
    return failures != 0;
}
