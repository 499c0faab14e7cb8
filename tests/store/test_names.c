#include "store/names.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "lib/replica_place.h"
#include "store/replicate.h"

static struct name_fact fact(enum name_kind kind, const char *subject, const char *object,
                             const char *host, int64_t at_ms)
{
    struct name_fact f = {.kind = kind, .at_ms = at_ms, .uid = 1000};

    snprintf(f.subject, sizeof f.subject, "%s", subject);
    snprintf(f.object, sizeof f.object, "%s", object);
    snprintf(f.host, sizeof f.host, "%s", host);
    return f;
}

static struct site_names *examples(void)
{
    const struct name_fact facts[] = {
        fact(NAME_OF, "new", "old", "", 1795413600123),
        fact(NAME_ARCHIVED, "a-gov-vn", "yes", "a.gov.vn", 1795413600124),
        fact(NAME_MERGED, "b", "old", "", 1795413600125)};

    return site_names_new(facts, 3);
}

static void expect_read(struct store *s, const struct site_names *wanted)
{
    struct site_names *read;

    cr_assert_eq(names_read(s, &read), 0);
    cr_expect(site_names_equal(read, wanted));
    free(read);
}

Test(names, a_store_keeps_what_it_was_told_once_and_the_later_of_two)
{
    struct scratch dir = scratch_new();
    struct store *s = replica_open(&dir, "a.db", 1);
    struct site_names *names = examples(), *later, *all;
    struct name_fact f = names->fact[0];

    expect_read(s, NULL);
    for (int twice = 0; twice < 2; twice++)
        cr_assert_eq(names_say_all(s, names), 0);
    expect_read(s, names);
    f.at_ms--;
    snprintf(f.object, sizeof f.object, "other");
    cr_assert_eq(names_say(s, &f, SLICE(""), ""), 0);
    expect_read(s, names);
    f.at_ms += 2;
    cr_assert_eq(names_say(s, &f, SLICE("other"), "site rename other new"), 0);
    later = site_names_new(&f, 1);
    all = site_names_union(names, later);
    expect_read(s, all);
    cr_expect_str_eq(site_names_shown(all, SLICE("other")).at, "new");
    free(names);
    free(later);
    free(all);
    s->ops->close(s);
    scratch_free(&dir);
}

static int hear_audit(void *context, int64_t at_s, uint32_t uid, const char *what)
{
    cr_expect_eq(at_s, 1795413600);
    cr_expect_eq(uid, 1000);
    cr_expect_str_eq(what, "site rename old new");
    ++*(int *)context;
    return 0;
}

Test(names, the_site_has_a_line_in_its_audit_trail)
{
    struct scratch dir = scratch_new();
    struct store *s = replica_open(&dir, "a.db", 1);
    const struct name_fact f = fact(NAME_OF, "new", "old", "", 1795413600123);
    int lines = 0;

    replica_count(s, "old", 3);
    cr_assert_eq(names_say(s, &f, SLICE("old"), "site rename old new"), 0);
    cr_assert_eq(s->ops->audit(s, SLICE("old"), hear_audit, &lines), 0);
    cr_expect_eq(lines, 1);
    cr_expect_eq(replica_views(s, "old"), 450, "and nothing else changed");
    s->ops->close(s);
    scratch_free(&dir);
}

Test(names, a_copy_of_a_store_has_them)
{
    struct scratch dir = scratch_new();
    struct store *from = replica_open(&dir, "a.db", 1),
                 *to = replica_open(&dir, "b.db", 2);
    const struct replicate_options options = {.from = from, .to = to};
    struct site_names *names = examples();
    struct replicate *r;

    cr_assert_eq(names_say_all(from, names), 0);
    cr_assert_eq(replicate_new(&r, &options), 0);
    for (int twice = 0; twice < 2; twice++) {
        cr_assert_eq(replicate_names(r), 0);
        cr_assert_eq(replicate_flush(r), 0);
        expect_read(to, names);
    }
    replicate_free(r);
    free(names);
    from->ops->close(from);
    to->ops->close(to);
    scratch_free(&dir);
}

Test(names, the_file_says_what_it_was_told_and_is_refused_when_a_byte_of_it_changed)
{
    struct scratch dir = scratch_new();
    struct site_names *names = examples(), *read;
    char path[512], bytes[8192];
    ssize_t n;
    int fd;

    cr_expect_eq(names_file_read(dir.dir, &read), ERR_NOT_FOUND);
    cr_assert_eq(names_file_write(dir.dir, names), 0);
    cr_assert_eq(names_file_read(dir.dir, &read), 0);
    cr_expect(site_names_equal(read, names));
    free(read);
    snprintf(path, sizeof path, "%s/names", dir.dir);
    fd = open(path, O_RDWR);
    n = pread(fd, bytes, sizeof bytes, 0);
    cr_assert_gt(n, 100);
    for (ssize_t i = 0; i < n; i++) {
        char other = (char)(bytes[i] ^ 1);
        cr_assert_eq(pwrite(fd, &other, 1, i), 1);
        cr_expect_eq(names_file_read(dir.dir, &read), ERR_CORRUPT, "byte %zd", i);
        cr_assert_eq(pwrite(fd, &bytes[i], 1, i), 1);
    }
    for (ssize_t cut = n - 1; cut >= 0; cut--) {
        cr_assert_eq(ftruncate(fd, cut), 0);
        cr_expect_eq(names_file_read(dir.dir, &read), ERR_CORRUPT, "cut at %zd", cut);
    }
    close(fd);
    free(names);
    scratch_free(&dir);
}
