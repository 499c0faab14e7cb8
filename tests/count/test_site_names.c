#include "count/site_names.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

static struct name_fact fact(enum name_kind kind, const char *subject, const char *object,
                             int64_t at_ms)
{
    struct name_fact f = {.kind = kind, .at_ms = at_ms};

    snprintf(f.subject, sizeof f.subject, "%s", subject);
    snprintf(f.object, sizeof f.object, "%s", object);
    return f;
}

static void expect_text(struct slice found, const char *wanted)
{
    cr_expect(slice_equal(found, slice_of(wanted)), "%.*s is not %s", (int)found.length,
              found.at, wanted);
}

static struct site_names *three_names(void)
{
    const struct name_fact facts[] = {fact(NAME_OF, "c", "a", 3),
                                      fact(NAME_OF, "b", "a", 2),
                                      fact(NAME_OF, "other", "x", 9)};
    struct site_names *names = site_names_new(facts, 3);

    cr_assert_not_null(names);
    return names;
}

Test(site_names, every_name_stands_for_the_first_key_and_the_last_one_is_shown)
{
    struct site_names *names = three_names();

    expect_text(site_names_key(names, SLICE("a")), "a");
    expect_text(site_names_key(names, SLICE("b")), "a");
    expect_text(site_names_key(names, SLICE("c")), "a");
    expect_text(site_names_shown(names, SLICE("a")), "c");
    expect_text(site_names_shown(names, SLICE("x")), "other");
    expect_text(site_names_shown(names, SLICE("nobody")), "nobody");
    expect_text(site_names_key(NULL, SLICE("a")), "a");
    expect_text(site_names_shown(NULL, SLICE("a")), "a");
    free(names);
}

Test(site_names, a_site_may_be_called_by_its_key_again)
{
    const struct name_fact back = fact(NAME_OF, "a", "a", 4);
    struct site_names *names = three_names(), *one = site_names_new(&back, 1),
                      *all = site_names_union(names, one);

    expect_text(site_names_shown(all, SLICE("a")), "a");
    expect_text(site_names_key(all, SLICE("c")), "a");
    free(names);
    free(one);
    free(all);
}

Test(site_names, of_two_facts_the_later_holds_in_whatever_order_they_come)
{
    const struct name_fact facts[] = {
        fact(NAME_ARCHIVED, "a", "yes", 1), fact(NAME_ARCHIVED, "a", "no", 2),
        fact(NAME_ARCHIVED, "b", "no", 1), fact(NAME_ARCHIVED, "b", "yes", 2)};
    int order[] = {0, 1, 2, 3};

    for (int turn = 0; turn < 24; turn++) {
        struct name_fact given[4];
        struct site_names *names;
        for (int i = 0; i < 4; i++)
            given[i] = facts[order[i]];
        names = site_names_new(given, 4);
        cr_assert_eq(names->count, 2);
        cr_expect_not(site_names_is_archived(names, SLICE("a")));
        cr_expect(site_names_is_archived(names, SLICE("b")));
        free(names);
        for (int i = 2, j = 3, s; i >= 0; i--) /* the next order */
            if (order[i] < order[i + 1]) {
                while (order[j] < order[i])
                    j--;
                s = order[i], order[i] = order[j], order[j] = s;
                for (int x = i + 1, y = 3; x < y; x++, y--)
                    s = order[x], order[x] = order[y], order[y] = s;
                break;
            }
    }
}

Test(site_names, at_one_moment_all_nodes_choose_the_same)
{
    const struct name_fact x = fact(NAME_OF, "n", "a", 5), y = fact(NAME_OF, "n", "b", 5);
    struct site_names *one = site_names_new(&x, 1), *two = site_names_new(&y, 1);
    struct site_names *ab = site_names_union(one, two), *ba = site_names_union(two, one);

    cr_expect(site_names_equal(ab, ba));
    cr_expect_eq(ab->count, 1);
    cr_expect_not(site_names_equal(one, two));
    cr_expect_not(site_names_equal(one, NULL));
    cr_expect(site_names_equal(NULL, NULL));
    free(one);
    free(two);
    free(ab);
    free(ba);
}

