#include "base/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

/* What a text makes: the config, or the message. */
static struct config *parse(const char *text)
{
    struct config *c = NULL;
    struct config_error error = {""};
    int rv = config_parse(&c, slice_of(text), "t.conf", &error);
    cr_assert(rv == 0, "%s", error.text);
    return c;
}

static char *effective(const struct config *c)
{
    size_t limit = config_write_limit(c);
    char *text = malloc(limit + 1);
    struct buffer b;
    buffer_init(&b, text, limit);
    config_write_effective(&b, c);
    cr_assert_eq(buffer_error(&b), 0);
    text[b.length] = '\0';
    return text;
}

/* The line "name = value" (or "name =") is in the effective configuration. */
static bool has_line(const struct config *c, const char *name, const char *value)
{
    char line[1200];
    char *text = effective(c);
    bool found;
    snprintf(line, sizeof(line), "\n%s =%s%s\n", name, *value == '\0' ? "" : " ", value);
    found = strstr(text, line) != NULL || strncmp(text, line + 1, strlen(line + 1)) == 0;
    free(text);
    return found;
}

static const struct {
    const char *name;
    const char *value;
} DEFAULTS[] = {
    {"listen", "127.0.0.1:8080"},
    {"workers", "0"},
    {"run_dir", ""},
    {"state_dir", ""},
    {"socket", ""},
    {"store", "sqlite"},
    {"geo_db", ""},
    {"referrer_list", ""},
    {"referrer_deny", ""},
    {"agent_list", ""},
    {"bot_list", ""},
    {"udp_trusted", "127.0.0.0/8,::1/128"},
    {"trusted_proxies", "127.0.0.0/8,::1/128"},
    {"internal", "none"},
    {"writers", ""},
    {"rate_limit", "10/s burst 100"},
    {"new_visitors_per_address", "1000/d burst 600"},
    {"log_level", "info"},
    {"sites_max", "2000"},
    {"auto_sites", ""},
    {"auto_sites_max", "200"},
    {"log_site", ""},
    {"connections", "4096"},
    {"connections_per_address", "64"},
    {"live_listeners", "1000"},
    {"udp_buffer", "4MiB"},
    {"cluster_secret_file", ""},
    {"privacy_contact", ""},
    {"clock_file", ""},
    {"title", "x"},
    {"group", ""},
    {"hosts", ""},
    {"timezone", "Asia/Ho_Chi_Minh"},
    {"first_weekday", "monday"},
    {"online_window", "5min"},
    {"session_idle", "30min"},
    {"metric", "visits"},
    {"box_week", "calendar"},
    {"public", "no"},
    {"source", "beacons"},
    {"log_rule", "page"},
    {"not_pages", ""},
    {"bots", "apart"},
    {"identity", "month"},
    {"dnt", "anonymous"},
    {"pages", "20000"},
    {"page_query", ""},
    {"min_visitors", "5"},
    {"any_host", "no"},
    {"internal", "none"},
    {"site_rate_limit", "off"},
};

Test(config, gives_every_setting_its_default)
{
    struct config *c = parse("[site x]\n");
    size_t lines = 0;
    char *text = effective(c);
    for (size_t i = 0; i < sizeof(DEFAULTS) / sizeof(DEFAULTS[0]); i++)
        cr_expect(has_line(c, DEFAULTS[i].name, DEFAULTS[i].value), "%s",
                  DEFAULTS[i].name);
    for (const char *at = text; (at = strstr(at, " =")) != NULL; at++)
        lines++;
    cr_expect_eq(lines, sizeof(DEFAULTS) / sizeof(DEFAULTS[0]) + 1, "one is missing");
    cr_expect(c->settings.node[0] != '\0'); /* the one that depends on the machine */
    free(text);
    config_free(c);
}

