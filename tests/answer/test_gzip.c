#include "answer/gzip.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <zlib.h>

#include "lib/repeat.h"

enum { LARGE = 300000 };

static void expect_same(struct slice gzip, struct slice plain)
{
    char *back = malloc(plain.length + 1);
    z_stream z = {.next_in = (Bytef *)(uintptr_t)gzip.at,
                  .avail_in = (uInt)gzip.length,
                  .next_out = (Bytef *)back,
                  .avail_out = (uInt)plain.length + 1};

    cr_assert_eq(inflateInit2(&z, 15 + 16), Z_OK);
    cr_expect_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
    cr_expect_eq(z.total_out, plain.length);
    cr_expect_eq(memcmp(back, plain.at, plain.length), 0);
    inflateEnd(&z);
    free(back);
}

static struct slice text_of(char *memory, size_t length, char first)
{
    for (size_t i = 0; i < length; i++)
        memory[i] = (char)('a' + (i * i / 7) % 11);
    memory[0] = first;
    return (struct slice){memory, length};
}

Test(gzip, is_the_same_bytes_for_who_unpacks_them_and_fewer)
{
    static const size_t lengths[] = {GZIP_MIN, 5000, GZIP_KEPT_BYTES + 1, LARGE};
    struct gzip *g = gzip_new();
    char *memory = malloc(LARGE);

    cr_assert_not_null(g);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct slice plain = text_of(memory, lengths[i], 'x'), gzip;
        cr_assert(gzip_bytes(g, plain, &gzip));
        cr_expect_lt(gzip.length, plain.length);
        expect_same(gzip, plain);
    }
    free(memory);
    gzip_free(g);
}

Test(gzip, keeps_what_it_made_and_never_takes_one_for_another)
{
    struct gzip *g = gzip_new();
    char *memory = malloc(5000);
    struct slice first, again, gzip;

    /* More than there are places: each finds its own, or is made again. */
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 3 * GZIP_KEPT; i++) {
            struct slice plain = text_of(memory, 2000 + (size_t)i % 50, (char)i);
            cr_assert(gzip_bytes(g, plain, &gzip));
            expect_same(gzip, plain);
        }
    cr_assert(gzip_bytes(g, text_of(memory, 3000, 'x'), &first));
    cr_assert(gzip_bytes(g, text_of(memory, 3000, 'x'), &first));
    cr_assert(gzip_bytes(g, text_of(memory, 3000, 'x'), &again));
    cr_expect_eq(first.at, again.at);
    free(memory);
    gzip_free(g);
}

Test(gzip, of_one_document_keeps_it_however_large_it_is)
{
    struct gzip *g = gzip_new_of_one();
    char *memory = malloc(LARGE);
    struct slice plain, made, kept, again;

    cr_assert_not_null(g);
    for (int i = 0; i < 3; i++) { /* of the last one */
        plain = text_of(memory, LARGE - (size_t)i, (char)i);
        cr_assert(gzip_bytes(g, plain, &made));
        expect_same(made, plain);
        cr_assert(gzip_bytes(g, plain, &kept));
        expect_same(kept, plain);
        cr_assert(gzip_bytes(g, plain, &again));
        cr_expect_neq(kept.at, made.at, "it was made again");
        cr_expect_eq(again.at, kept.at);
    }
    free(memory);
    gzip_free(g);
}

Test(gzip, leaves_alone_what_is_short_or_would_not_get_smaller)
{
    struct gzip *g = gzip_new();
    uint64_t r = 1;
    char *memory = malloc(5000);
    struct slice gzip = SLICE("untouched");

    cr_expect_not(gzip_bytes(g, text_of(memory, GZIP_MIN - 1, 'x'), &gzip));
    for (size_t i = 0; i < 5000; i++)
        memory[i] = (char)random_next(&r);
    cr_expect_not(gzip_bytes(g, (struct slice){memory, 5000}, &gzip));
    cr_expect_not(gzip_bytes(NULL, text_of(memory, 5000, 'x'), &gzip));
    cr_expect_eq(gzip.length, 9u);
    cr_expect(gzip_bytes(g, text_of(memory, 5000, 'x'), &gzip), "and goes on");
    free(memory);
    gzip_free(g);
    gzip_free(NULL);
}
