#include "base/file_text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "lib/scratch.h"

static char path[600];

static struct scratch file_of(const char *text)
{
    struct scratch dir = scratch_new();
    FILE *file;

    snprintf(path, sizeof path, "%s/f", dir.dir);
    file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    return dir;
}

Test(file_text, is_the_whole_file)
{
    struct scratch dir = file_of("a\nb");
    struct slice text;

    cr_assert_eq(file_text_read(&text, path, 3), 0);
    cr_expect(slice_equal(text, SLICE("a\nb")));
    free((void *)(uintptr_t)text.at);
    scratch_free(&dir);
}

Test(file_text, an_empty_file_is_an_empty_text_and_not_none)
{
    struct scratch dir = file_of("");
    struct slice text;

    cr_assert_eq(file_text_read(&text, path, 3), 0);
    cr_expect_eq(text.length, 0);
    cr_expect_not_null(text.at);
    free((void *)(uintptr_t)text.at);
    scratch_free(&dir);
}

Test(file_text, what_is_too_long_or_no_file_is_refused)
{
    struct scratch dir = file_of("abcd");
    struct slice text = {0};

    cr_expect_eq(file_text_read(&text, path, 3), ERR_TOO_LONG);
    cr_expect_eq(file_text_read(&text, dir.dir, 3), ERR_FOREIGN);
    cr_assert_eq(unlink(path), 0);
    cr_expect_eq(file_text_read(&text, path, 3), ERR_NOT_FOUND);
    cr_assert_eq(mkfifo(path, 0600), 0); /* nobody writes: it must not wait */
    cr_expect_eq(file_text_read(&text, path, 3), ERR_FOREIGN);
    cr_expect_null(text.at);
    scratch_free(&dir);
}