Test(config, stores_values_with_their_meaning)
{
    struct config *c =
        parse("log_level = Debug\nudp_buffer = 1GiB\nworkers = 3\nudp_trusted = none\n"
              "[site x]\nfirst_weekday = sunday\nonline_window = 90s\n"
              "session_idle = 1 h\nmetric = visitors\npublic = YES\nsource = logs\n"
              "identity = day\npages = 100\nany_host = yes\n");
    const struct site_config *site = config_site(c, SLICE("x"));
    cr_assert_not_null(site);
    cr_expect_eq(c->settings.log_level, LOG_DEBUG);
    cr_expect_eq(c->settings.udp_buffer, 1u << 30);
    cr_expect_eq(c->settings.workers, 3u);
    cr_expect_eq(c->settings.udp_trusted.count, 0u);
    cr_expect_eq(c->settings.trusted_proxies.count, 2u);
    cr_expect_eq(site->first_weekday, 6u);
    cr_expect_eq(site->online_window_s, 90u);
    cr_expect_eq(site->session_idle_s, 3600u);
    cr_expect_eq(site->metric, METRIC_VISITORS);
    cr_expect(site->public_site);
    cr_expect_eq(site->source, SOURCE_LOGS);
    cr_expect_eq(site->identity, IDENTITY_DAY);
    cr_expect_eq(site->pages, 100u);
    cr_expect(site->open);
    config_free(c);
}

#define NINE_LISTENS                                                                     \
    "1.1.1.1:1,1.1.1.1:2,1.1.1.1:3,1.1.1.1:4,1.1.1.1:5,1.1.1.1:6,1.1.1.1:7,1.1.1.1:8,"   \
    "1.1.1.1:9"
#define TEN   "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define LABEL FIFTY "012" /* 53 */

/* A value that is in and its neighbour that is out, at each end of each range. "": no
 * such neighbour. */
static const struct {
    const char *name;
    const char *in;
    const char *out;
} EDGES[] = {
    {"listen", "127.0.0.1:0", "127.0.0.1:-1"},
    {"listen", "[::1]:65535", "[::1]:65536"},
    {"listen", "0.0.0.0:80, [::]:80", "0.0.0.0:80, 0.0.0.0:80"},
    {"listen", "127.0.0.1:0,127.0.0.1:0", "::1:80"},
    {"listen", "10.0.0.1:8080", "10.0.0.1"},
    {"listen", "10.0.0.1:8080", "localhost:8080"},
    {"listen", "10.0.0.1:8080", ":8080"},
    {"listen", "10.0.0.1:8080", "10.0.0.1:"},
    {"listen", "10.0.0.1:8080", "10.0.0.1:80,"},
    {"listen", "10.0.0.1:8080", ""},
    {"listen", "1.1.1.1:1", NINE_LISTENS},
    {"workers", "0", "-1"},
    {"workers", "64", "65"},
    {"workers", "1", "1.5"},
    {"workers", "1", "0x1"},
    {"workers", "1", ""},
    {"node", "n1.example-1_a", "n 1"},
    {"node", FIFTY TEN "012", FIFTY TEN "0123"},
    {"socket", FIFTY FIFTY "0123456", FIFTY FIFTY "01234567"},
    {"store", "sqlite:/tmp/a.db", "sqlite:"},
    {"store", "none", "redis"},
    {"store", "sqlite, redis://127.0.0.1:6379/1", "sqlite redis://h"},
    {"store", "sqlite", ""},
    {"udp_trusted", "none", ""},
    {"udp_trusted", "10.0.0.0/8 192.168.1.1", "10.0.0.0/33"},
    {"trusted_proxies", "private", "example.gov.vn"},
    {"writers", "a:/k", "a"},
    {"writers", "a:/k, B-1_b:$CREDENTIALS_DIRECTORY/b", "a:/k, a:/l"},
    {"writers", TEN TEN TEN "0:/k", TEN TEN TEN "01:/k"},
    {"writers", "a:/k", "a b:/k"},
    {"writers", "a:/k", "a:"},
    {"rate_limit", "off", "0/s"},
    {"rate_limit", "1/s", "1"},
    {"rate_limit", "100000/s burst 1", "100001/s burst 1"},
    {"rate_limit", "10/min burst 100000", "10/min burst 100001"},
    {"rate_limit", "10 / h  burst 5", "10/h burst"},
    {"rate_limit", "1/d burst 366", "1/d burst 367"},
    {"rate_limit", "10/s", "10/ms"},
    {"rate_limit", "10/s burst 1", "10/s burst 0"},
    {"rate_limit", "10/s", "10/s 5"},
    {"log_level", "error", "all"},
    {"sites_max", "1", "0"},
    {"sites_max", "20000", "20001"},
    {"auto_sites", "*.example.gov.vn", "*"},
    {"auto_sites", "a.vn, *.b.vn", "a.vn,,b.vn"},
    {"auto_sites", "a.vn", "http://a.vn"},
    {"auto_sites", "a.vn", "a.vn:80"},
    {"auto_sites", "a-b.vn", "-b.vn"},
    {"auto_sites", "a.vn", "a..vn"},
    {"auto_sites", LABEL TEN ".vn", LABEL TEN "0.vn"},
    {"auto_sites_max", "0", "-0"},
    {"auto_sites_max", "20000", "20001"},
    {"connections", "16", "15"},
    {"connections", "65536", "65537"},
    {"connections_per_address", "1", "0"},
    {"connections_per_address", "65536", "65537"},
    {"udp_buffer", "64KiB", "63KiB"},
    {"udp_buffer", "1GiB", "1025MiB"},
    {"udp_buffer", "65536B", "65535B"},
    {"udp_buffer", "4MiB", "4"},
    {"udp_buffer", "4MiB", "4MB"},
    {"udp_buffer", "4MiB", "99999999999999999999GiB"},
    {"udp_buffer", "4MiB", "18446744073709551615GiB"},
};

