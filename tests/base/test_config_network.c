/* `network NAME = ...` and `internal`, as a file says them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/config.h"
#include "base/error.h"

static struct config *parse(const char *text)
{
    struct config_error error;
    struct config *c = NULL;

    cr_assert_eq(config_parse(&c, slice_of(text), "a.conf", &error), 0, "%s", error.text);
    return c;
}

static void refused(const char *text, const char *sentence)
{
    struct config_error error;
    struct config *c = NULL;

    cr_expect_eq(config_parse(&c, slice_of(text), "a.conf", &error), ERR_MALFORMED, "%s",
                 text);
    cr_expect_null(c);
    cr_expect_not_null(strstr(error.text, sentence), "%s: %s", text, error.text);
}

Test(config_network, keeps_names_networks_and_countries_in_the_order_of_the_file)
{
    struct config *c = parse("network Nội bộ = 10.1.2.3/8, fd00::1/8\n"
                             "network\tTrong nước =  country:VN country:KH,192.0.2.1\n"
                             "[site a]\n");

    cr_assert_eq(c->rule_count, 5u);
    cr_expect_str_eq(c->rules[0].name, "Nội bộ");
    cr_expect_eq(c->rules[0].network.bits, 104u);
    cr_expect_eq(c->rules[0].network.first.bytes[13], 0, "host bits are cleared");
    cr_expect_eq(c->rules[1].network.bits, 8u);
    cr_expect_str_eq(c->rules[2].name, "Trong nước");
    cr_expect_str_eq(c->rules[2].country, "VN");
    cr_expect_str_eq(c->rules[3].country, "KH");
    cr_expect_eq(c->rules[4].network.bits, 128u);
    cr_expect_str_eq(c->rules[4].country, "");
    config_free(c);
}

Test(config_network, what_is_in_force_reads_back_as_the_same)
{
    struct config *c = parse("network Nội bộ = private\nnetwork b#c = country:VN\n"
                             "network Nội bộ = ::/0, 1.2.3.4\ninternal = 10.0.0.0/8\n"
                             "[site a]\ninternal = loopback, 192.0.2.0/24\n");
    size_t limit = config_write_limit(c);
    char *memory = malloc(limit + 1);
    struct config *again;
    struct buffer b;

    buffer_init(&b, memory, limit);
    config_write_effective(&b, c);
    cr_assert_eq(buffer_error(&b), 0);
    memory[b.length] = '\0';
    again = parse(memory);
    cr_expect_eq(again->hash, c->hash);
    cr_expect_eq(again->rule_count, c->rule_count);
    cr_expect_eq(again->sites[0].internal.count, 3u);
    config_free(again);
    config_free(c);
    free(memory);
}

Test(config_network, another_rule_is_another_hash)
{
    struct config *a = parse("network x = 10.0.0.0/8\n"),
                  *b = parse("network x = 11.0.0.0/8\n"),
                  *c = parse("network y = 10.0.0.0/8\n"),
                  *d = parse("network x = country:VN\n");

    cr_expect_neq(a->hash, b->hash);
    cr_expect_neq(a->hash, c->hash);
    cr_expect_neq(a->hash, d->hash);
    config_free(a);
    config_free(b);
    config_free(c);
    config_free(d);
}

Test(config_network, refuses_by_line_what_is_no_list)
{
    static const char *const wrong[] = {
        "network = 10.0.0.0/8\n",       "network x =\n",
        "network x = none\n",           "network x = ,\n",
        "network x = 10.0.0.0/33\n",    "network x = country:vn\n",
        "network x = country:VNM\n",    "network x = country:\n",
        "network x = 10.0.0.0/8 abc\n", "network \x01 = 10.0.0.0/8\n"};
    char text[200];

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(text, sizeof text, "\n%s", wrong[i]);
        refused(text, "a.conf:2: a network is `network NAME = LIST`");
    }
    snprintf(text, sizeof text, "network %064d = 10.0.0.0/8\n", 0);
    refused(text, "a name of at most 63 bytes");
    refused("[site a]\nnetwork x = 10.0.0.0/8\n",
            "a.conf:2: `network` is not a setting of a site");
    refused("networks x = 10.0.0.0/8\n", "unknown setting `networks x`");
}

Test(config_network, has_room_for_64_names_and_8192_networks)
{
    static char text[8193 * 40];
    size_t length = 0;
    struct config *c;

    for (unsigned i = 0; i < 64; i++)
        length += (size_t)sprintf(text + length, "network n%u = 10.0.%u.0/24\n", i, i);
    c = parse(text);
    cr_expect_eq(c->rule_count, 64u);
    config_free(c);
    sprintf(text + length, "network n3 = 11.0.0.0/8\n");
    config_free(parse(text));
    sprintf(text + length, "network n64 = 11.0.0.0/8\n");
    refused(text, "a.conf:65: there may be 64 names of networks");
    length = 0;
    for (unsigned i = 0; i < 8192; i++)
        length += (size_t)sprintf(text + length, "network x = 10.%u.%u.0/24\n", i / 256,
                                  i % 256);
    c = parse(text);
    cr_expect_eq(c->rule_count, 8192u);
    config_free(c);
    sprintf(text + length, "network x = 11.0.0.0/8\n");
    refused(text, "a.conf:8193: ");
}

Test(config_network, internal_is_of_all_sites_and_of_one)
{
    struct config *c =
        parse("internal = 10.0.0.0/8\n[site a]\ninternal = private\n[site b]\n");

    cr_expect_eq(c->settings.internal.count, 1u);
    cr_expect_eq(config_site(c, SLICE("a"))->internal.count, 4u);
    cr_expect_eq(config_site(c, SLICE("b"))->internal.count, 0u);
    config_free(c);
    refused("internal = ten\n",
            "a.conf:1: internal = ten: must be a comma list of at most 64");
}
