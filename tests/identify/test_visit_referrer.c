#include "identify/visit_referrer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"

static struct site_config config;
static struct referrer_list *list;
static struct referrer_cache *cache;
static struct visit_text text;

static void start(const char *deny)
{
    char sentence[REFERRER_LIST_SENTENCE_MAX];

    cr_assert_eq(hash_start(), 0);
    cr_assert_eq(referrer_list_parse(&list, "own",
                                     SLICE("luot referrers 1\nsearch google.com\n"
                                           "social com.zing.zalo\nai b.vn/chat\n"),
                                     "deny", slice_of(deny), sentence),
                 0, "%s", sentence);
    cache = calloc(1, sizeof *cache);
    cr_assert_not_null(cache);
}

static void stop(void)
{
    referrer_list_free(list);
    free(cache);
}

static bool see(struct visit *visit, const char *page, const char *referrer,
                bool as_written)
{
    struct beacon beacon = {
        .kind = BEACON_VIEW, .page = slice_of(page), .referrer = slice_of(referrer)};
    struct visit_scene scene = {.beacon = &beacon,
                                .config = &config,
                                .own_host = SLICE("opened.vn"),
                                .page_host = SLICE("a.vn"),
                                .as_written = as_written};

    *visit = (struct visit){.kind = VISIT_VIEW};
    visit_scene_page(&scene);
    return visit_referrer(visit, &scene, &text, list, cache);
}

static void expect(const char *referrer, const char *class, const char *host, bool entry)
{
    struct visit visit;

    for (int i = 0; i < 2; i++) { /* looked up, then remembered */
        cr_expect(see(&visit, "/x", referrer, false));
        cr_expect(slice_equal(visit.key[DIM_REFERRER_CLASSES], slice_of(class)),
                  "%s: %.*s", referrer, (int)visit.key[DIM_REFERRER_CLASSES].length,
                  visit.key[DIM_REFERRER_CLASSES].at);
        cr_expect(slice_equal(visit.key[DIM_REFERRERS], slice_of(host)), "%s: %.*s",
                  referrer, (int)visit.key[DIM_REFERRERS].length,
                  visit.key[DIM_REFERRERS].at);
        cr_expect_eq(visit.entry, entry, "%s", referrer);
    }
}

Test(visit_referrer, is_a_host_and_a_class)
{
    start("");
    expect("https://www.Google.com/search?q=x", "search", "google.com", true);
    expect("https://news.example.vn:8443/x", "other", "news.example.vn", true);
    expect("android-app://com.zing.zalo/", "social", "com.zing.zalo", true);
    expect("android-app://com.google.com/", "other", "com.google.com", true);
    expect("http://192.168.0.1/", "other", "192.168.0.1", true);
    expect("https://b.vn/chat", "ai", "b.vn", true);
    expect("https://b.vn/", "other", "b.vn", true);
    expect("https://b.vn/chat/1", "ai", "b.vn", true);
    stop();
}

Test(visit_referrer, only_letters_become_small)
{
    start("");
    expect("https://ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=`{}|"
           "\xc4\x90\xe1\xba\xae.VN/",
           "direct", "", true); /* a bar is in no host */
    expect("https://ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=`{}"
           "\xc4\x90\xe1\xba\xae.VN/",
           "other",
           "abcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=`{}"
           "\xc4\x90\xe1\xba\xae.vn",
           true);
    stop();
}

Test(visit_referrer, what_names_no_host_is_direct)
{
    start("");
    expect("", "direct", "", true);
    expect("-", "direct", "", true);
    expect("about:blank", "direct", "", true);
    expect("https://a b/", "direct", "", true);
    expect("https://\xff.vn/", "direct", "", true);
    expect("https://\xe2\x80\xae.vn/", "direct", "", true);
    stop();
}

Test(visit_referrer, the_sites_own_pages_are_no_referrers)
{
    start("");
    strcpy(config.hosts, "*.c.vn");
    expect("https://a.vn/", "internal", "", false);
    expect("https://A.vn/", "internal", "", false);
    expect("https://opened.vn/", "internal", "", false);
    expect("https://www.c.vn/x", "internal", "", false);
    expect("https://www.a.vn/", "other", "a.vn", true);
    stop();
}

Test(visit_referrer, the_host_of_the_page_is_the_sites_own_too)
{
    struct visit visit;

    start("");
    cr_expect(see(&visit, "https://d.vn/y", "https://d.vn/x", false));
    cr_expect(!visit.entry);
    stop();
}

Test(visit_referrer, a_long_host_is_a_host_and_a_longer_one_is_none)
{
    char url[400] = "https://", host[300];
    size_t length = 0;

    start("");
    while (length < 250) {
        memcpy(host + length, "abcdefghi.", 10);
        length += 10;
    }
    strcpy(host + 250, "com");
    strcat(url, host);
    expect(url, "other", host, true);
    strcat(url, "m");
    expect(url, "direct", "", true);
    stop();
}

Test(visit_referrer, as_written_keeps_the_host_whole)
{
    struct visit visit;

    start("");
    cr_expect(see(&visit, "/x", "https://WWW.google.com./", true));
    cr_expect(slice_equal(visit.key[DIM_REFERRERS], SLICE("www.google.com")));
    stop();
}

Test(visit_referrer, one_that_is_denied_is_said_each_time)
{
    struct visit visit;

    start("spam.vn\n");
    for (int i = 0; i < 3; i++) {
        cr_expect(!see(&visit, "/x", "https://a.spam.vn/", false));
        cr_expect(see(&visit, "/x", "https://nospam.vn/", false));
    }
    stop();
}

Test(visit_referrer, without_a_list_there_is_no_class_to_tell)
{
    struct referrer_list *none = NULL;
    struct visit visit;

    start("");
    referrer_list_free(list);
    list = none;
    cr_expect(see(&visit, "/x", "https://google.com/", false));
    cr_expect(slice_equal(visit.key[DIM_REFERRER_CLASSES], SLICE("other")));
    stop();
}

Test(visit_referrer, a_new_list_says_something_new_at_once)
{
    char sentence[REFERRER_LIST_SENTENCE_MAX];

    start("");
    expect("https://google.com/", "search", "google.com", true);
    referrer_list_free(list);
    cr_assert_eq(referrer_list_parse(&list, "own",
                                     SLICE("luot referrers 1\nads google.com\n"), "deny",
                                     SLICE(""), sentence),
                 0);
    expect("https://google.com/", "ads", "google.com", true);
    stop();
}

/* More hosts than the cache has rows: each keeps its own answer. */
Test(visit_referrer, hosts_that_push_each_other_out_are_found_again)
{
    char url[80], host[64];

    start("");
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 3 * REFERRER_CACHE_ROWS; i++) {
            bool known = i % 3 == 0;

            snprintf(host, sizeof host, "h%d.%s", i, known ? "google.com" : "x.vn");
            snprintf(url, sizeof url, "https://%s/", host);
            expect(url, known ? "search" : "other", host, true);
        }
    stop();
}
