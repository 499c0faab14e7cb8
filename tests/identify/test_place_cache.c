/* What is remembered is what would be worked out: each line twice, with a cache and without
 * one, under settings that say different things of the same text. */
#include "identify/place_cache.h"

#include <criterion/criterion.h>

#include "base/hash.h"
#include "identify/visit_page.h"
#include "identify/visit_referrer.h"

static struct hash_text_key secret;
static struct place_cache *places;
static struct referrer_list *lists[2];
static struct referrer_cache hosts[2];
static struct site_config sites[2];

static const char *const PAGES[] = {"",
                                    "/",
                                    "/tin-tuc/bai-viet",
                                    "/tin-tuc/index.html",
                                    "/%C4%91%E1%BB%A9c",
                                    "/a?utm_source=x&utm_medium=y",
                                    "/a?id=7",
                                    "/a#b",
                                    "https://a.vn/",
                                    "https://a.vn/x",
                                    "https://b.vn/x",
                                    "https://B.vn:8080/x/",
                                    "about:blank",
                                    "  /y "};
static const char *const REFERRERS[] = {
    "",
    "https://www.google.com/",
    "https://a.vn/y",
    "https://b.vn/y",
    "https://www.b.vn",
    "https://C.vn/chat",
    "https://c.vn/",
    "android-app://com.zing.zalo/",
    "not a host",
    "https://a-host-that-is-longer-than-what-is-remembered-of-one.example.vn/"};
static const char *const HEADERS[] = {"", "https://a.vn/", "https://a.vn/x",
                                      "https://b.vn/x"};
static const char *const OWN[] = {"", "a.vn", "b.vn"};

#define COUNT(list) (sizeof list / sizeof list[0])

static void start(void)
{
    static const char *const text[] = {"luot referrers 1\nsearch google.com\n",
                                       "luot referrers 1\nai c.vn/chat\nsocial b.vn\n"};
    char sentence[REFERRER_LIST_SENTENCE_MAX];

    cr_assert_eq(hash_start(), 0);
    hash_text_key_random(&secret);
    places = place_cache_new(&secret);
    cr_assert_not_null(places);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(referrer_list_parse(&lists[i], "own", slice_of(text[i]), "deny",
                                         SLICE("denied.vn\n"), sentence),
                     0, "%s", sentence);
    strcpy(sites[1].hosts, "a.vn, b.vn");
    strcpy(sites[1].page_query, "id");
}

static void stop(void)
{
    place_cache_free(places);
    referrer_list_free(lists[0]);
    referrer_list_free(lists[1]);
}

struct line {
    const char *page, *referrer, *header, *own;
    int site, list;
};

static bool see(struct visit *visit, struct visit_text *text, const struct line *line,
                struct place_cache *cache)
{
    struct beacon beacon = {.kind = BEACON_VIEW,
                            .page = slice_of(line->page),
                            .referrer = slice_of(line->referrer)};
    struct visit_scene scene = {.beacon = &beacon,
                                .config = &sites[line->site],
                                .page_host = slice_of(line->own),
                                .referer = slice_of(line->header),
                                .cache = cache,
                                .terms = (uint64_t)line->site + 1};

    *visit = (struct visit){.kind = VISIT_VIEW, .hash_key = &secret};
    visit_scene_page(&scene);
    visit_page(visit, &scene, text);
    return visit_referrer(visit, &scene, text, lists[line->list], &hosts[line->list]);
}

static void compare(const struct line *line)
{
    static struct visit_text text[2];
    struct visit is, should;
    bool counts = see(&should, &text[0], line, NULL);

    cr_assert_eq(see(&is, &text[1], line, places), counts);
    cr_assert_eq(is.entry, should.entry);
    for (int d = 0; d < DIMENSIONS; d++) {
        cr_assert(slice_equal(is.key[d], should.key[d]), "%d of %s, %s (%s): %.*s", d,
                  line->page, line->referrer, line->header, (int)is.key[d].length,
                  is.key[d].at);
        cr_assert(is.hash[d] == 0 || is.hash[d] == hash_text(&secret, is.key[d], 0));
    }
}

static void compare_all(const char *page, const char *referrer)
{
    for (size_t h = 0; h < COUNT(HEADERS); h++)
        for (size_t o = 0; o < COUNT(OWN); o++)
            for (int i = 0; i < 4; i++)
                compare(&(struct line){page, referrer, HEADERS[h], OWN[o], i / 2, i % 2});
}

Test(place_cache, says_what_would_be_worked_out)
{
    start();
    for (int times = 0; times < 2; times++)
        for (size_t p = 0; p < COUNT(PAGES); p++)
            for (size_t r = 0; r < COUNT(REFERRERS); r++)
                compare_all(PAGES[p], REFERRERS[r]);
    stop();
}

/* Else the test above could pass without a cache. */
Test(place_cache, remembers_pages_and_referrers_until_it_forgets)
{
    struct line line = {"/tin-tuc", "https://www.google.com/", "", "", 0, 0};
    size_t pages = 0, referrers = 0;

    start();
    compare(&line);
    for (size_t i = 0; i < PLACE_PAGES; i++)
        pages += places->page[i].tag != 0;
    for (size_t i = 0; i < PLACE_REFERRERS; i++)
        referrers += places->referrer[i].tag != 0;
    cr_expect_eq(pages, 1u);
    cr_expect_eq(referrers, 1u);
    place_cache_forget(places);
    for (size_t i = 0; i < PLACE_REFERRERS; i++)
        cr_assert_eq(places->referrer[i].host[0], '\0');
    compare(&line);
    stop();
}

Test(place_cache, who_is_denied_is_denied_each_time)
{
    struct line line = {"/", "https://denied.vn/", "", "", 0, 0};
    struct visit visit;
    static struct visit_text text;

    start();
    for (int i = 0; i < 3; i++)
        cr_expect_not(see(&visit, &text, &line, places));
    stop();
}

/* Of these only the first HASH_TEXT_BYTES are in a hash, and how many there are. */
Test(place_cache, long_texts_that_differ_far_behind_are_two)
{
    enum { FAR = HASH_TEXT_BYTES + 100 };
    static const char *const ends[][2] = {{"@www.google.com/", "/b"},
                                          {"@spam.example.v/", "?utm_source=x"},
                                          {"@x.denied.vn/aaa", "#aaaaaaaaaaaa"}};
    static char page[FAR + 32], referrer[FAR + 32];
    struct line line = {page, referrer, "", "", 0, 0};

    start();
    memset(page, 'a', sizeof page - 1);
    page[0] = '/';
    memset(referrer, 'a', sizeof referrer - 1);
    memcpy(referrer, "https://", 8);
    for (size_t i = 0; i < 2 * COUNT(ends); i++) {
        const char *const *end = ends[i % COUNT(ends)];

        memcpy(referrer + FAR, end[0], strlen(end[0]) + 1);
        memset(page + FAR, 'a', 31);
        memcpy(page + FAR, end[1], strlen(end[1]));
        compare(&line);
    }
    stop();
}
