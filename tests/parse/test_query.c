#include <ctype.h>

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>

#include "base/error.h"
#include "parse/query.h"

static struct slice decoded(const char *text, char *memory)
{
    struct slice ret = SLICE("(refused)");
    query_decode(&ret, slice_of(text), memory);
    return ret;
}

Test(query, yields_pairs_in_order_and_skips_empty_ones)
{
    struct slice rest = SLICE("&&a=1&b&&=c&d=e=f&"), key, value;
    const char *expected[][2] = {{"a", "1"}, {"b", ""}, {"", "c"}, {"d", "e=f"}};
    for (size_t i = 0; i < 4; i++) {
        cr_assert(query_next(&rest, &key, &value));
        cr_expect(slice_equal(key, slice_of(expected[i][0])));
        cr_expect(slice_equal(value, slice_of(expected[i][1])));
    }
    cr_expect_not(query_next(&rest, &key, &value));
    cr_expect_not(query_next(&rest, &key, &value), "the end stays the end");
}

Test(query, finds_the_first_value_of_a_key)
{
    struct slice value = SLICE("untouched");
    cr_expect(query_find(SLICE("xs=0&s=1&s=2"), SLICE("s"), &value));
    cr_expect(slice_equal(value, SLICE("1")));
    cr_expect_not(query_find(SLICE("xs=0"), SLICE("s"), &value));
    cr_expect(slice_equal(value, SLICE("1")));
    cr_expect_not(query_find((struct slice){NULL, 0}, SLICE("s"), &value));
}

Test(query, a_value_without_an_escape_is_not_copied)
{
    struct slice value = SLICE("tin-tuc/1"), ret;
    cr_assert_eq(query_decode(&ret, value, NULL), 0);
    cr_expect_eq(ret.at, value.at);
    cr_expect_eq(ret.length, value.length);
}

Test(query, decodes_percent_and_plus)
{
    char memory[64];
    cr_expect(slice_equal(decoded("L%C6%B0%e1%bb%a3t+truy%20c%E1%BA%ADp", memory),
                          SLICE("Lượt truy cập")));
    cr_expect(slice_equal(decoded("%2B%26%3d", memory), SLICE("+&=")));
    cr_expect(slice_equal(decoded("%ff%FE", memory), SLICE("\xff\xfe")),
              "bytes, whatever they are");
}

Test(query, refuses_a_bad_or_cut_escape_and_nul)
{
    const char *bad[] = {"%",   "a%",    "%4",  "%g0", "%0g",      "%%41",
                         "%00", "x%00y", "% 1", "%-1", "%\xff\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char memory[16];
        struct slice ret = SLICE("untouched");
        cr_expect_eq(query_decode(&ret, slice_of(bad[i]), memory), ERR_MALFORMED, "%s",
                     bad[i]);
        cr_expect(slice_equal(ret, SLICE("untouched")));
    }
}

/* web-platform-tests' vectors of application/x-www-form-urlencoded. Two differences, both
 * on purpose: we refuse a broken escape where the standard keeps it, and we keep invalid
 * UTF-8 as it is (it is cleaned where it is written out). */
static bool has_broken_escape(const char *text)
{
    for (const char *at = strchr(text, '%'); at != NULL; at = strchr(at + 1, '%'))
        if (!isxdigit((unsigned char)at[1]) || !isxdigit((unsigned char)at[2]))
            return true;
    return false;
}

static bool same(struct slice encoded, const json_t *expected)
{
    char memory[256];
    struct slice plain;
    const char *text = json_string_value(expected);
    if (query_decode(&plain, encoded, memory) != 0)
        return false;
    return strstr(text, "\xef\xbf\xbd") != NULL || slice_equal(plain, slice_of(text));
}

Test(query, agrees_with_the_vectors_of_the_url_standard)
{
    json_t *cases =
        json_load_file("../shared/corpus/url/urlencoded-parser-data.json", 0, NULL);
    if (cases == NULL) {
        printf("skipped: no corpus\n");
        return;
    }
    size_t i, compared = 0;
    json_t *one;
    json_array_foreach(cases, i, one)
    {
        const char *input = json_string_value(json_object_get(one, "input"));
        if (has_broken_escape(input))
            continue;
        struct slice rest = slice_of(input), key, value;
        size_t pairs = 0;
        const json_t *output = json_object_get(one, "output");
        while (query_next(&rest, &key, &value)) {
            const json_t *pair = json_array_get(output, pairs++);
            cr_expect(same(key, json_array_get(pair, 0)), "%s", input);
            cr_expect(same(value, json_array_get(pair, 1)), "%s", input);
        }
        cr_expect_eq(pairs, json_array_size(output), "%s", input);
        compared++;
    }
    cr_expect_geq(compared, 27);
    json_decref(cases);
}
