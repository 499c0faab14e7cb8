#include "lib/arena_place.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

const struct arena_layout plan = {.version = 7,
                                  .layout_hash = 0xabcdef,
                                  .head_bytes = HEAD,
                                  .ranges = RANGES,
                                  .range_bytes = RANGE};

struct place place_new(void)
{
    struct place p;

    cr_assert_eq(hash_start(), 0);
    strcpy(p.dir, "/tmp/luot-arena-XXXXXX");
    cr_assert_not_null(mkdtemp(p.dir));
    snprintf(p.file, sizeof p.file, "%s/arena", p.dir);
    return p;
}

unsigned names(const struct place *p, const char *start, bool remove)
{
    DIR *d = opendir(p->dir);
    struct dirent *e;
    unsigned found = 0;

    cr_assert_not_null(d);
    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.' || strncmp(e->d_name, start, strlen(start)) != 0)
            continue;
        found++;
        if (remove)
            unlinkat(dirfd(d), e->d_name, 0);
    }
    closedir(d);
    return found;
}

void place_free(const struct place *p)
{
    names(p, "", true);
    cr_expect_eq(rmdir(p->dir), 0);
}

struct arena *open_ok(const struct place *p, enum arena_outcome outcome,
                      struct arena_report *ret_report)
{
    struct arena *a = NULL;
    int rv = arena_open(&a, p->dir, &plan, 0, ret_report);

    cr_assert_eq(rv, 0, "%s", ret_report->sentence);
    cr_assert_eq(ret_report->outcome, outcome, "%s", ret_report->sentence);
    cr_assert_eq(ret_report->incarnation, arena_incarnation(a));
    return a;
}

void expect_refused(const struct place *p, int code, const char *word)
{
    struct arena_report report;
    struct arena *a = NULL;

    cr_expect_eq(arena_open(&a, p->dir, &plan, 0, &report), code, "%s", report.sentence);
    cr_expect_null(a);
    cr_expect_not_null(strstr(report.sentence, word), "\"%s\" does not say \"%s\"",
                       report.sentence, word);
}

void copy_file(const struct place *from, const struct place *to)
{
    static char bytes[1 << 16];
    struct stat st;
    int in = open(from->file, O_RDONLY),
        out = open(to->file, O_RDWR | O_CREAT | O_EXCL, 0600);

    cr_assert(in >= 0 && out >= 0 && fstat(in, &st) == 0);
    cr_assert_eq(pread(in, bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
    cr_assert_eq(pwrite(out, bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
    cr_assert_eq(ftruncate(out, st.st_size), 0);
    close(in);
    close(out);
}

void flip(const struct place *p, off_t at)
{
    int fd = open(p->file, O_RDWR);
    unsigned char byte;

    cr_assert(fd >= 0 && pread(fd, &byte, 1, at) == 1);
    byte ^= 0xff;
    cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}
