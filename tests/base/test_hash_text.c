#include "base/hash_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/hash.h"

enum { LONGEST = HASH_TEXT_BYTES + 40 };

static struct hash_text_key key;

static void start(void)
{
    cr_assert_eq(hash_start(), 0);
    hash_text_key_random(&key);
}

static struct slice text_of(char memory[LONGEST], size_t length)
{
    for (size_t i = 0; i < length; i++)
        memory[i] = (char)('a' + i % 23);
    return (struct slice){memory, length};
}

/* Every length has a way of its own to be cut into words; each byte must be in one. */
Test(hash_text, every_byte_counts_whatever_the_length)
{
    char memory[LONGEST];

    start();
    for (size_t length = 1; length <= HASH_TEXT_BYTES; length++) {
        struct slice text = text_of(memory, length);
        uint64_t before = hash_text(&key, text, 0);

        for (size_t i = 0; i < length; i++) {
            memory[i] ^= 1;
            cr_assert_neq(hash_text(&key, text, 0), before, "byte %zu of %zu", i, length);
            memory[i] ^= 1;
        }
        cr_assert_eq(hash_text(&key, text, 0), before);
    }
}

/* The short way leaves out what is multiplied by nothing. */
Test(hash_text, of_less_than_eight_bytes_is_what_the_long_way_says)
{
    char memory[LONGEST];
    uint64_t words[2];

    start();
    for (size_t length = 0; length < 8; length++) {
        struct slice text = text_of(memory, length);

        hash_text_short(text, words);
        cr_expect_eq(words[1], 0);
        cr_expect_eq(hash_text(&key, text, 0), hash_words(&key, words[0], 0, length, 0),
                     "%zu", length);
    }
}

Test(hash_text, is_of_the_length_the_salt_and_the_key_too)
{
    struct hash_text_key other;
    char memory[LONGEST] = {0};
    uint64_t seen[LONGEST];

    start();
    hash_text_key_random(&other);
    for (size_t length = 0; length < LONGEST; length++) { /* all zeros */
        struct slice text = {memory, length};

        seen[length] = hash_text(&key, text, 7);
        for (size_t i = 0; i < length; i++)
            cr_assert_neq(seen[i], seen[length], "%zu and %zu", i, length);
        cr_expect_neq(seen[length], hash_text(&key, text, 8));
        cr_expect_neq(seen[length], hash_text(&other, text, 7));
    }
}

/* A buffer that ends with the text: the address sanitizer sees a byte too many. */
Test(hash_text, reads_the_text_and_nothing_else)
{
    start();
    for (size_t length = 0; length < LONGEST; length++) {
        char *copy = malloc(length + (length == 0));

        cr_assert_not_null(copy);
        memset(copy, 'x', length);
        (void)hash_text(&key, (struct slice){length == 0 ? NULL : copy, length}, 0);
        free(copy);
    }
}

Test(hash_text, an_erased_key_is_zero)
{
    struct hash_text_key zero = {{0}, {0}};

    start();
    hash_text_key_erase(&key);
    cr_expect_eq(memcmp(&key, &zero, sizeof key), 0);
}
