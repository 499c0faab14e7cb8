#include "identify/geo.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "lib/mmdb.h"
#include "lib/repeat.h"
#include "lib/scratch.h"

static const char CORPUS[] = "../shared/corpus/mmdb";
static char sentence[GEO_SENTENCE];

static const struct mmdb_options NESTED_V6 = {.schema = MMDB_NESTED,
                                              .ip_version = 6,
                                              .record_size = 24,
                                              .aliases = true,
                                              .type = "Test-City",
                                              .description = "by hand",
                                              .built_s = 1700000000};

static struct geo *opened(const char *path)
{
    struct geo *g = NULL;

    cr_assert_eq(geo_open(&g, path, sentence), 0, "%s", sentence);
    return g;
}

static struct geo *written(const struct mmdb_network *networks, size_t count,
                           const struct mmdb_options *options)
{
    struct geo *g = NULL;
    size_t length;
    char *bytes = mmdb_write(networks, count, options, &length);

    cr_assert_eq(geo_from_memory(&g, (struct slice){bytes, length}, "test", sentence), 0,
                 "%s", sentence);
    free(bytes);
    return g;
}

static struct geo_place find(const struct geo *g, const char *text)
{
    struct address a;

    cr_assert_eq(address_parse(&a, slice_of(text)), 0, "%s", text);
    return geo_find(g, &a);
}

static void expect(const struct geo *g, const char *text, const char *country,
                   const char *region)
{
    struct geo_place p = find(g, text);

    cr_expect(slice_equal(p.country, slice_of(country)), "%s is in %.*s, not %s", text,
              (int)p.country.length, p.country.at, country);
    cr_expect(slice_equal(p.region, slice_of(region)), "%s is in %.*s, not %s", text,
              (int)p.region.length, p.region.at, region);
}

static bool corpus_is_here(void)
{
    if (access(CORPUS, R_OK) == 0)
        return true;
    printf("skipped: the corpus of databases is not here\n");
    return false;
}

/* --- What it reads --- */

Test(geo, says_what_a_database_is)
{
    static const struct mmdb_network networks[] = {{"10.0.0.0/8", "VN", "HN"},
                                                   {"11.0.0.0/8", "VN", "SG"},
                                                   {"12.0.0.0/8", "KH", NULL}};
    struct geo *g = written(networks, 3, &NESTED_V6);

    cr_expect_str_eq(geo_info(g)->type, "Test-City");
    cr_expect_str_eq(geo_info(g)->credit, "by hand");
    cr_expect_eq(geo_info(g)->built_s, 1700000000);
    cr_expect_eq(geo_info(g)->countries, 2u);
    cr_expect_eq(geo_info(g)->regions, 2u);
    cr_expect_gt(geo_info(g)->bytes, 512u << 10);
    geo_free(g);
}

Test(geo, reads_each_schema_each_tree_and_each_size_of_records)
{
    static const struct mmdb_network networks[] = {{"1.0.0.0/8", "us", "CA"},
                                                   {"1.2.3.4/32", "VN", "Hà Nội"},
                                                   {"128.0.0.0/1", "KH", NULL},
                                                   {"255.255.255.255/32", "FR", NULL}};
    static const enum mmdb_schema schemas[] = {MMDB_NESTED, MMDB_NAMED, MMDB_FLAT,
                                               MMDB_SHORT};
    static const unsigned sizes[] = {24, 28, 32}, versions[] = {4, 6};

    for (unsigned i = 0; i < 4 * 3 * 2; i++) {
        struct mmdb_options o = {.schema = schemas[i % 4],
                                 .record_size = sizes[i / 4 % 3],
                                 .ip_version = versions[i / 12],
                                 .aliases = versions[i / 12] == 6,
                                 .type = "Test"};
        struct geo *g = written(networks, 4, &o);
        expect(g, "0.255.255.255", "", "");
        expect(g, "1.0.0.0", "US", "US-CA");
        expect(g, "1.2.3.3", "US", "US-CA");
        expect(g, "1.2.3.4", "VN", "VN-Hà Nội");
        expect(g, "1.2.3.5", "US", "US-CA");
        expect(g, "2.0.0.0", "", "");
        expect(g, "128.0.0.0", "KH", "");
        expect(g, "255.255.255.254", "KH", "");
        expect(g, "255.255.255.255", "FR", "");
        expect(g, "2002:102:304::1", o.aliases ? "VN" : "", o.aliases ? "VN-Hà Nội" : "");
        expect(g, "2001:0:102:304::1", o.aliases ? "VN" : "",
               o.aliases ? "VN-Hà Nội" : "");
        expect(g, "::1.2.3.4", o.ip_version == 6 ? "VN" : "",
               o.ip_version == 6 ? "VN-Hà Nội" : "");
        expect(g, "2003::", "", "");
        geo_free(g);
    }
}

