#include "report/stats.h"

#include <criterion/criterion.h>

#include "lib/read_json.h"

static char memory[65536];

static struct stats some(void)
{
    struct stats s = {.kernel_drops = 3,
                      .udp_buffer = 4194304,
                      .store = true,
                      .durable = true,
                      .durable_since_ms = 1795575630000,
                      .saves = 7,
                      .arena_fs = "tmpfs",
                      .incarnation = 0xABCDEF,
                      .uptime_s = 12,
                      .sites = 1,
                      .version = "0.1.0",
                      .node = "here"};

    s.total.received = 10;
    s.total.counted_view = 5;
    s.total.counted_ping = 1;
    s.total.suppressed_prefetch = 2;
    s.total.rejected_malformed = 1;
    s.total.rejected_unknown_site = 1;
    s.total.udp_datagrams = 4;
    s.total.http_requests = 6;
    return s;
}

static int64_t sum_of(const json_t *object)
{
    const char *key;
    json_t *value;
    int64_t sum = 0;

    json_object_foreach((json_t *)(uintptr_t)object, key, value) sum +=
        json_integer_value(value);
    return sum;
}

Test(stats, has_the_contracts_fields)
{
    struct stats s = some();
    struct buffer b;
    json_t *root;

    buffer_init(&b, memory, sizeof memory);
    stats_json(&b, &s);
    cr_assert_eq(buffer_error(&b), 0);
    root = read_json(buffer_written(&b));
    cr_expect_eq(integer_at(root, "received"), 10);
    cr_expect_eq(integer_at(root, "counted.view"), 5);
    cr_expect_eq(integer_at(root, "suppressed.prefetch"), 2);
    cr_expect_eq(integer_at(root, "rejected.malformed"), 1);
    cr_expect_eq(integer_at(root, "udp.datagrams"), 4);
    cr_expect_eq(integer_at(root, "udp.kernel_drop_events"), 3);
    cr_expect_eq(integer_at(root, "udp.rcvbuf_bytes"), 4194304);
    cr_expect_eq(integer_at(root, "http.requests"), 6);
    cr_expect_eq(integer_at(root, "store.saves"), 7);
    cr_expect(null_at(root, "store.error"));
    cr_expect_str_eq(text_at(root, "arena_fs"), "tmpfs");
    cr_expect_eq(integer_at(root, "clock_steps"), 0);
    cr_expect_eq(integer_at(root, "uptime_s"), 12);
    cr_expect_str_eq(text_at(root, "version"), "0.1.0");
    cr_expect_str_eq(text_at(root, "incarnation"), "0000000000abcdef");
    cr_expect_eq(integer_at(root, "received"), sum_of(json_at(root, "counted")) +
                                                   sum_of(json_at(root, "suppressed")) +
                                                   sum_of(json_at(root, "rejected")));
    json_decref(root);
}

Test(stats, every_outcome_is_a_word_of_its_class)
{
    struct stats s = some();
    struct buffer b;
    json_t *root;
    size_t words;

    buffer_init(&b, memory, sizeof memory);
    stats_json(&b, &s);
    root = read_json(buffer_written(&b));
    words = json_object_size(json_at(root, "counted")) +
            json_object_size(json_at(root, "suppressed")) +
            json_object_size(json_at(root, "rejected"));
    cr_expect_eq(words, (size_t)OUTCOME_COUNT);
    json_decref(root);
}

Test(stats, are_lines_for_people)
{
    struct stats s = some();
    struct buffer b;

    buffer_init(&b, memory, sizeof memory - 1);
    stats_text(&b, &s);
    memory[b.length] = '\0';
    cr_expect_not_null(strstr(memory, "counted.view                     5\n"));
    cr_expect_not_null(strstr(memory, "http.requests                    6\n"));
    cr_expect_not_null(strstr(memory, "udp.kernel_drop_events           3\n"));
}

/* Of each family HELP, TYPE and samples, in this order, and nothing twice. */
Test(stats, are_metrics_for_prometheus)
{
    struct stats s = some();
    struct buffer b;
    struct slice rest, line;
    char family[128] = "";
    unsigned families = 0;

    buffer_init(&b, memory, sizeof memory - 1);
    exposition_text(&b, &s);
    cr_assert_eq(buffer_error(&b), 0);
    memory[b.length] = '\0';
    cr_expect_not_null(
        strstr(memory, "\nluot_lines_total{class=\"counted\",reason=\"view\"} 5\n"));
    cr_expect_not_null(strstr(memory, "\nluot_received_total 10\n"));
    cr_expect_not_null(strstr(memory, "\nluot_http_connections 0\n"));
    cr_expect_not_null(strstr(memory, "\nluot_build_info{version=\"0.1.0\"} 1\n"));
    for (rest = buffer_written(&b); rest.length > 0;) {
        line = slice_cut(&rest, '\n');
        if (slice_starts(line, SLICE("# HELP "))) {
            struct slice words = {line.at + 7, line.length - 7};
            struct slice name = slice_cut(&words, ' ');
            memcpy(family, name.at, name.length);
            family[name.length] = '\0';
            families++;
            cr_expect_gt(words.length, 5u, "%s says something", family);
        } else if (slice_starts(line, SLICE("# TYPE "))) {
            cr_expect(slice_starts((struct slice){line.at + 7, line.length - 7},
                                   slice_of(family)));
        } else {
            cr_expect(slice_starts(line, slice_of(family)), "%.*s is not of %s",
                      (int)line.length, line.at, family);
        }
    }
    cr_expect_gt(families, 20u);
}

Test(stats, says_what_the_country_database_is_and_what_is_wrong_with_it)
{
    static const struct geo_info geo = {
        .type = "Test", .credit = "by hand", .built_s = 1700000000};
    struct stats s = some();
    struct buffer b;

    s.geo = &geo;
    s.geo_trouble = "geo_db x: is damaged";
    buffer_init(&b, memory, sizeof memory - 1);
    exposition_text(&b, &s);
    memory[b.length] = '\0';
    cr_expect_not_null(strstr(memory, "\nluot_geo_built_seconds 1700000000\n"));
    cr_expect_not_null(strstr(memory, "\nluot_geo_trouble 1\n"));
    buffer_init(&b, memory, sizeof memory - 1);
    stats_text(&b, &s);
    memory[b.length] = '\0';
    cr_expect_not_null(strstr(memory, "by hand\n"));
    cr_expect_not_null(strstr(memory, "geo_db x: is damaged\n"));
}
