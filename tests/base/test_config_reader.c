/* `[reader NAME]`, as a file says it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/config.h"
#include "base/error.h"

#define HASH  "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff"
#define OTHER "10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct config *parse(const char *text)
{
    struct config_error error;
    struct config *c = NULL;

    cr_assert_eq(config_parse(&c, slice_of(text), "a.conf", &error), 0, "%s", error.text);
    return c;
}

static void refused(const char *text, const char *sentence)
{
    struct config_error error;
    struct config *c = NULL;

    cr_expect_eq(config_parse(&c, slice_of(text), "a.conf", &error), ERR_MALFORMED, "%s",
                 text);
    cr_expect_null(c);
    cr_expect_str_eq(error.text, sentence, "%s", text);
}

Test(config_reader, has_a_hash_and_what_it_opens)
{
    struct config *c = parse("[reader Anna.b-c_1]\ntoken_hash = " HASH
                             "\nsites = a, b\n[site a]\n[reader x]\ngroups = \"Sở Y\"\n"
                             "token_hash = " OTHER "\n");

    cr_assert_eq(c->reader_count, 2u);
    cr_expect_str_eq(c->readers[0].name, "Anna.b-c_1");
    cr_expect_str_eq(c->readers[0].token_hash, "00112233445566778899aabbccddeeff"
                                               "00112233445566778899aabbccddeeff");
    cr_expect_str_eq(c->readers[0].sites, "a, b");
    cr_expect_str_eq(c->readers[0].groups, "");
    cr_expect_str_eq(c->readers[1].groups, "Sở Y");
    cr_expect_eq(c->site_count, 1u);
    config_free(c);
}

Test(config_reader, what_is_in_force_reads_back_as_the_same)
{
    struct config *c = parse("[reader a]\ntoken_hash = " HASH "\nsites = *\n[reader b]\n"
                             "token_hash = " OTHER "\ngroups = \"x \\\" # y, z\"\n");
    size_t limit = config_write_limit(c);
    char *memory = malloc(limit + 1);
    struct config *again;
    struct buffer b;

    buffer_init(&b, memory, limit);
    config_write_effective(&b, c);
    cr_assert_eq(buffer_error(&b), 0);
    memory[b.length] = '\0';
    again = parse(memory);
    cr_expect_eq(again->hash, c->hash);
    cr_assert_eq(again->reader_count, 2u);
    cr_expect_str_eq(again->readers[1].groups, "x \" # y, z");
    config_free(again);
    config_free(c);
    free(memory);
}

Test(config_reader, another_reader_is_another_hash)
{
    struct config *a = parse("[reader a]\ntoken_hash = " HASH "\nsites = a\n"),
                  *b = parse("[reader b]\ntoken_hash = " HASH "\nsites = a\n"),
                  *c = parse("[reader a]\ntoken_hash = " OTHER "\nsites = a\n"),
                  *d = parse("[reader a]\ntoken_hash = " HASH "\nsites = b\n");

    cr_expect_neq(a->hash, b->hash);
    cr_expect_neq(a->hash, c->hash);
    cr_expect_neq(a->hash, d->hash);
    config_free(a);
    config_free(b);
    config_free(c);
    config_free(d);
}

Test(config_reader, a_bad_one_is_refused_with_what_to_do)
{
    refused("[reader a]\nsites = a\n", "a.conf:1: the reader `a` has no token_hash; "
                                       "`luotctl reader add NAME` makes one");
    refused("[site x]\n[reader a]\ntoken_hash = " HASH "\n",
            "a.conf:2: the reader `a` may read nothing; set `sites` or `groups`, or "
            "remove it");
    refused(
        "[reader a]\ntoken_hash = " HASH "\nsites = a\n[reader a]\ntoken_hash = " OTHER
        "\nsites = b\n",
        "a.conf:4: the reader `a` is there twice; give one another name or remove it");
    refused("[reader a]\ntoken_hash = " HASH "\nsites = a\n[reader b]\ntoken_hash = " HASH
            "\nsites = b\n",
            "a.conf:4: the reader `b` has the token of another one; give each its own");
    refused("[reader a b]\n",
            "a.conf:1: a reader's name is 1 to 31 letters, digits, `.`, `-` and `_`");
    refused("[reader]\n", "a.conf:1: a section begins with [site KEY] or [reader NAME], "
                          "alone on its line");
    refused("[reader a]\ntoken_hash = 00\n",
            "a.conf:2: token_hash = 00: must be 64 hexadecimal digits");
    refused("[reader a]\nsites = a, B\n",
            "a.conf:2: sites = a, B: must be a comma list of "
            "sites' keys, at most 511 bytes, or *");
    refused("[reader a]\nsites = a,*\n", "a.conf:2: sites = a,*: must be a comma list of "
                                         "sites' keys, at most 511 bytes, or *");
    refused("[reader a]\nlisten = x\n",
            "a.conf:2: `listen` is not a setting of a reader; put it above the first "
            "[site KEY] or [reader NAME]");
    refused("[reader a]\ntitle = x\n", "a.conf:2: `title` is a setting of a site; put it "
                                       "into a file, below [site KEY]");
    refused(
        "[site a]\ntoken_hash = x\n",
        "a.conf:2: `token_hash` is a setting of a reader; put it below [reader NAME]");
    refused("[reader a]\ninclude = x\n", "a.conf:2: include works in a file only");
}

Test(config_reader, there_are_at_most_256)
{
    char *text = calloc(READERS_MAX + 1, 128), *at = text;
    struct config *c;

    for (int i = 0; i <= READERS_MAX; i++) {
        at += sprintf(at, "[reader r%d]\ntoken_hash = %064d\nsites = *\n", i, i);
        if (i == READERS_MAX - 1) {
            c = parse(text);
            cr_expect_eq(c->reader_count, (size_t)READERS_MAX);
            config_free(c);
        }
    }
    refused(text, "a.conf:769: there are more than 256 readers; give several people one "
                  "token");
    free(text);
}