Test(geo, reads_IPv6_to_the_last_bit)
{
    static const struct mmdb_network networks[] = {
        {"2001:db8::/32", "VN", NULL},
        {"2001:db8:1:2::/64", "KH", NULL},
        {"2001:db8:1:2::8/127", "LA", NULL},
        {"2001:db8:1:2:ffff:ffff:ffff:ffff/128", "TH", NULL},
        {"ffff::/16", "FR", NULL}};
    struct geo *g = written(networks, 5, &NESTED_V6);

    expect(g, "2001:db8::", "VN", "");
    expect(g, "2001:db8:1:1:ffff::", "VN", "");
    expect(g, "2001:db8:1:2::", "KH", "");
    expect(g, "2001:db8:1:2::7", "KH", "");
    expect(g, "2001:db8:1:2::8", "LA", "");
    expect(g, "2001:db8:1:2::9", "LA", "");
    expect(g, "2001:db8:1:2::a", "KH", "");
    expect(g, "2001:db8:1:2:ffff:ffff:ffff:ffff", "TH", "");
    expect(g, "2001:db8:1:3::", "VN", "");
    expect(g, "2001:db9::", "", "");
    expect(g, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "FR", "");
    geo_free(g);
}

Test(geo, takes_no_country_from_what_is_no_code)
{
    static const struct mmdb_network networks[] = {{"1.0.0.0/8", "--", "x"},
                                                   {"2.0.0.0/8", "VNM", NULL},
                                                   {"3.0.0.0/8", "\xC3\xA9", NULL},
                                                   {"4.0.0.0/8", "VN", "\xFF\xFE"},
                                                   {"5.0.0.0/8", "VN", "a\nb"}};
    struct mmdb_options o = NESTED_V6;
    struct geo *g;

    o.schema = MMDB_FLAT;
    g = written(networks, 5, &o);
    expect(g, "1.0.0.0", "", "");
    expect(g, "2.0.0.0", "", "");
    expect(g, "3.0.0.0", "", "");
    expect(g, "4.0.0.0", "VN", "");
    expect(g, "5.0.0.0", "VN", "");
    geo_free(g);
}

/* --- Against libmaxminddb: each network of a database, and random addresses --- */

static struct sockaddr_storage socket_address(const struct address *a)
{
    struct sockaddr_storage s = {.ss_family = address_is_v4(a) ? AF_INET : AF_INET6};

    if (s.ss_family == AF_INET)
        memcpy(&((struct sockaddr_in *)&s)->sin_addr, a->bytes + 12, 4);
    else
        memcpy(&((struct sockaddr_in6 *)&s)->sin6_addr, a->bytes, 16);
    return s;
}

/* Its country, "" where there is none, and how many of 128 bits decided. */
static unsigned asked(const MMDB_s *db, const struct address *a, char ret_country[3])
{
    struct sockaddr_storage s = socket_address(a);
    bool v4_of_v6 = s.ss_family == AF_INET && db->metadata.ip_version == 6;
    MMDB_lookup_result_s found;
    MMDB_entry_data_s data;
    int error;

    ret_country[0] = '\0';
    found = MMDB_lookup_sockaddr(db, (struct sockaddr *)&s, &error);
    cr_assert_eq(error, MMDB_SUCCESS);
    if (found.found_entry &&
        ((MMDB_get_value(&found.entry, &data, "country", "iso_code", NULL) == 0 &&
          data.has_data) ||
         (MMDB_get_value(&found.entry, &data, "country_code", NULL) == 0 &&
          data.has_data)) &&
        data.data_size == 2)
        snprintf(ret_country, 3, "%.2s", data.utf8_string);
    return s.ss_family != AF_INET ? found.netmask : found.netmask + (v4_of_v6 ? 0 : 96);
}

static void same(const struct geo *g, const MMDB_s *db, const struct address *a)
{
    char country[3], text[ADDRESS_TEXT_MAX];
    struct geo_place p = geo_find(g, a);

    asked(db, a, country);
    address_write(a, text);
    cr_assert(slice_equal(p.country, slice_of(country)), "%s is in %.*s, not %s", text,
              (int)p.country.length, p.country.at, country);
}

