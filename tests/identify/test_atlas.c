#include "identify/atlas.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "lib/mmdb.h"

static const struct mmdb_network NETWORKS[] = {{"113.160.0.0/11", "VN", "HN"},
                                               {"8.8.8.0/24", "US", NULL},
                                               {"2001:ee0::/32", "VN", NULL}};

static struct geo *database(void)
{
    struct mmdb_options o = {
        .schema = MMDB_NESTED, .ip_version = 6, .record_size = 24, .type = "Test"};
    char sentence[GEO_SENTENCE];
    struct geo *g = NULL;
    size_t length;
    char *bytes = mmdb_write(NETWORKS, 3, &o, &length);

    cr_assert_eq(geo_from_memory(&g, (struct slice){bytes, length}, "test", sentence), 0,
                 "%s", sentence);
    free(bytes);
    return g;
}

static struct named_networks *named(const char *text)
{
    struct config_error error;
    struct config *c = NULL;
    struct named_networks *n = NULL;

    cr_assert_eq(config_parse(&c, slice_of(text), "test", &error), 0, "%s", error.text);
    cr_assert_eq(named_networks_new(&n, c->rules, c->rule_count), 0);
    config_free(c);
    return n;
}

static void expect(const struct atlas *atlas, const char *text, const char *country,
                   const char *region, const char *network)
{
    struct visit v = {.kind = VISIT_VIEW};
    struct address a;

    cr_assert_eq(address_parse(&a, slice_of(text)), 0);
    visit_where(&v, atlas, &a);
    cr_expect(slice_equal(v.key[DIM_COUNTRIES], slice_of(country)), "%s: %.*s", text,
              (int)v.key[DIM_COUNTRIES].length, v.key[DIM_COUNTRIES].at);
    cr_expect(slice_equal(v.key[DIM_REGIONS], slice_of(region)), "%s: %.*s", text,
              (int)v.key[DIM_REGIONS].length, v.key[DIM_REGIONS].at);
    cr_expect(slice_equal(v.key[DIM_NETWORKS], slice_of(network)), "%s: %.*s", text,
              (int)v.key[DIM_NETWORKS].length, v.key[DIM_NETWORKS].at);
    for (int d = 0; d < DIMENSIONS; d++)
        if (d != DIM_COUNTRIES && d != DIM_REGIONS && d != DIM_NETWORKS)
            cr_expect_eq(v.key[d].length, 0u, "others' rows are not touched");
}

Test(atlas, an_address_has_its_country_region_and_network)
{
    struct atlas atlas = {.geo = database(),
                          .named =
                              named("network Trong nước = country:VN\n"
                                    "network Nội bộ = 10.0.0.0/8, 113.161.0.0/16\n")};

    expect(&atlas, "113.160.0.1", "VN", "VN-HN", "Trong nước");
    expect(&atlas, "113.161.0.1", "VN", "VN-HN", "Nội bộ");
    expect(&atlas, "8.8.8.8", "US", "", "");
    expect(&atlas, "2001:ee0:1:2:3:4:5:6", "VN", "", "Trong nước");
    expect(&atlas, "10.0.0.1", "ZZ", "", "Nội bộ");
    expect(&atlas, "192.0.2.1", "ZZ", "", "");
    geo_free(atlas.geo);
    named_networks_free(atlas.named);
}

Test(atlas, without_a_database_there_is_no_country_not_even_an_unknown_one)
{
    struct atlas atlas = {.named = named("network Nội bộ = 10.0.0.0/8\n"
                                         "network Trong nước = country:VN\n")};

    expect(&atlas, "113.160.0.1", "", "", "");
    expect(&atlas, "10.0.0.1", "", "", "Nội bộ");
    named_networks_free(atlas.named);
}

Test(atlas, of_nothing_comes_nothing)
{
    struct atlas atlas = {.geo = NULL};

    expect(&atlas, "113.160.0.1", "", "", "");
}
