#include "parse/json_line.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/expect_text.h"
#include "lib/repeat.h"

static bool is_whole(struct slice text, unsigned *ret_members)
{
    struct json_line j = {.rest = text};
    struct json_member m;

    *ret_members = 0;
    while (json_line_next(&j, &m))
        ++*ret_members;
    return json_line_is_whole(&j);
}

Test(json_line, gives_the_members_as_they_stand)
{
    struct json_line j = {.rest =
                              SLICE(" { \"a\" : \"x\\\"y\" ,\"b\":-1.5e+3,\"c\":null, "
                                    "\"d\":[1,{\"e\":[]}] } ")};
    struct json_member m;

    cr_assert(json_line_next(&j, &m));
    expect_text(m.name, "a");
    expect_text(m.value, "x\\\"y");
    cr_expect_eq(m.kind, MEMBER_TEXT);
    cr_assert(json_line_next(&j, &m));
    expect_text(m.value, "-1.5e+3");
    cr_expect_eq(m.kind, MEMBER_NUMBER);
    cr_assert(json_line_next(&j, &m));
    expect_text(m.value, "null");
    cr_expect_eq(m.kind, MEMBER_WORD);
    cr_assert(json_line_next(&j, &m));
    expect_text(m.name, "d");
    expect_text(m.value, "[1,{\"e\":[]}]");
    cr_expect_eq(m.kind, MEMBER_NESTED);
    cr_expect_not(json_line_next(&j, &m));
    cr_expect(json_line_is_whole(&j));
    cr_expect_not(json_line_next(&j, &m), "it stays at its end");
}

Test(json_line, decodes_text_to_utf8_without_nul_and_lone_surrogates)
{
    static const char *const cases[][2] = {
        {"plain", "plain"},
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
        {"\\u0041\\u00e9\\u1ED5", "A\xC3\xA9\xE1\xBB\x95"},
        {"\\uD83D\\uDE00", "\xF0\x9F\x98\x80"},
        {"\\uD83D", "\xEF\xBF\xBD"},
        {"\\uD83Dx", "\xEF\xBF\xBDx"},
        {"\\uD83D\\u0041", "\xEF\xBF\xBD"
                           "A"},
        {"\\uDE00\\uD83D", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\\u0000", "\xEF\xBF\xBD"},
        {"t\xC3\xACm \xFF", "t\xC3\xACm \xFF"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char memory[64];
        struct slice value = slice_of(cases[i][0]);
        struct slice text = json_line_text(value, memory);

        expect_text(text, cases[i][1]);
        cr_expect_leq(text.length, value.length);
    }
}

Test(json_line, refuses_what_is_not_json)
{
    static const char *const wrong[] = {
        "",
        " ",
        "{",
        "}",
        "[]",
        "1",
        "\"a\"",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,}",
        "{,\"a\":1}",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{\"a\":1 \"b\":2}",
        "{\"a\" 1}",
        "{a:1}",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":1e}",
        "{\"a\":+1}",
        "{\"a\":nul}",
        "{\"a\":True}",
        "{\"a\":NaN}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u12G4\"}",
        "{\"a\":\"\\",
        "{\"a\":\"\\\"}",
        "{\"a\":[1,]}",
        "{\"a\":[1}",
        "{\"a\":{\"b\"}}",
        "{\"a\":{\"b\":1]}",
        "{\"a\":'x'}",
    };
    unsigned members;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(is_whole(slice_of(wrong[i]), &members), "%s", wrong[i]);
    cr_expect(is_whole(SLICE("{}"), &members));
    cr_expect(is_whole(SLICE("\t{ }\r\n"), &members));
}

Test(json_line, sixteen_values_may_be_in_each_other_and_no_more)
{
    char text[200];
    unsigned members;

    for (unsigned depth = 1; depth < 40; depth++) {
        size_t n = (size_t)snprintf(text, sizeof text, "{\"a\":");
        memset(text + n, '[', depth);
        memset(text + n + depth, ']', depth);
        strcpy(text + n + 2 * (size_t)depth, "}");
        cr_expect_eq(is_whole(slice_of(text), &members), depth <= JSON_DEPTH_MAX, "%u",
                     depth);
    }
}

/* Objects made at random, and the same with a byte changed: jansson is the judge. */
static void write_value(uint64_t *r, char **to, unsigned depth)
{
    static const char *const values[] = {"1",     "-0",   "12.5e-3", "true",
                                         "false", "null", "\"\"",    "\"a\\u00e9\\n\"",
                                         "\"~\""};
    unsigned kind = (unsigned)random_below(r, depth > 2 ? 9 : 11);
    unsigned n = (unsigned)random_below(r, 3);

    if (kind < 9) {
        *to += sprintf(*to, "%s", values[kind]);
        return;
    }
    *(*to)++ = kind == 9 ? '[' : '{';
    for (unsigned i = 0; i < n; i++) {
        if (i > 0)
            *(*to)++ = ',';
        if (kind == 10)
            *to += sprintf(*to, "\"k%u\": ", i);
        write_value(r, to, depth + 1);
    }
    *(*to)++ = kind == 9 ? ']' : '}';
}

Test(json_line, agrees_with_jansson)
{
    uint64_t r = number_from("SEED", 20261126);

    for (unsigned round = 0; round < 20000; round++) {
        char text[4096], *to = text;
        unsigned members, n = (unsigned)random_below(&r, 4);
        json_t *theirs;
        size_t length;

        *to++ = '{';
        for (unsigned i = 0; i < n; i++) {
            to += sprintf(to, "%s\"n%u\":", i > 0 ? ", " : "", i);
            write_value(&r, &to, 0);
        }
        *to++ = '}';
        length = (size_t)(to - text);
        if (round % 2 == 1)
            text[random_below(&r, length)] = "{}[]\",:\\0e-tx \n"[random_below(&r, 15)];
        theirs = json_loadb(text, length, JSON_ALLOW_NUL, NULL);
        cr_assert_eq(is_whole((struct slice){text, length}, &members),
                     theirs != NULL && json_is_object(theirs), "%.*s", (int)length, text);
        json_decref(theirs);
    }
}