/* The address behind the network of `bits` bits; false: it was the last. *a becomes the
 * network's last first. */
static bool step_over(struct address *a, unsigned bits, unsigned family_bits)
{
    for (unsigned i = bits; i < 128; i++)
        a->bytes[i / 8] |= (uint8_t)(0x80U >> i % 8);
    for (int i = 15; i >= (int)(16 - family_bits / 8); i--)
        if (++a->bytes[i] != 0)
            return true;
    return false;
}

static unsigned walk_all(const struct geo *g, const MMDB_s *db, struct address first,
                         unsigned family_bits)
{
    struct address a = first, last;
    unsigned networks = 0, bits;
    char country[3];

    do {
        bits = asked(db, &a, country);
        same(g, db, &a);
        last = a;
        for (unsigned i = bits; i < 128; i++)
            last.bytes[i / 8] |= (uint8_t)(0x80U >> i % 8);
        same(g, db, &last);
        networks++;
    } while (step_over(&a, bits, family_bits));
    return networks;
}

static void compare_all(const char *path)
{
    struct address v4 = {.bytes = {[10] = 0xFF, 0xFF}}, v6 = {.bytes = {0}}, a;
    struct geo *g = opened(path);
    uint64_t state = number_from("SEED", 1);
    unsigned four, six = 0;
    MMDB_s db;

    cr_assert_eq(MMDB_open(path, MMDB_MODE_MMAP, &db), MMDB_SUCCESS);
    four = walk_all(g, &db, v4, 32);
    if (db.metadata.ip_version == 6)
        six = walk_all(g, &db, v6, 128);
    for (unsigned i = 0; i < 400000; i++) {
        a = i % 2 == 0 ? v4 : v6;
        for (unsigned b = i % 2 == 0 ? 12 : 0; b < 16; b++)
            a.bytes[b] = (uint8_t)random_next(&state);
        if (i % 4 == 1)
            a.bytes[0] = 0x20 | (a.bytes[0] & 0xF);
        if (i % 2 == 0 || db.metadata.ip_version == 6)
            same(g, &db, &a);
    }
    printf("%s: %u networks of IPv4, %u of IPv6, and 400000 random addresses\n", path,
           four, six);
    MMDB_close(&db);
    geo_free(g);
}

Test(geo, says_of_every_network_what_libmaxminddb_says, .timeout = 280)
{
    struct scratch dir = scratch_new();
    static struct mmdb_network networks[2000];
    static char text[2000][64], country[2000][3];
    uint64_t state = number_from("SEED", 1);

    for (unsigned i = 0; i < 2000; i++) {
        unsigned bits = (unsigned)random_below(&state, i % 2 == 0 ? 25 : 49) + 8;
        uint64_t r = random_next(&state);
        snprintf(country[i], 3, "%c%c", (int)('A' + r % 5), (int)('A' + (r >> 8) % 5));
        if (i % 2 == 0)
            snprintf(text[i], 64, "%u.%u.%u.%u/%u", (unsigned)(r >> 16 & 255),
                     (unsigned)(r >> 24 & 1), (unsigned)(r >> 32 & 255),
                     (unsigned)(r >> 40 & 255), bits > 32 ? 32 : bits);
        else
            snprintf(text[i], 64, "2%03x:%x:%x:%x::/%u", (unsigned)(r >> 16 & 3),
                     (unsigned)(r >> 24 & 7), (unsigned)(r >> 32 & 0xFFFF),
                     (unsigned)(r >> 48), bits + 12);
        networks[i] = (struct mmdb_network){text[i], country[i], NULL};
    }
    /* The doors would lie in networks of the list: not with aliases. */
    for (unsigned version = 4; version <= 6; version += 2) {
        struct mmdb_options o = {.schema = MMDB_FLAT,
                                 .ip_version = version,
                                 .record_size = version == 4 ? 32 : 28,
                                 .type = "Test"};
        static struct mmdb_network some[2000];
        size_t count = 0, length;
        const char *path = scratch_path(&dir, version == 4 ? "four" : "six");
        for (unsigned i = 0; i < 2000; i++)
            if (version == 6 || i % 2 == 0)
                some[count++] = networks[i];
        char *bytes = mmdb_write(some, count, &o, &length);
        int fd = open(path, O_WRONLY | O_CREAT, 0600);
        cr_assert_eq(write(fd, bytes, length), (ssize_t)length);
        close(fd);
        free(bytes);
        compare_all(path);
    }
    scratch_free(&dir);
}

