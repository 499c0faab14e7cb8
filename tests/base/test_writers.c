/* Who may write from anywhere: the list, the files, and tokens. */
#include "base/writers.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "lib/scratch.h"

static void put(const struct scratch *dir, const char *name, const char *text,
                mode_t mode)
{
    int fd = open(scratch_path(dir, name), O_CREAT | O_WRONLY, mode);

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static int load(const struct scratch *dir, const char *second, struct writers **ret_w,
                char sentence[512])
{
    char list[512];

    snprintf(list, sizeof list, "cms: %s/one, portal-2:%s/%s", dir->dir, dir->dir,
             second);
    cr_assert(writers_are_valid(slice_of(list)));
    return writers_load(ret_w, list, sentence);
}

static struct writers *two(const struct scratch *dir)
{
    struct writers *w = NULL;
    char sentence[512] = "";

    cr_assert_eq(hash_start(), 0);
    put(dir, "one", "a secret that all nodes have\n", 0400);
    put(dir, "two", "another secret, of the portal", 0400);
    cr_assert_eq(load(dir, "two", &w, sentence), 0, "%s", sentence);
    return w;
}

Test(writers, are_found_by_their_id)
{
    struct scratch dir = scratch_new();
    struct writers *w = two(&dir);

    cr_expect_eq(writers_count(w), 2u);
    cr_expect_str_eq(writers_find(w, SLICE("portal-2"))->id, "portal-2");
    cr_expect_null(writers_find(w, SLICE("portal")));
    cr_expect_null(writers_find(w, SLICE("")));
    cr_expect_null(writers_find(NULL, SLICE("cms")));
    writers_free(w);
    scratch_free(&dir);
}

/* The token is the one of tests/base/test_secret.c; a newline at the file's end is not
 * the secret's. */
Test(writers, are_found_by_their_token)
{
    struct scratch dir = scratch_new();
    struct writers *w = two(&dir);
    const struct writer *cms = writers_find(w, SLICE("cms"));
    char header[128];

    snprintf(header, sizeof header, "bearer %s ", cms->token);
    cr_expect_str_eq(cms->token,
                     "ef049ed3b52d6a0609c27356e682650e043f535c5ebf1eaf7b1bc1ee79d6583b");
    cr_expect_eq(writers_by_token(w, slice_of(header)), cms);
    header[7] ^= 1;
    cr_expect_null(writers_by_token(w, slice_of(header)));
    cr_expect(authorization_is_bearer(slice_of(header)));
    snprintf(header, sizeof header, "Bearer %.63s", cms->token);
    cr_expect_null(writers_by_token(w, slice_of(header)));
    snprintf(header, sizeof header, "Basic %s", cms->token);
    cr_expect_null(writers_by_token(w, slice_of(header)));
    cr_expect_not(authorization_is_bearer(slice_of(header)));
    cr_expect_null(writers_by_token(w, SLICE("Bearer ")));
    cr_expect_null(writers_by_token(NULL, SLICE("Bearer x")));
    writers_free(w);
    scratch_free(&dir);
}

Test(writers, say_which_file_is_wrong)
{
    struct scratch dir = scratch_new();
    struct writers *w = two(&dir), *none = NULL;
    char sentence[512];

    put(&dir, "open", "a secret that everybody reads", 0644);
    put(&dir, "short", "short", 0400);
    put(&dir, "same", "a secret that all nodes have", 0400);
    cr_expect_eq(load(&dir, "missing", &none, sentence), ERR_NOT_FOUND);
    cr_expect_not_null(strstr(sentence, "missing: "));
    cr_expect_eq(load(&dir, "open", &none, sentence), ERR_DENIED);
    cr_expect_eq(load(&dir, "short", &none, sentence), ERR_RANGE);
    cr_expect_eq(load(&dir, "same", &none, sentence), ERR_EXISTS);
    cr_expect_not_null(strstr(sentence, "cms and portal-2"));
    cr_expect_null(none);
    writers_free(w);
    scratch_free(&dir);
}

Test(writers, may_be_none)
{
    struct writers *w = NULL;
    char sentence[512];

    cr_assert_eq(hash_start(), 0);
    cr_expect_eq(writers_load(&w, "", sentence), 0);
    cr_expect_eq(writers_count(w), 0u);
    writers_free(w);
    writers_free(NULL);
}

Test(writers, are_sixteen_at_most)
{
    char list[256] = "w0:/k";

    for (int i = 1; i < WRITERS_MAX; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), ",w%d:/k", i);
    cr_expect(writers_are_valid(slice_of(list)));
    strcat(list, ",w16:/k");
    cr_expect_not(writers_are_valid(slice_of(list)));
}