static const struct {
    const char *name;
    const char *in;
    const char *out;
} SITE_EDGES[] = {
    {"title", FIFTY FIFTY TEN TEN "0123456", FIFTY FIFTY TEN TEN "01234567"},
    {"title", "C\xE1\xBB\x95ng th\xC3\xB4ng tin", "C\xE1\xBBng"},
    {"title", "\xF0\x9F\x87\xBB", "\xED\xA0\x80"},
    {"title", "a", "a\tb"},
    {"group", FIFTY TEN "012", FIFTY TEN "0123"},
    {"hosts", "a.vn", "/a.vn"},
    {"page_query", "id, cat,view.x", "id,,cat"},
    {"page_query", "id", "id=1"},
    {"page_query", "id", "id,"},
    {"page_query", "a[b]", "a b"},
    {"page_query", "", "a%20"},
    {"page_query", FIFTY FIFTY TEN TEN "0123456", FIFTY FIFTY TEN TEN "01234567"},
    {"timezone", "UTC", "Asia/Hanoi"},
    {"timezone", "Asia/Phnom_Penh", "../../etc/passwd"},
    {"timezone", "Asia/Ho_Chi_Minh", "/usr/share/zoneinfo/UTC"},
    {"timezone", "Asia/Ho_Chi_Minh", ""},
    {"first_weekday", "sunday", "7"},
    {"online_window", "1min", "59s"},
    {"online_window", "60min", "3601s"},
    {"online_window", "5 min", "5"},
    {"online_window", "5min", "5m"},
    {"session_idle", "60s", "0h"},
    {"session_idle", "1d", "25h"},
    {"metric", "Views", "hits"},
    {"public", "no", "true"},
    {"source", "logs", "both"},
    {"log_rule", "pv1", "pv2"},
    {"not_pages", "/api/, /ajax", "api/"},
    {"not_pages", "/", "/api/,"},
    {"not_pages", "/api/", "/a b"},
    {"not_pages", "/api/", "/api?"},
    {"bots", "counted", "hidden"},
    {"identity", "day", "week"},
    {"pages", "100", "99"},
    {"pages", "20000", "20001"},
    {"any_host", "yes", ""},
};

static void check_edge(const char *section, const char *name, const char *in,
                       const char *out)
{
    char text[2048];
    char start[256];
    struct config *c = NULL;
    struct config_error error = {""};
    int line = *section == '\0' ? 1 : 2;
    snprintf(text, sizeof(text), "%s%s = %s\n", section, name, in);
    cr_expect_eq(config_parse(&c, slice_of(text), "t.conf", &error), 0, "%s: %s", text,
                 error.text);
    config_free(c);
    snprintf(text, sizeof(text), "%s%s = %s\n", section, name, out);
    cr_expect_eq(config_parse(&c, slice_of(text), "t.conf", &error), ERR_MALFORMED, "%s",
                 text);
    snprintf(start, sizeof(start), "t.conf:%d: %s = ", line, name);
    cr_expect_eq(strncmp(error.text, start, strlen(start)), 0, "%s", error.text);
    cr_expect_not_null(strstr(error.text, ": must be "), "%s", error.text);
}