Test(geo, says_of_every_network_of_real_databases_what_libmaxminddb_says, .timeout = 280)
{
    if (!corpus_is_here())
        return;
    compare_all("../shared/corpus/mmdb/GeoIP2-Country-Test.mmdb");
    compare_all("../shared/corpus/mmdb/iptoasn-country.mmdb");
    if (getenv("GEO_DB") != NULL)
        compare_all(getenv("GEO_DB"));
}

/* --- Against the truth --- */

static void compare_truth(const char *name, unsigned least)
{
    char path[256], line[256];
    struct geo *g;
    unsigned lines = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.mmdb", CORPUS, name);
    g = opened(path);
    snprintf(path, sizeof path, "%s/%s.truth.tsv", CORPUS, name);
    file = fopen(path, "r");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        struct slice rest = slice_of(line), address, country;
        struct address a;
        struct geo_place p;
        /* To luot ::ffff:a.b.c.d is a.b.c.d, however it came in; a tree need not have
         * it. */
        if (line[0] == '#' || strncmp(line, "::ffff:", 7) == 0)
            continue;
        address = slice_cut(&rest, '\t');
        country = slice_cut(&rest, '\t');
        cr_assert_eq(address_parse(&a, address), 0, "%s", line);
        p = geo_find(g, &a);
        cr_expect(slice_equal(p.country, country), "%.*s is in %.*s: %s",
                  (int)address.length, address.at, (int)p.country.length, p.country.at,
                  line);
        lines++;
    }
    fclose(file);
    cr_expect_geq(lines, least);
    geo_free(g);
}

Test(geo, says_what_the_truth_says_of_every_address)
{
    if (!corpus_is_here())
        return;
    compare_truth("GeoIP2-Country-Test", 700);
    compare_truth("iptoasn-country", 3000);
}

/* --- What it refuses --- */

static void expect_refused(const char *path, int code, const char *what)
{
    struct geo *g = NULL;

    cr_expect_eq(geo_open(&g, path, sentence), code, "%s: %s", path, sentence);
    cr_expect_null(g);
    cr_expect_not_null(strstr(sentence, what), "%s", sentence);
    cr_expect_not_null(strstr(sentence, path), "%s", sentence);
}

Test(geo, refuses_by_name_what_is_no_country_database)
{
    struct scratch dir = scratch_new();
    const char *path = scratch_path(&dir, "file"), *pipe = scratch_path(&dir, "pipe");
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    expect_refused(path, ERR_FOREIGN, "empty");
    cr_assert_eq(write(fd, "not a database", 14), 14);
    expect_refused(path, ERR_FOREIGN, "is no MaxMind DB file");
    cr_assert_eq(ftruncate(fd, (off_t)GEO_FILE_MAX + 1), 0);
    expect_refused(path, ERR_TOO_LONG, "512 MiB");
    close(fd);
    expect_refused(scratch_path(&dir, "nothing"), ERR_NOT_FOUND, "is not there");
    cr_assert_eq(mkfifo(pipe, 0600), 0);
    expect_refused(pipe, ERR_FOREIGN, "no regular file");
    expect_refused(dir.dir, ERR_FOREIGN, "no regular file");
    scratch_free(&dir);
}

Test(geo, refuses_a_database_of_something_else)
{
    static const struct mmdb_network networks[] = {{"1.0.0.0/8", "VN", NULL}};
    struct mmdb_options o = NESTED_V6;
    struct geo *g = NULL;
    size_t length;
    char *bytes;

    o.schema = MMDB_OTHER;
    bytes = mmdb_write(networks, 1, &o, &length);
    cr_expect_eq(geo_from_memory(&g, (struct slice){bytes, length}, "x", sentence),
                 ERR_FOREIGN);
    cr_expect_not_null(strstr(sentence, "no countries"), "%s", sentence);
    free(bytes);
}

