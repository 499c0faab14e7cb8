/* A hit as a line, read back with the daemon's own parser. */
#include <criterion/criterion.h>
#include <errno.h>
#include <unistd.h>

#include "client/wire.h"

Test(luot, carries_every_field_to_the_parser)
{
    char scratch[BEACON_SCRATCH];
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    struct luot_hit hit = LUOT_HIT_INIT;
    hit.site = "so-y-te";
    hit.page = "/tin tức?id=7&x=1+1#a";
    hit.referrer = "https://example.vn/?q=50%";
    hit.title = "Lượt truy cập\t\"=;'\n";
    hit.address = "2001:db8::9";
    hit.user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:115.0)";
    hit.language = "vi,en;q=0.8";
    hit.screen_width = 65535;
    cr_assert_eq(luot_hit(l, &hit), 0);

    struct beacon b = wire_beacon(&w, scratch);
    cr_expect_eq(b.kind, BEACON_VIEW);
    cr_expect(text_is(b.site, hit.site));
    cr_expect(text_is(b.page, hit.page));
    cr_expect(text_is(b.referrer, hit.referrer));
    cr_expect(text_is(b.title, hit.title));
    cr_expect(text_is(b.user_agent, hit.user_agent));
    cr_expect(text_is(b.language, hit.language));
    cr_expect_eq(b.screen_width, 65535);
    struct address address;
    cr_expect_eq(address_parse(&address, SLICE("2001:db8::9")), 0);
    cr_expect(b.has_address && address_equal(&b.address, &address));
    luot_close(l);
    close(w.fd);
}

Test(luot, carries_every_byte_but_nul)
{
    char scratch[BEACON_SCRATCH], all[256];
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    struct luot_hit hit = LUOT_HIT_INIT;
    for (int i = 0; i < 255; i++)
        all[i] = (char)(i + 1);
    all[255] = '\0';
    hit.title = all;
    cr_assert_eq(luot_hit(l, &hit), 0);
    cr_expect(text_is(wire_beacon(&w, scratch).title, all));
    luot_close(l);
    close(w.fd);
}

Test(luot, takes_the_site_of_the_options_for_hits_that_name_none)
{
    char scratch[BEACON_SCRATCH];
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    struct luot_hit hit = LUOT_HIT_INIT;
    cr_assert_eq(luot_hit(l, &hit), 0);
    struct beacon b = wire_beacon(&w, scratch);
    cr_expect(text_is(b.site, "portal"));
    cr_expect(slice_is_empty(b.page) && !b.has_address && b.screen_width == 0);
    luot_close(l);
    close(w.fd);
}

Test(luot, sends_events_and_pings)
{
    char scratch[BEACON_SCRATCH];
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    struct luot_hit event = LUOT_HIT_INIT, ping = LUOT_HIT_INIT;
    event.event = "download";
    ping.ping = 1;
    ping.event = "";
    cr_assert_eq(luot_hit(l, &event), 0);
    cr_assert_eq(luot_hit(l, &ping), 0);
    struct beacon b = wire_beacon(&w, scratch);
    cr_expect(b.kind == BEACON_EVENT && text_is(b.event, "download"));
    cr_expect_eq(wire_beacon(&w, scratch).kind, BEACON_PING);
    luot_close(l);
    close(w.fd);
}

Test(luot, sends_the_512_bytes_of_an_agent_that_identity_looks_at)
{
    char scratch[BEACON_SCRATCH], agent[6001];
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    struct luot_hit hit = LUOT_HIT_INIT;
    memset(agent, 'x', sizeof agent - 1);
    agent[sizeof agent - 1] = '\0';
    hit.user_agent = agent;
    cr_assert_eq(luot_hit(l, &hit), 0);
    cr_expect_eq(wire_beacon(&w, scratch).user_agent.length, (size_t)LUOT_USER_AGENT_MAX);
    luot_close(l);
    close(w.fd);
}

Test(luot, refuses_a_line_over_the_limit_and_takes_one_at_it)
{
    char scratch[BEACON_SCRATCH], page[LUOT_BEACON_MAX];
    const size_t longest = LUOT_BEACON_MAX - strlen("s=portal&p=");
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    struct luot_hit hit = LUOT_HIT_INIT;
    hit.page = page;
    memset(page, 'a', sizeof page);
    page[longest + 1] = '\0';
    cr_expect_eq(error_of_hit(l, &hit), EMSGSIZE);
    page[longest] = '\0';
    cr_expect_eq(error_of_hit(l, &hit), 0);
    cr_expect_eq(wire_beacon(&w, scratch).page.length, longest);
    page[longest - 1] = '%'; /* one byte here, three in the line */
    cr_expect_eq(error_of_hit(l, &hit), EMSGSIZE);
    cr_expect_eq(stats_of(l).hits, 1);

    struct luot_hit event = LUOT_HIT_INIT;
    event.event = page;
    page[LUOT_EVENT_MAX + 1] = '\0';
    cr_expect_eq(error_of_hit(l, &event), EMSGSIZE);
    page[LUOT_EVENT_MAX] = '\0';
    cr_expect_eq(error_of_hit(l, &event), 0);
    cr_expect_eq(wire_beacon(&w, scratch).kind, BEACON_EVENT);
    luot_close(l);
    close(w.fd);
}

Test(luot, refuses_a_hit_that_the_daemon_would_refuse)
{
    static const char *const SITES[] = {"Portal", "-a", "_a", "a b", "a/b", "é"};
    static const char *const ADDRESSES[] = {"1.2.3", "example.vn", "fe80::1%eth0",
                                            "1.2.3.4 "};
    char key[LUOT_SITE_KEY_MAX + 2];
    struct wire w = wire_new();
    struct luot *l = direct(&w);
    for (size_t i = 0; i < sizeof SITES / sizeof SITES[0]; i++) {
        struct luot_hit hit = LUOT_HIT_INIT;
        hit.site = SITES[i];
        cr_expect_eq(error_of_hit(l, &hit), EINVAL, "%s", SITES[i]);
    }
    for (size_t i = 0; i < sizeof ADDRESSES / sizeof ADDRESSES[0]; i++) {
        struct luot_hit hit = LUOT_HIT_INIT;
        hit.address = ADDRESSES[i];
        cr_expect_eq(error_of_hit(l, &hit), EINVAL, "%s", ADDRESSES[i]);
    }
    struct luot_hit both = LUOT_HIT_INIT, wide = LUOT_HIT_INIT, keyed = LUOT_HIT_INIT;
    both.ping = 1;
    both.event = "download";
    cr_expect_eq(error_of_hit(l, &both), EINVAL);
    wide.screen_width = 65536;
    cr_expect_eq(error_of_hit(l, &wide), EINVAL);
    memset(key, 'k', sizeof key);
    key[LUOT_SITE_KEY_MAX + 1] = '\0';
    keyed.site = key;
    cr_expect_eq(error_of_hit(l, &keyed), EINVAL);
    cr_expect_eq(stats_of(l).hits, 0);
    cr_expect(wire_is_empty(&w));
    key[LUOT_SITE_KEY_MAX] = '\0';
    cr_expect_eq(error_of_hit(l, &keyed), 0);
    luot_close(l);
    close(w.fd);
}

Test(luot, refuses_a_hit_without_any_site)
{
    struct luot *l = luot_open(NULL);
    struct luot_hit hit = LUOT_HIT_INIT;
    cr_assert_not_null(l);
    hit.page = "/";
    cr_expect_eq(error_of_hit(l, &hit), EINVAL);
    luot_close(l);
}