Test(config, takes_what_is_in_range_and_refuses_its_neighbour)
{
    for (size_t i = 0; i < sizeof(EDGES) / sizeof(EDGES[0]); i++)
        check_edge("", EDGES[i].name, EDGES[i].in, EDGES[i].out);
    for (size_t i = 0; i < sizeof(SITE_EDGES) / sizeof(SITE_EDGES[0]); i++)
        check_edge("[site x]\n", SITE_EDGES[i].name, SITE_EDGES[i].in, SITE_EDGES[i].out);
}

Test(config, log_site_is_a_site_that_counts_logs)
{
    static const char *const texts[][2] = {
        {"log_site = a\n[site a]\nsource = logs\n", NULL},
        {"log_site = b\n[site a]\nsource = logs\n", "add [site b] with source = logs"},
        {"log_site = a\n[site a]\n", "set source = logs in [site a]"}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct config *c = NULL;
        struct config_error error = {""};
        int rv = config_parse(&c, slice_of(texts[i][0]), "t.conf", &error);
        cr_expect_eq(rv, texts[i][1] == NULL ? 0 : ERR_MALFORMED, "%s", error.text);
        if (texts[i][1] != NULL)
            cr_expect_not_null(strstr(error.text, texts[i][1]), "%s", error.text);
        config_free(c);
    }
}

Test(config, takes_a_path_of_511_bytes_and_no_longer_one)
{
    static const char *const PATHS[] = {"run_dir", "state_dir", "geo_db", "clock_file"};
    char in[512];
    char out[513];
    memset(in, 'p', 511);
    memset(out, 'p', 512);
    in[511] = out[512] = '\0';
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++)
        check_edge("", PATHS[i], in, out);
}

Test(config, reads_comments_quotes_and_spaces)
{
    struct config *c =
        parse("\xEF\xBB\xBF# a comment\r\n  ; another = one\r\n\n"
              "run_dir=/a#b ; c\n  state_dir\t=\t\"/a b # c\" # d\n"
              "geo_db = \"\"\n[ site   x ] # [site y]\ntitle = \"say \\\"\\\\ hi\\\"\"\n"
              "group = a=b:c");
    const struct site_config *site = config_site(c, SLICE("x"));
    cr_assert_not_null(site);
    cr_expect_str_eq(c->settings.run_dir, "/a#b");
    cr_expect_str_eq(c->settings.state_dir, "/a b # c");
    cr_expect_str_eq(c->settings.geo_db, "");
    cr_expect_str_eq(site->title, "say \"\\ hi\"");
    cr_expect_str_eq(site->group, "a=b:c");
    config_free(c);
}

Test(config, lets_a_later_line_replace_an_earlier_one)
{
    struct config *c = parse("udp_trusted = private\nudp_trusted = 10.0.0.1\n");
    cr_expect(has_line(c, "udp_trusted", "10.0.0.1/32"));
    config_free(c);
}

Test(config, sorts_sites_and_finds_them)
{
    struct config *c = parse("[site b]\n[site a-b]\n[site a]\n[site a_]\n[site 0]\n");
    static const char *const KEYS[] = {"0", "a", "a-b", "a_", "b"};
    cr_assert_eq(c->site_count, 5u);
    for (size_t i = 0; i < 5; i++) {
        cr_expect_str_eq(c->sites[i].key, KEYS[i]);
        cr_expect_eq(config_site(c, slice_of(KEYS[i])), &c->sites[i]);
    }
    cr_expect_null(config_site(c, SLICE("")));
    cr_expect_null(config_site(c, SLICE("c")));
    cr_expect_null(config_site(c, SLICE("a-")));
    config_free(c);
}