Test(geo, refuses_every_broken_database)
{
    struct dirent *entry;
    unsigned seen = 0;
    DIR *dir;

    if (!corpus_is_here())
        return;
    dir = opendir("../shared/corpus/mmdb/bad");
    cr_assert_not_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char path[600];
        struct geo *g = NULL;
        snprintf(path, sizeof path, "../shared/corpus/mmdb/bad/%s", entry->d_name);
        if (strstr(entry->d_name, ".mmdb") == NULL)
            continue;
        seen++;
        cr_expect_neq(geo_open(&g, path, sentence), 0, "%s", path);
        cr_expect_not_null(strstr(sentence, "; give a country database"), "%s", sentence);
    }
    closedir(dir);
    cr_expect_geq(seen, 3u);
}

/* --- What was made to hurt --- */

/* A database of one network whose only record is `record`. */
static int with_record(const char *record, size_t length)
{
    static const struct mmdb_network networks[] = {{"0.0.0.0/1", "VN", NULL}};
    struct mmdb_options o = {
        .schema = MMDB_SHORT, .ip_version = 4, .record_size = 24, .type = "Test"};
    static const char plain[] = {
        (char)(7 << 5 | 1), 2 << 5 | 7, 'c', 'o', 'u', 'n', 't', 'r', 'y',
        2 << 5 | 2,         'V',        'N'};
    size_t size, at;
    char *bytes = mmdb_write(networks, 1, &o, &size), *other;
    const char *found = memmem(bytes, size, plain, sizeof plain);
    struct geo *g = NULL;
    int rv;

    cr_assert_not_null(found);
    at = (size_t)(found - bytes);
    other = malloc(size + length);
    memcpy(other, bytes, at);
    memcpy(other + at, record, length);
    memcpy(other + at + length, found + sizeof plain, size - at - sizeof plain);
    rv = geo_from_memory(&g, (struct slice){other, size + length - sizeof plain}, "test",
                         sentence);
    geo_free(g);
    free(bytes);
    free(other);
    return rv;
}

Test(geo, reads_a_record_put_in_by_hand)
{
    cr_expect_eq(with_record("\xE1\x47"
                             "country"
                             "\x42"
                             "KH",
                             12),
                 0, "%s", sentence);
    cr_expect_eq(with_record("\xE1\x47"
                             "country"
                             "\x42"
                             "--",
                             12),
                 ERR_FOREIGN);
}

Test(geo, refuses_nesting_that_would_end_the_stack)
{
    enum { DEEP = 400000 };
    char *record = malloc(4 * DEEP);
    size_t n = 0;

    for (size_t i = 0; i < DEEP; i++) {
        record[n++] = (char)0xE1; /* a map of one */
        record[n++] = 0x41;       /* "x"          */
        record[n++] = 'x';
    }
    record[n++] = 0x41;
    record[n++] = 'y';
    cr_expect_eq(with_record(record, n), ERR_CORRUPT);
    free(record);
}

Test(geo, refuses_pointers_in_a_circle)
{
    cr_expect_eq(with_record("\x20\x00", 2), ERR_CORRUPT);          /* to itself */
    cr_expect_eq(with_record("\xE1\x41x\x20\x00", 5), ERR_CORRUPT); /* its own map */
    cr_expect_eq(with_record("\xE1\x41x\x3F\xFF\xFF\xFF\xFF", 8), ERR_CORRUPT);
}

/* Each map holds the one before twice: 2^30 values in 300 bytes. */
Test(geo, refuses_pointers_that_multiply, .timeout = 60)
{
    char record[512] = "\xE1\x47"
                       "country"
                       "\x42"
                       "VN";
    size_t n = 12, before = 0;

    for (unsigned i = 0; i < 30; i++) {
        size_t here = n;
        record[n++] = (char)0xE2;
        for (unsigned side = 0; side < 2; side++) {
            record[n++] = 0x41;
            record[n++] = side == 0 ? 'a' : 'b';
            record[n++] = (char)(0x20 | before >> 8);
            record[n++] = (char)before;
        }
        before = here;
    }
    /* A database's record is at the beginning of the data, so a map there leads to it. */
    memmove(record + 5, record, n);
    memcpy(record, "\xE1\x41x\x20\x00", 5);
    for (size_t i = 5 + 12, map = 0; map < 30; map++, i += 9)
        for (unsigned side = 0; side < 2; side++) {
            size_t target = map == 0 ? 5 : i - 9;
            record[i + 3 + 4 * side] = (char)(0x20 | target >> 8);
            record[i + 4 + 4 * side] = (char)target;
        }
    record[3] = (char)(0x20 | (5 + 12 + 29 * 9) >> 8);
    record[4] = (char)(5 + 12 + 29 * 9);
    cr_expect_eq(with_record(record, n + 5), ERR_CORRUPT);
}

