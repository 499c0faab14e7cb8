#include "base/readers.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

/* Of 64 digits 7; the hash is what `b2sum -l 256` says of it. */
#define TOKEN  "7777777777777777777777777777777777777777777777777777777777777777"
#define HEADER "Bearer " TOKEN
#define OTHER  "Bearer 8777777777777777777777777777777777777777777777777777777777777777"

static struct readers *readers_of(const char *rows, uint32_t version)
{
    uint8_t hash[READER_HASH_BYTES];
    char text[2048], hex[2 * READER_HASH_BYTES + 1];
    struct config_error error;
    struct config *c;
    struct readers *r;

    reader_token_hash(slice_of(TOKEN), hash);
    for (int i = 0; i < READER_HASH_BYTES; i++)
        sprintf(hex + 2 * (size_t)i, "%02x", hash[i]);
    snprintf(text, sizeof text, "[reader anna]\ntoken_hash = %s\n%s", hex, rows);
    cr_assert_eq(config_parse(&c, slice_of(text), "a.conf", &error), 0, "%s", error.text);
    cr_assert_eq(readers_new(&r, c, version), 0);
    config_free(c);
    return r;
}

static const struct reader *shown(const struct readers *r, const char *header)
{
    uint8_t hash[READER_HASH_BYTES];

    return readers_by_token(r, slice_of(header), hash);
}

Test(readers, the_hash_is_blake2b_256_of_the_text)
{
    /* printf %s abc | b2sum -l 256 */
    static const uint8_t abc[] = {0xbd, 0xdd, 0x81, 0x3c, 0x63, 0x42, 0x39, 0x72};
    uint8_t hash[READER_HASH_BYTES];

    reader_token_hash(SLICE("abc"), hash);
    cr_expect_eq(memcmp(hash, abc, sizeof abc), 0);
}

Test(readers, a_token_is_whose_hash_it_has)
{
    struct readers *r = readers_of("sites = a\n", 7);
    uint8_t hash[READER_HASH_BYTES], zero[READER_HASH_BYTES] = {0};
    const struct reader *anna = shown(r, HEADER);

    cr_assert_not_null(anna);
    cr_expect_str_eq(anna->name, "anna");
    cr_expect_eq(readers_by_token(r, SLICE(HEADER), hash), anna);
    cr_expect_eq(readers_by_hash(r, hash), anna);
    cr_expect_eq(shown(r, "bearer   " TOKEN "  "), anna);
    cr_expect_null(shown(r, "Bearer " TOKEN "7"));
    cr_expect_null(shown(r, OTHER));
    cr_expect_null(shown(r, TOKEN));
    cr_expect_null(shown(r, "Basic " TOKEN));
    cr_expect_null(shown(r, ""));
    cr_expect_null(shown(NULL, HEADER));
    cr_expect_null(readers_by_token(r, SLICE("Bearer x"), hash));
    cr_expect_eq(memcmp(hash, zero, sizeof hash), 0);
    cr_expect_null(readers_by_hash(r, zero));
    cr_expect_eq(readers_version(r), 7u);
    cr_expect_eq(readers_version(NULL), 0u);
    cr_expect_eq(readers_count(NULL), 0u);
    cr_expect_null(readers_at(r, 1));
    readers_free(r);
    readers_free(NULL);
}

Test(readers, one_opens_what_his_section_lists_and_nothing_else)
{
    static const struct {
        const char *rows, *key, *group;
        bool may;
    } rows[] = {
        {"sites = a, b\n", "a", "", true},
        {"sites = a, b\n", "b", "", true},
        {"sites = a, b\n", "c", "", false},
        {"sites = ab\n", "a", "", false},
        {"sites = a\n", "ab", "", false},
        {"sites = *\n", "anything", "", true},
        {"groups = Sở X, y\n", "a", "Sở X", true},
        {"groups = Sở X, y\n", "a", "y", true},
        {"groups = Sở X, y\n", "a", "", false},
        {"groups = Sở X, y\n", "y", "", false},
        {"groups = *\n", "a", "", true},
        {"groups = \"x,, y\"\n", "a", "", false},
        {"sites = a\ngroups = g\n", "b", "g", true},
        {"sites = a\ngroups = g\n", "g", "a", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct readers *r = readers_of(rows[i].rows, 1);
        cr_expect_eq(
            reader_may(readers_at(r, 0), slice_of(rows[i].key), slice_of(rows[i].group)),
            rows[i].may, "%s %s %s", rows[i].rows, rows[i].key, rows[i].group);
        readers_free(r);
    }
    cr_expect_not(reader_may(NULL, SLICE("a"), SLICE("g")));
}

Test(readers, no_two_tokens_are_alike)
{
    char token[3][READER_TOKEN_TEXT + 1];

    for (int i = 0; i < 3; i++) {
        reader_token_random(token[i]);
        cr_expect_eq(strlen(token[i]), (size_t)READER_TOKEN_TEXT);
        cr_expect_eq(strspn(token[i], "0123456789abcdef"), (size_t)READER_TOKEN_TEXT);
    }
    cr_expect_str_neq(token[0], token[1]);
    cr_expect_str_neq(token[1], token[2]);
}
