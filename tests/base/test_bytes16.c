#include <criterion/criterion.h>

#include "base/bytes16.h"
#include "lib/repeat.h"

/* Sixteen bytes at once, and each byte alone. */
Test(bytes16, says_of_each_byte_what_that_alone_says)
{
    uint64_t state = number_from("SEED", 1);

    for (unsigned i = 0; i < 20000; i++) {
        char text[16], c = "%&+\x7f\x80/ "[random_below(&state, 7)];
        unsigned is = 0, below = 0, between = 0, outside = 0;
        for (unsigned k = 0; k < 16; k++) {
            text[k] = random_below(&state, 3) == 0 ? c : (char)random_next(&state);
            is |= (unsigned)(text[k] == c) << k;
            below |= (unsigned)((uint8_t)text[k] < 0x20) << k;
            between |= (unsigned)(text[k] >= '%' && text[k] <= '&') << k;
            outside |= (unsigned)((uint8_t)text[k] >= 0x7f || (uint8_t)text[k] <= 0x1f)
                       << k;
        }
        bytes16 b = bytes16_load(text);
        cr_assert_eq(bytes16_bits(bytes16_is(b, c)), is);
        cr_assert(is == 0 || (is >> lowest_bit(is) & 1 && is >> highest_bit(is) == 1));
        cr_assert(is == 0 || (is & ((1u << lowest_bit(is)) - 1)) == 0);
        cr_assert_eq(bytes16_bits(bytes16_below(b, 0x20)), below);
        cr_assert_eq(bytes16_bits(bytes16_between(b, '%', '&')), between);
        cr_assert_eq(bytes16_bits(bytes16_outside_print(b)), outside);
        b = bytes16_least(b, bytes16_all(0x20));
        cr_assert_eq(bytes16_bits(bytes16_below(b, 0x20)), below);
        cr_assert_eq(bytes16_bits(bytes16_is(b, 0x20)), ~below & 0xFFFF);
    }
}
