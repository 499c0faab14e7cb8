/* What must be in a text for a pattern to match it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "identify/agent_literal.h"

/* "a|b" for two literals, in their order; a '!' behind one that is certain. */
static const char *literals(const char *pattern, bool caseless)
{
    static struct agent_literals found;
    static char text[8192];
    size_t n = 0;

    agent_literals_of((struct slice){pattern, strlen(pattern)}, caseless, &found);
    text[0] = '\0';
    for (size_t i = 0; i < found.count; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s%s", i > 0 ? "|" : "",
                              (int)found.at[i].length, found.at[i].text,
                              found.at[i].certain ? "!" : "");
    return text;
}

Test(agent_literal, is_the_pattern_itself_where_all_of_it_is_plain)
{
    cr_expect_str_eq(literals("Googlebot", false), "Googlebot!");
    cr_expect_str_eq(literals("Googlebot\\/", false), "Googlebot/!");
    cr_expect_str_eq(literals("one|two", false), "one!|two!");
}

Test(agent_literal, is_the_longest_plain_run_of_what_must_be_there)
{
    cr_expect_str_eq(literals("Mozilla.+Mobile.+(Flipboard).(\\d+)", false), "Flipboard");
    cr_expect_str_eq(literals("ab*cdefg?hi", false), "cdef");
    cr_expect_str_eq(literals("x(?:optional)?yz1", false), "yz1");
    cr_expect_str_eq(literals("(?:needed)+q", false), "needed");
    cr_expect_str_eq(literals("^Firebird{2}$", false), "Firebir");
}

Test(agent_literal, spreads_groups_of_plain_alternatives)
{
    cr_expect_str_eq(literals("(Chromium|Iron)/(\\d+)", false), "Chromium/|Iron/");
    cr_expect_str_eq(literals("(?:a|b)(?:1|2)c", false), "a1c!|a2c!|b1c!|b2c!");
    cr_expect_str_eq(literals("\\b(Foo Bar|(?:An-|)Nutch|x+Axta)/", false),
                     "Foo Bar|Nutch|Axta");
}

Test(agent_literal, prefers_a_rare_word_to_a_long_one)
{
    cr_expect_str_eq(literals("AppleWebKit.*NX/\\d", false), "NX/");
    cr_expect_str_eq(literals("like Safari.*Iron[^/]", false), "Iron");
}

Test(agent_literal, is_none_where_nearly_every_agent_has_it)
{
    cr_expect_str_eq(literals("android.*Mozilla", true), "");
    cr_expect_str_eq(literals("(Chromium|Chrome)/(\\d+)", false), "");
    cr_expect_str_eq(literals("Chrome/(\\d+).* Safari/", false), "");
    cr_expect_str_eq(literals("Safari", false), "");
}

Test(agent_literal, is_none_where_a_text_without_it_could_match)
{
    cr_expect_str_eq(literals("\\d+", false), "");
    cr_expect_str_eq(literals("word|", false), "");
    cr_expect_str_eq(literals("|word", false), "");
    cr_expect_str_eq(literals("word|\\w", false), "");
    cr_expect_str_eq(literals("(?:word|)", false), "");
    cr_expect_str_eq(literals("w?o?r?d?", false), "");
    cr_expect_str_eq(literals("", false), "");
}

Test(agent_literal, says_nothing_of_what_it_does_not_understand)
{
    cr_expect_str_eq(literals("word(?i)more", false), "");
    cr_expect_str_eq(literals("(*UTF)word", false), "");
    cr_expect_str_eq(literals("\\Qword\\E", false), "");
    cr_expect_str_eq(literals("word\\x41", false), "");
    cr_expect_str_eq(literals("[[:alpha:]]word", false), "");
}

Test(agent_literal, never_takes_what_looks_ahead_or_behind)
{
    cr_expect_str_eq(literals("(?!never)always", false), "always");
    cr_expect_str_eq(literals("(?<=never)always", false), "always");
    cr_expect_str_eq(literals("[^never]always[or]", false), "always");
}

Test(agent_literal, cuts_a_run_that_is_too_long)
{
    static char pattern[200];

    memset(pattern, 'x', sizeof pattern - 1);
    cr_expect_eq(strlen(literals(pattern, false)), AGENT_LITERAL_MAX);
}
