#include "base/shared_bytes.h"

#include <criterion/criterion.h>

Test(shared_bytes, live_as_long_as_somebody_holds_them)
{
    char text[] = "data";
    struct shared_bytes *b = shared_bytes_new(slice_of(text)), *more;

    cr_assert_not_null(b);
    text[0] = 'x'; /* a copy */
    more = shared_bytes_hold(b);
    cr_expect_eq(more, b);
    cr_expect_eq(b->holders, 2u);
    shared_bytes_let_go(b);
    cr_expect_eq(more->length, 4u);
    cr_expect_eq(memcmp(more->at, "data", 4), 0);
    shared_bytes_let_go(more);
    shared_bytes_let_go(NULL);
    b = shared_bytes_new((struct slice){NULL, 0});
    cr_expect_eq(b->length, 0u);
    shared_bytes_let_go(b);
}