Test(site_names, follows_mergers_to_their_end_and_out_of_a_circle)
{
    const struct name_fact facts[] = {
        fact(NAME_OF, "old", "a", 1), fact(NAME_MERGED, "a", "b", 1),
        fact(NAME_MERGED, "b", "c", 2), fact(NAME_MERGED, "x", "y", 1),
        fact(NAME_MERGED, "y", "x", 1)};
    struct site_names *names = site_names_new(facts, 5);

    expect_text(site_names_key(names, SLICE("old")), "c");
    expect_text(site_names_first_key(names, SLICE("old")), "a");
    cr_expect_str_eq(site_names_merger(names, SLICE("a"))->object, "b");
    cr_expect_null(site_names_merger(names, SLICE("c")));
    (void)site_names_key(names, SLICE("x")); /* comes back */
    free(names);
}

Test(site_names, a_name_is_taken_by_whoever_has_it_but_not_from_himself)
{
    const struct name_fact facts[] = {
        fact(NAME_OF, "b", "a", 1), fact(NAME_MERGED, "m", "a", 1),
        fact(NAME_ARCHIVED, "gone", "yes", 1), fact(NAME_ARCHIVED, "back", "no", 1)};
    struct site_names *names = site_names_new(facts, 4);

    cr_expect(site_names_is_taken(names, SLICE("b"), SLICE("")));
    cr_expect_not(site_names_is_taken(names, SLICE("b"), SLICE("a")));
    cr_expect(site_names_is_taken(names, SLICE("m"), SLICE("")));
    cr_expect(site_names_is_taken(names, SLICE("gone"), SLICE("")));
    cr_expect_not(site_names_is_taken(names, SLICE("back"), SLICE("")));
    cr_expect_not(site_names_is_taken(names, SLICE("bb"), SLICE("")));
    cr_expect_not(site_names_is_taken(names, SLICE(""), SLICE("x")));
    free(names);
}

Test(site_names, a_site_runs_under_the_section_of_the_name_it_goes_by)
{
    struct site_names *names = three_names();
    struct config_error error;
    struct config *config;

    cr_assert_eq(config_parse(&config, SLICE("[site a]\n[site b]\n[site c]\n[site x]\n"),
                              "test", &error),
                 0);
    cr_expect_str_eq(site_names_section(names, config, SLICE("a"))->key, "c");
    cr_expect_str_eq(site_names_section(names, config, SLICE("x"))->key, "x");
    cr_expect_str_eq(site_names_section(NULL, config, SLICE("a"))->key, "a");
    cr_expect_null(site_names_section(names, config, SLICE("nobody")));
    config_free(config);
    cr_assert_eq(config_parse(&config, SLICE("[site a]\n[site b]\n"), "test", &error), 0);
    cr_expect_str_eq(site_names_section(names, config, SLICE("a"))->key, "b");
    config_free(config);
    free(names);
}

Test(site_names, knows_a_fact_from_what_is_none)
{
    struct name_fact f = fact(NAME_OF, "b", "a", 1);
    enum name_kind kind;

    cr_expect(name_fact_is_valid(&f));
    f = fact(NAME_OF, "B", "a", 1);
    cr_expect_not(name_fact_is_valid(&f));
    f = fact(NAME_MERGED, "a", "a", 1);
    cr_expect_not(name_fact_is_valid(&f));
    f = fact(NAME_ARCHIVED, "a", "perhaps", 1);
    cr_expect_not(name_fact_is_valid(&f));
    for (int k = 0; k < NAME_KINDS; k++) {
        cr_expect(name_kind_parse(&kind, slice_of(name_kind_word((enum name_kind)k))));
        cr_expect_eq((int)kind, k);
    }
    cr_expect_not(name_kind_parse(&kind, SLICE("nam")));
}
