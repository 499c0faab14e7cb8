/* `where`, and what `stats`, `check` and documents say of the country database. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "identify/atlas.h"
#include "lib/mmdb.h"
#include "lib/read_json.h"
#include "office.h"

static struct atlas atlas;
static _Atomic(const struct atlas *) here = &atlas;

static struct office *office(void)
{
    static const struct mmdb_network networks[] = {{"113.160.0.0/11", "VN", "HN"}};
    struct mmdb_options o = {.schema = MMDB_NESTED,
                             .ip_version = 6,
                             .record_size = 24,
                             .type = "Test",
                             .description = "by <hand>",
                             .built_s = 86400 * 365};
    struct office *office = office_new(
        "network Nội bộ = 10.0.0.0/8\ninternal = 10.9.0.0/16\n"
        "[site demo]\nany_host = yes\npublic = yes\ninternal = 192.0.2.0/24\n");
    const struct config *c = registry_config(office->town.registry);
    char sentence[GEO_SENTENCE];
    size_t length;
    char *bytes = mmdb_write(networks, 1, &o, &length);

    cr_assert_eq(
        geo_from_memory(&atlas.geo, (struct slice){bytes, length}, "test", sentence), 0,
        "%s", sentence);
    free(bytes);
    cr_assert_eq(named_networks_new(&atlas.named, c->rules, c->rule_count), 0);
    atlas.internal = c->settings.internal;
    office->service.atlas = &here;
    return office;
}

static json_t *ask(struct office *o, const char *line)
{
    char text[512];

    snprintf(text, sizeof text, "json %s", line);
    return read_json(slice_of(office_ask(o, text)));
}

Test(where, says_country_region_and_network)
{
    struct office *o = office();
    json_t *place = ask(o, "where 113.161.0.1");

    cr_expect_str_eq(text_at(place, "address"), "113.161.0.1");
    cr_expect_str_eq(text_at(place, "country"), "VN");
    cr_expect_str_eq(text_at(place, "region"), "VN-HN");
    cr_expect(null_at(place, "network"));
    cr_expect(json_is_false(json_at(place, "internal")));
    json_decref(place);
    place = ask(o, "where 10.0.0.1");
    cr_expect_str_eq(text_at(place, "country"), COUNTRY_UNKNOWN);
    cr_expect_str_eq(text_at(place, "network"), "Nội bộ");
    json_decref(place);
    cr_expect_str_eq(office_ask(o, "where 113.161.0.1"), "address  113.161.0.1\n"
                                                         "country  VN\n"
                                                         "region   VN-HN\n"
                                                         "network  -\n"
                                                         "internal no\n");
    office_free(o);
}

Test(where, internal_is_of_all_sites_or_of_the_one_that_is_named)
{
    struct office *o = office();

    cr_expect_not_null(strstr(office_ask(o, "where 10.9.0.1"), "internal yes"));
    cr_expect_not_null(strstr(office_ask(o, "where 192.0.2.1"), "internal no"));
    cr_expect_not_null(strstr(office_ask(o, "where 192.0.2.1 demo"), "internal yes"));
    office_free(o);
}

Test(where, refuses_what_is_no_address_or_no_site)
{
    struct office *o = office();

    cr_expect_not_null(strstr(office_ask(o, "where somewhere"),
                              "ERR usage ADDRESS is like 203.0.113.7"));
    cr_expect_not_null(
        strstr(office_ask(o, "where 1.2.3.4 nosite"), "ERR unknown_site "));
    office_free(o);
}

Test(where, without_an_atlas_nothing_is_known)
{
    struct office *o = office();
    json_t *place, *stats;

    o->service.atlas = NULL;
    place = ask(o, "where 113.161.0.1");
    stats = ask(o, "stats");
    cr_expect(null_at(place, "country"));
    cr_expect(null_at(stats, "geo"));
    json_decref(place);
    json_decref(stats);
    office_free(o);
}

Test(where, the_database_and_its_credit_are_in_stats_check_and_snapshots)
{
    struct office *o = office();
    json_t *stats = ask(o, "stats"), *snapshot = ask(o, "snapshot demo");

    cr_expect_str_eq(text_at(stats, "geo.type"), "Test");
    cr_expect_eq(integer_at(stats, "geo.built"), 86400 * 365);
    cr_expect_str_eq(text_at(stats, "geo.attribution"), "by <hand>");
    cr_expect(null_at(stats, "geo_trouble"));
    cr_expect_str_eq(text_at(snapshot, "geo.attribution"), "by <hand>");
    json_decref(stats);
    json_decref(snapshot);
    cr_expect_not_null(strstr(office_ask(o, "stats"), "geo.attribution"));
    cr_expect_not_null(
        strstr(office_ask(o, "check"),
               "ok  geo     countries are from Test, built 1971-01-01; by <hand>"));
    office_free(o);
}

Test(where, what_is_wrong_with_the_database_is_said_until_it_is_right)
{
    struct office *o = office();
    json_t *stats;

    snprintf(atlas.trouble, sizeof atlas.trouble, "geo_db x: is not there; do something");
    stats = ask(o, "stats");
    cr_expect_str_eq(text_at(stats, "geo_trouble"),
                     "geo_db x: is not there; do something");
    cr_expect_str_eq(text_at(stats, "geo.type"), "Test");
    json_decref(stats);
    cr_expect_not_null(strstr(office_ask(o, "stats"), "geo.trouble"));
    cr_expect_not_null(strstr(office_ask(o, "check"),
                              "BAD geo     geo_db x: is not there; do something (the one "
                              "before is still used)"));
    office_free(o);
}
