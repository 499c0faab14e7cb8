/* What does it cost to ask where an address is: of our flat table, and of libmaxminddb's
 * tree?
 *
 *   bench_geo [FILE]                 the table; FILE is a country database (default: the
 *                                    one that `make install` installs)
 *   bench_geo FILE WHAT LOOKUPS      one pass, for callgrind (bench/README.md): WHAT is
 *                                    flat or tree
 *
 * Nanoseconds of CPU a look-up, best of 5 passes over addresses made before: any of
 * IPv4; ten thousand visitors again and again; and IPv6 in the registries' blocks. Each
 * address is found from the one before (its result moves the next index by nothing the
 * compiler knows), so that latencies add up as they do in a beacon. */
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "identify/geo.h"
#include "identify/named_networks.h"

enum { ADDRESSES = 1 << 20, VISITORS = 10000, PASSES = 5, NETWORKS = 500 };

struct bench {
    struct geo *geo;
    MMDB_s db;
    struct named_networks *named;
    struct address *address;
    size_t count;
    uint64_t found; /* so that no look-up is left out */
};

static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static void make_v4(struct bench *b, size_t different)
{
    uint64_t state = 1;

    for (size_t i = 0; i < ADDRESSES; i++) {
        uint64_t r = next(&state);
        if (different < ADDRESSES) { /* that visitor's */
            uint64_t visitor = r % different;
            r = next(&visitor);
        }
        b->address[i] = (struct address){.bytes = {[10] = 0xFF, 0xFF}};
        memcpy(b->address[i].bytes + 12, &r, 4);
    }
}

static void make_v6(struct bench *b)
{
    static const uint8_t blocks[][2] = {{0x20, 0x01}, {0x24, 0x00}, {0x24, 0x02},
                                        {0x24, 0x08}, {0x26, 0x00}, {0x26, 0x07},
                                        {0x28, 0x03}, {0x2a, 0x01}, {0x2a, 0x0d}};
    uint64_t state = 2;

    for (size_t i = 0; i < ADDRESSES; i++) {
        uint64_t r = next(&state);
        memcpy(b->address[i].bytes, blocks[r % 9], 2);
        r = next(&state);
        memcpy(b->address[i].bytes + 2, &r, 6);
        memset(b->address[i].bytes + 8, 0, 8);
    }
}

/* --- Passes: the index depends on what was found, which is never over 2^20 --- */

static void flat_pass(struct bench *b)
{
    size_t again = 0;

    for (size_t i = 0; i < b->count; i++) {
        struct geo_place p = geo_find(b->geo, &b->address[(i + again) % ADDRESSES]);
        again = p.country.length >> 8;
        b->found += p.country.length;
    }
}

static size_t tree_find(const struct bench *b, const struct address *a)
{
    static const char *const flat[] = {"country_code", NULL};
    static const char *const nested[] = {"country", "iso_code", NULL};
    struct sockaddr_storage s = {.ss_family = AF_INET6};
    MMDB_lookup_result_s found;
    MMDB_entry_data_s data;
    int error;

    if (address_is_v4(a)) {
        s.ss_family = AF_INET;
        memcpy(&((struct sockaddr_in *)&s)->sin_addr, a->bytes + 12, 4);
    } else
        memcpy(&((struct sockaddr_in6 *)&s)->sin6_addr, a->bytes, 16);
    found = MMDB_lookup_sockaddr(&b->db, (struct sockaddr *)&s, &error);
    if (!found.found_entry ||
        (MMDB_aget_value(&found.entry, &data, flat) != MMDB_SUCCESS &&
         MMDB_aget_value(&found.entry, &data, nested) != MMDB_SUCCESS) ||
        !data.has_data)
        return 0;
    return data.data_size;
}

static void tree_pass(struct bench *b)
{
    size_t again = 0;

    for (size_t i = 0; i < b->count; i++) {
        size_t length = tree_find(b, &b->address[(i + again) % ADDRESSES]);
        again = length >> 8;
        b->found += length;
    }
}

