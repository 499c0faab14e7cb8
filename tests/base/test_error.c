#include "base/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(error, every_code_has_its_own_sentence)
{
    for (int a = 0; a < ERROR_COUNT; a++) {
        cr_expect(strlen(error_text(a)) > 0, "%d", a);
        for (int b = 0; b < a; b++)
            cr_expect_str_neq(error_text(a), error_text(b));
    }
    cr_expect_str_eq(error_text(0), "no error");
}

Test(error, a_foreign_code_has_a_sentence_too)
{
    cr_expect_not_null(error_text(-1));
    cr_expect_not_null(error_text(ERROR_COUNT));
}

Test(error, errno_becomes_the_nearest_code)
{
    cr_expect_eq(error_from_errno(0), 0);
    cr_expect_eq(error_from_errno(ENOSPC), ERR_NOSPACE);
    cr_expect_eq(error_from_errno(EACCES), ERR_DENIED);
    cr_expect_eq(error_from_errno(ENOENT), ERR_NOT_FOUND);
    cr_expect_eq(error_from_errno(EADDRINUSE), ERR_IN_USE);
    cr_expect_eq(error_from_errno(ECONNREFUSED), ERR_IO);
}
