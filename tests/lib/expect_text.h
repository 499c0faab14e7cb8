/* A slice is this text: the failure says what it was. */
#ifndef LUOT_TESTS_LIB_EXPECT_TEXT_H
#define LUOT_TESTS_LIB_EXPECT_TEXT_H

#include <criterion/criterion.h>

#include "base/slice.h"

#define expect_text(slice, text)                                                         \
    cr_expect(slice_equal((slice), slice_of(text)), "got \"%.*s\"", (int)(slice).length, \
              (slice).at)

#endif