Test(config, gives_an_auto_site_the_same_defaults)
{
    struct config *c = parse("[site x]\n");
    struct site_config site;
    site_config_default(&site, SLICE("x"));
    cr_expect_eq(memcmp(&site, &c->sites[0], sizeof(site)), 0);
    config_free(c);
}

Test(config, changes_its_hash_with_any_value)
{
    struct config *one = parse("node = n\n[site x]\n");
    struct config *same = parse("# other text\nnode = \"n\"\nworkers = 0\n\n[site x]\n");
    struct config *setting = parse("node = n\nworkers = 1\n[site x]\n");
    struct config *site = parse("node = n\n[site x]\nonline_window = 6min\n");
    struct config *key = parse("node = n\n[site y]\ntitle = x\n");
    cr_expect_eq(one->hash, same->hash);
    cr_expect_neq(one->hash, setting->hash);
    cr_expect_neq(one->hash, site->hash);
    cr_expect_neq(one->hash, key->hash);
    config_free(one);
    config_free(same);
    config_free(setting);
    config_free(site);
    config_free(key);
}

Test(config, reads_what_it_printed_and_gets_the_same_hash)
{
    struct config *c = parse(
        "listen = [::1]:0, 0.0.0.0:80\nudp_trusted = private, private, fd00::/9, "
        "::ffff:1.2.3.4\nudp_buffer = 65537B\nrun_dir = \"/a b;\\\\c\"\n"
        "auto_sites = *.example.gov.vn, b.vn\n"
        "[site b]\ntitle = \"  C\xE1\xBB\x95ng \\\"x\\\" # ; \"\nsession_idle = 61s\n"
        "[site a]\nhosts = a.vn, *.a.vn\nonline_window = 120s\n");
    char *text = effective(c);
    struct config *again = parse(text);
    char *text_again = effective(again);
    cr_expect_str_eq(text, text_again);
    cr_expect_eq(c->hash, again->hash);
    free(text);
    free(text_again);
    config_free(c);
    config_free(again);
}

Test(config, writes_the_example_file_byte_for_byte)
{
    size_t limit = config_write_limit(NULL);
    char *made = malloc(limit);
    char *kept = malloc(limit);
    FILE *f = fopen("conf/luotd.conf", "r");
    struct buffer b;
    buffer_init(&b, made, limit);
    config_write_example(&b);
    cr_assert_eq(buffer_error(&b), 0);
    cr_assert_not_null(f, "tests run in the repository's root");
    cr_expect_eq(fread(kept, 1, limit, f), b.length, "run `luotd --print-conf` again");
    cr_expect_eq(memcmp(made, kept, b.length), 0, "run `luotd --print-conf` again");
    fclose(f);
    free(made);
    free(kept);
}

Test(config, does_with_the_example_file_what_it_does_without)
{
    struct config *without = NULL;
    struct config *with = NULL;
    struct config_error error = {""};
    cr_assert_eq(config_load(&without, NULL, NULL, NULL, 0, &error), 0, "%s", error.text);
    cr_assert_eq(config_load(&with, "conf/luotd.conf", NULL, NULL, 0, &error), 0, "%s",
                 error.text);
    cr_expect_eq(with->hash, without->hash);
    cr_assert_eq(without->site_count, 1u);
    cr_expect_str_eq(without->sites[0].key, "demo");
    cr_expect_str_eq(without->sites[0].title, "Demo");
    cr_expect(without->sites[0].public_site);
    cr_expect(without->sites[0].open);
    config_free(with);
    config_free(without);
}

Test(config, describes_every_setting_in_the_help)
{
    size_t limit = config_write_limit(NULL);
    char *help = calloc(1, limit + 1);
    struct buffer b;
    buffer_init(&b, help, limit);
    config_write_help(&b);
    cr_assert_eq(buffer_error(&b), 0);
    cr_expect_eq(help[b.length - 1], '\n');
    for (size_t i = 0; i < sizeof(DEFAULTS) / sizeof(DEFAULTS[0]); i++) {
        char row[64];
        snprintf(row, sizeof(row), "\n  %s =", DEFAULTS[i].name);
        cr_expect_not_null(strstr(help, row), "%s", DEFAULTS[i].name);
    }
    free(help);
}