/* A tree of 24 bit records over the data of a whole database. */
static int with_node(size_t node, uint32_t left, uint32_t right)
{
    static const struct mmdb_network networks[] = {{"0.0.0.0/4", "VN", NULL}};
    struct mmdb_options o = {
        .schema = MMDB_FLAT, .ip_version = 4, .record_size = 24, .type = "Test"};
    struct geo *g = NULL;
    size_t length;
    char *bytes = mmdb_write(networks, 1, &o, &length);
    uint32_t sides[] = {left, right};
    int rv;

    for (unsigned i = 0; i < 6; i++)
        bytes[node * 6 + i] = (char)(sides[i / 3] >> 8 * (2 - i % 3));
    rv = geo_from_memory(&g, (struct slice){bytes, length}, "test", sentence);
    geo_free(g);
    free(bytes);
    return rv;
}

Test(geo, refuses_a_tree_that_goes_in_circles, .timeout = 60)
{
    cr_expect_eq(with_node(3, 20, 4), 0, "%s", sentence); /* 4 nodes: as it was */
    cr_expect_eq(with_node(3, 0, 0), ERR_CORRUPT);        /* 2^32 ways          */
    cr_expect_eq(with_node(3, 3, 3), ERR_CORRUPT);
    cr_expect_eq(with_node(3, 0xFFFFFF, 4), ERR_CORRUPT);
    cr_expect_eq(with_node(3, 5, 4), ERR_CORRUPT); /* inside the gap before the data */
}

Test(geo, survives_any_flipped_byte, .timeout = 280)
{
    static const struct mmdb_network networks[] = {{"1.0.0.0/8", "VN", "HN"},
                                                   {"2.0.0.0/7", "KH", "PP"},
                                                   {"2001:db8::/32", "LA", NULL}};
    uint64_t state = number_from("SEED", 1);
    size_t length;
    char *bytes = mmdb_write(networks, 3, &NESTED_V6, &length);
    unsigned refused = 0;

    for (unsigned i = 0; i < 4000; i++) {
        char *copy = malloc(length);
        struct geo *g = NULL;
        memcpy(copy, bytes, length);
        for (unsigned flips = 0; flips <= i % 3; flips++)
            copy[random_below(&state, length)] = (char)random_next(&state);
        if (geo_from_memory(&g, (struct slice){copy, length - i % 2 * (i % 50)}, "test",
                            sentence) == 0)
            (void)find(g, "1.2.3.4");
        else
            refused++;
        geo_free(g);
        free(copy);
    }
    printf("%u of 4000 refused\n", refused);
    cr_expect_gt(refused, 400u);
    free(bytes);
}

/* --- The file, later --- */

Test(geo, needs_its_file_no_more)
{
    static const struct mmdb_network networks[] = {{"1.0.0.0/8", "VN", NULL}};
    struct scratch dir = scratch_new();
    const char *path = scratch_path(&dir, "db.mmdb");
    size_t length;
    char *bytes = mmdb_write(networks, 1, &NESTED_V6, &length);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    struct geo *g;

    cr_assert_eq(write(fd, bytes, length), (ssize_t)length);
    g = opened(path);
    cr_assert_eq(ftruncate(fd, 0), 0); /* a mapping of it would be a SIGBUS now */
    expect(g, "1.2.3.4", "VN", "");
    geo_free(g);
    close(fd);
    free(bytes);
    scratch_free(&dir);
}

Test(geo, names_whom_the_line_beside_the_file_names)
{
    static const struct mmdb_network networks[] = {{"1.0.0.0/8", "VN", NULL}};
    struct scratch dir = scratch_new();
    const char *path = scratch_path(&dir, "db.mmdb");
    FILE *credit = fopen(scratch_path(&dir, "db.mmdb.credit"), "w");
    size_t length;
    char *bytes = mmdb_write(networks, 1, &NESTED_V6, &length);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    struct geo *g;

    cr_assert_eq(write(fd, bytes, length), (ssize_t)length);
    fputs("  IP Geolocation by Someone, CC BY 4.0\nmore\n", credit);
    fclose(credit);
    g = opened(path);
    cr_expect_str_eq(geo_info(g)->credit, "IP Geolocation by Someone, CC BY 4.0");
    geo_free(g);
    close(fd);
    free(bytes);
    scratch_free(&dir);
}