static void named_pass(struct bench *b)
{
    size_t again = 0;

    for (size_t i = 0; i < b->count; i++) {
        struct slice name = named_networks_find(
            b->named, &b->address[(i + again) % ADDRESSES], (struct slice){"VN", 2});
        again = name.length >> 8;
        b->found += name.length;
    }
}

/* --- Measured --- */

static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double measure(struct bench *b, void (*pass)(struct bench *))
{
    double best = 0;

    for (int i = 0; i < PASSES; i++) {
        double began = cpu_ns(), each;
        pass(b);
        each = (cpu_ns() - began) / (double)b->count;
        if (i == 0 || each < best)
            best = each;
    }
    return best;
}

static void table(struct bench *b)
{
    double flat, tree;

    printf("%-36s %10s %10s\n", "ns a look-up", "flat", "tree");
    for (int row = 0; row < 3; row++) {
        static const char *const names[] = {"IPv4, any address", "IPv4, 10,000 visitors",
                                            "IPv6"};
        if (row < 2)
            make_v4(b, row == 0 ? ADDRESSES : VISITORS);
        else
            make_v6(b);
        flat = measure(b, flat_pass);
        tree = measure(b, tree_pass);
        printf("%-36s %10.1f %10.1f\n", names[row], flat, tree);
    }
    make_v4(b, ADDRESSES);
    printf("%-36s %10.1f\n", "network of an address, of 500", measure(b, named_pass));
    printf("%-36s %10zu\n", "bytes of memory", geo_info(b->geo)->bytes);
}

/* callgrind collects inside this function only (--toggle-collect). */
static void measured(struct bench *b, void (*pass)(struct bench *))
{
    pass(b);
}

static int name_networks(struct bench *b)
{
    struct network_rule *rules = calloc(NETWORKS, sizeof *rules);
    uint64_t state = 3;
    int rv;

    if (rules == NULL)
        return 1;
    for (unsigned i = 0; i < NETWORKS; i++) {
        uint64_t r = next(&state);
        snprintf(rules[i].name, sizeof rules[i].name, "network %u", i % 40);
        rules[i].network.first = (struct address){.bytes = {[10] = 0xFF, 0xFF}};
        memcpy(rules[i].network.first.bytes + 12, &r, 3);
        rules[i].network.bits = 96 + 24;
    }
    rv = named_networks_new(&b->named, rules, NETWORKS);
    free(rules);
    return rv;
}

int main(int argc, char **argv)
{
    static struct bench b = {.count = ADDRESSES};
    const char *path = argc > 1 ? argv[1] : "build/gen/lists/country.mmdb";
    void (*volatile run)(struct bench *, void (*)(struct bench *)) = measured;
    char sentence[GEO_SENTENCE];
    double began = cpu_ns();

    if (geo_open(&b.geo, path, sentence) != 0) {
        fprintf(stderr, "bench_geo: %s (make %s)\n", sentence, path);
        return argc > 1 ? 1 : 0; /* no network when it was built: nothing to measure */
    }
    printf("%-36s %10.1f\n", "ms to load it", (cpu_ns() - began) / 1e6);
    b.address = malloc(ADDRESSES * sizeof *b.address);
    if (b.address == NULL || name_networks(&b) != 0 ||
        MMDB_open(path, MMDB_MODE_MMAP, &b.db) != MMDB_SUCCESS)
        return 1;
    if (argc > 3) {
        make_v4(&b, ADDRESSES);
        b.count = strtoul(argv[3], NULL, 10);
        run(&b, strcmp(argv[2], "tree") == 0 ? tree_pass : flat_pass);
    } else
        table(&b);
    MMDB_close(&b.db);
    named_networks_free(b.named);
    geo_free(b.geo);
    free(b.address);
    return b.found == 0;
}
