/* What is kept of a database for the next start: the same answers, and never another's. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "identify/geo.h"
#include "lib/mmdb.h"
#include "lib/repeat.h"
#include "lib/scratch.h"

static const struct mmdb_options OPTIONS = {.schema = MMDB_NESTED,
                                            .ip_version = 6,
                                            .record_size = 28,
                                            .aliases = true,
                                            .type = "Test-City",
                                            .description = "by hand",
                                            .built_s = 1700000000};
static const struct mmdb_network FIRST[] = {{"1.0.0.0/8", "US", "CA"},
                                            {"1.2.3.4/32", "VN", "Hà Nội"},
                                            {"128.0.0.0/1", "KH", NULL},
                                            {"2001:db8::/32", "FR", NULL},
                                            {"2001:db8::5/128", "DE", NULL}};
static const struct mmdb_network SECOND[] = {{"1.0.0.0/8", "JP", NULL}};

static char sentence[GEO_SENTENCE];

struct files {
    struct scratch dir;
    char path[128], credit[128], kept[128];
};

/* Under its name at once, as an update should. */
static void put(const struct files *f, const struct mmdb_network *networks, size_t count)
{
    const char *new = scratch_path(&f->dir, "new");
    size_t length;
    char *bytes = mmdb_write(networks, count, &OPTIONS, &length);
    FILE *file = fopen(new, "w");

    cr_assert_eq(fwrite(bytes, 1, length, file), length);
    fclose(file);
    cr_assert_eq(rename(new, f->path), 0);
    free(bytes);
}

static void set_up(struct files *f)
{
    f->dir = scratch_new();
    snprintf(f->path, sizeof f->path, "%s", scratch_path(&f->dir, "db.mmdb"));
    snprintf(f->credit, sizeof f->credit, "%s", scratch_path(&f->dir, "db.mmdb.credit"));
    snprintf(f->kept, sizeof f->kept, "%s", scratch_path(&f->dir, "countries"));
    put(f, FIRST, 5);
}

static struct geo *opened(const struct files *f)
{
    struct geo *g = NULL;

    cr_assert_eq(geo_open_kept(&g, f->path, f->kept, sentence), 0, "%s", sentence);
    return g;
}

static void expect(const struct geo *g, const char *text, const char *country,
                   const char *region)
{
    struct geo_place p;
    struct address a;

    cr_assert_eq(address_parse(&a, slice_of(text)), 0, "%s", text);
    p = geo_find(g, &a);
    cr_expect(slice_equal(p.country, slice_of(country)), "%s is in %.*s, not %s", text,
              (int)p.country.length, p.country.at, country);
    cr_expect(slice_equal(p.region, slice_of(region)), "%s is in %.*s, not %s", text,
              (int)p.region.length, p.region.at, region);
}

static void expect_first(const struct geo *g)
{
    expect(g, "0.255.255.255", "", "");
    expect(g, "1.2.3.3", "US", "US-CA");
    expect(g, "1.2.3.4", "VN", "VN-Hà Nội");
    expect(g, "200.0.0.1", "KH", "");
    expect(g, "2001:db8::4", "FR", "");
    expect(g, "2001:db8::5", "DE", "");
    expect(g, "2001:db8::6", "FR", "");
    expect(g, "2002:102:304::1", "VN", "VN-Hà Nội");
    cr_expect_str_eq(geo_info(g)->type, "Test-City");
    cr_expect_eq(geo_info(g)->countries, 5u);
    cr_expect_eq(geo_info(g)->regions, 2u);
}

/* Which file is kept: another number for each that was written. */
static ino_t kept_file(const struct files *f)
{
    struct stat about;

    return stat(f->kept, &about) == 0 ? about.st_ino : 0;
}

static void expect_opened(const struct files *f)
{
    struct geo *g = opened(f);

    expect_first(g);
    geo_free(g);
}

Test(geo_kept, is_made_once_and_says_the_same)
{
    struct files f;
    ino_t file;

    set_up(&f);
    cr_expect_eq(kept_file(&f), 0u);
    expect_opened(&f);
    file = kept_file(&f);
    cr_assert_neq(file, 0u);
    for (unsigned i = 0; i < 3; i++) {
        expect_opened(&f);
        cr_expect_eq(kept_file(&f), file, "made again");
    }
    cr_expect_eq(scratch_count(&f.dir, "countries"), 1u, "nothing lies about");
    scratch_free(&f.dir);
}

Test(geo_kept, is_not_taken_for_another_database)
{
    struct files f;
    struct geo *before, *g;

    set_up(&f);
    before = opened(&f);
    put(&f, SECOND, 1);
    g = opened(&f);
    expect(g, "1.2.3.4", "JP", "");
    expect(g, "200.0.0.1", "", "");
    expect_first(before); /* who has it goes on */
    geo_free(g);
    geo_free(before);
    unlink(f.path);
    cr_expect_eq(geo_open_kept(&g, f.path, f.kept, sentence), ERR_NOT_FOUND);
    scratch_free(&f.dir);
}

static void flip(const struct files *f, off_t at)
{
    int fd = open(f->kept, O_RDWR);
    char byte;

    cr_assert_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 0x20;
    cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

Test(geo_kept, is_made_anew_whichever_byte_was_changed, .timeout = 120)
{
    uint64_t random = number_from("STRESS_SEED", 1);
    struct files f;
    struct stat about;

    set_up(&f);
    geo_free(opened(&f));
    for (unsigned i = 0; i < 80; i++) {
        ino_t file = kept_file(&f);

        cr_assert_eq(stat(f.kept, &about), 0);
        flip(&f, i < 60 ? (off_t)i * 8 /* the head, and what its numbers say */
                        : (off_t)random_below(&random, (uint64_t)about.st_size));
        expect_opened(&f);
        cr_expect_neq(kept_file(&f), file, "byte was believed: %u", i);
    }
    for (off_t length = 0; length < about.st_size; length += about.st_size / 7 + 1) {
        cr_assert_eq(truncate(f.kept, length), 0);
        expect_opened(&f);
    }
    scratch_free(&f.dir);
}

Test(geo_kept, is_ours_alone_or_not_believed)
{
    struct files f;
    ino_t file;

    set_up(&f);
    geo_free(opened(&f));
    file = kept_file(&f);
    cr_assert_eq(chmod(f.kept, 0622), 0);
    expect_opened(&f);
    cr_expect_neq(kept_file(&f), file);
    unlink(f.kept);
    cr_assert_eq(symlink(f.path, f.kept), 0);
    expect_opened(&f);
    scratch_free(&f.dir);
}

Test(geo_kept, is_done_without_where_it_cannot_be_written)
{
    struct files f;

    set_up(&f);
    snprintf(f.kept, sizeof f.kept, "%s/nowhere/countries", f.dir.dir);
    expect_opened(&f);
    scratch_free(&f.dir);
}

Test(geo_kept, names_whom_the_line_beside_the_file_names_today)
{
    struct files f;
    struct geo *g;
    FILE *credit;

    set_up(&f);
    g = opened(&f);
    cr_expect_str_eq(geo_info(g)->credit, "by hand");
    geo_free(g);
    credit = fopen(f.credit, "w");
    fputs("by Someone\n", credit);
    fclose(credit);
    g = opened(&f);
    cr_expect_str_eq(geo_info(g)->credit, "by Someone");
    geo_free(g);
    unlink(f.credit);
    g = opened(&f);
    cr_expect_str_eq(geo_info(g)->credit, "by hand");
    geo_free(g);
    scratch_free(&f.dir);
}
