/* What is remembered is what would be worked out: each line twice, with a cache and without
 * one, under settings that say different things of the same text. */
#include "identify/place_cache.h"

#include <criterion/criterion.h>
#include <stdio.h>

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
    bool written;
    const char *event; /* NULL: a view */
};

/* As a beacon has it that nobody decoded; empty stays empty. */
static struct slice write_text(struct slice text, char memory[3 * HASH_TEXT_BYTES],
                               struct spelt *ret_of)
{
    size_t length = 0;

    if (text.length == 0 || text.length > HASH_TEXT_BYTES / 3)
        return text;
    for (size_t i = 0; i < text.length; i++)
        length += (size_t)sprintf(memory + length, "%%%02x", (unsigned char)text.at[i]);
    *ret_of = (struct spelt){hash_text(&secret, text, 0), true, true};
    return (struct slice){memory, length};
}

static bool see(struct visit *visit, struct visit_text *text, const struct line *line,
                struct place_cache *cache)
{
    struct beacon beacon = {.kind = BEACON_VIEW,
                            .page = slice_of(line->page),
                            .referrer = slice_of(line->referrer)};
    char page[3 * HASH_TEXT_BYTES], referrer[3 * HASH_TEXT_BYTES];
    struct visit_scene scene = {.beacon = &beacon,
                                .config = &sites[line->site],
                                .page_host = slice_of(line->own),
                                .referer = slice_of(line->header),
                                .cache = cache,
                                .terms = (uint64_t)line->site + 1};

    if (line->written) {
        beacon.page = write_text(beacon.page, page, &beacon.of_page);
        beacon.referrer = write_text(beacon.referrer, referrer, &beacon.of_referrer);
        scene.memory = text->decoded;
    }
    *visit = (struct visit){.kind = line->event == NULL ? VISIT_VIEW : VISIT_EVENT,
                            .hash_key = &secret};
    beacon.event = slice_of(line->event);
    visit_scene_page(&scene);
    visit_page(visit, &scene, text);
    return visit_referrer(visit, &scene, text, lists[line->list], &hosts[line->list]);
}

static void compare_as(const struct line *line, bool written)
{
    static struct visit_text text[2];
    struct visit is, should;
    bool counts = see(&should, &text[0], line, NULL);
    struct line same = *line;

    same.written = written;
    cr_assert_eq(see(&is, &text[1], &same, places), counts);
    cr_assert_eq(is.entry, should.entry);
    for (int d = 0; d < DIMENSIONS; d++) {
        cr_assert(slice_equal(is.key[d], should.key[d]), "%d of %s, %s (%s): %.*s", d,
                  line->page, line->referrer, line->header, (int)is.key[d].length,
                  is.key[d].at);
        cr_assert(is.hash[d] == 0 || is.hash[d] == hash_text(&secret, is.key[d], 0));
    }
}

/* Whichever comes first leaves the row that the others find. */
static void compare(const struct line *line)
{
    static unsigned turn;

    compare_as(line, turn++ % 2 == 0);
    compare_as(line, turn % 2 == 0);
}

static void compare_all(const char *page, const char *referrer)
{
    for (size_t h = 0; h < COUNT(HEADERS); h++)
        for (size_t o = 0; o < COUNT(OWN); o++)
            for (int i = 0; i < 4; i++)
                compare(&(struct line){page, referrer, HEADERS[h], OWN[o], i / 2, i % 2,
                                       false, NULL});
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

static size_t pages_known(void)
{
    size_t pages = 0;

    for (size_t i = 0; i < PLACE_PAGES; i++)
        pages += places->page[i].tag != 0;
    return pages;
}

/* Else the test above could pass without a cache. */
Test(place_cache, remembers_pages_and_referrers_until_it_forgets)
{
    struct line line = {"/tin-tuc", "https://www.google.com/", "", "", 0, 0, false, NULL};
    size_t referrers = 0;

    start();
    compare(&line);
    for (size_t i = 0; i < PLACE_REFERRERS; i++)
        referrers += places->referrer[i].tag != 0;
    cr_expect_eq(pages_known(), 1u);
    cr_expect_eq(referrers, 1u);
    place_cache_forget(places);
    for (size_t i = 0; i < PLACE_PAGES; i++)
        cr_assert_eq(places->page[i].text[0], '\0');
    for (size_t i = 0; i < PLACE_REFERRERS; i++)
        cr_assert_eq(places->referrer[i].host[0], '\0');
    compare(&line);
    stop();
}

/* All but those of which more is to be said than a name, or than fits. */
Test(place_cache, remembers_names_that_are_no_part_of_the_text)
{
    static char longer[PLACE_PAGE_MAX + 2], fits[PLACE_PAGE_MAX + 9],
        hosted[sizeof fits + 1];
    static const struct {
        const char *page;
        bool remembered;
    } of[] = {{"/tin-tuc/index.html", true},
              {"/a?id=7", true},
              {"/a?x=1", true},
              {"/%C4%91%E1%BB%A9c", true},
              {"https://b.vn/x", true},
              {"/a?utm_source=x", false},
              {"/a?ref=x&id=7", false},
              {longer, false},
              {fits, true},
              {hosted, false}};

    start();
    memset(longer, 'a', sizeof longer - 1);
    longer[0] = '/';
    /* As much as there is room for: a name, and "b.vn" behind it. */
    snprintf(fits, sizeof fits, "https://b.vn%.*s", PLACE_PAGE_MAX - 4, longer);
    snprintf(hosted, sizeof hosted, "https://b.vn%.*s", PLACE_PAGE_MAX - 3, longer);
    for (size_t i = 0; i < COUNT(of); i++) {
        struct line line = {of[i].page, "", "", "", 1, 0, false, NULL};

        compare(&line);
        cr_expect_eq(pages_known(), (size_t)of[i].remembered, "%s", of[i].page);
        place_cache_forget(places);
    }
    stop();
}

/* It has none, so that it does not know whether its page has one. */
Test(place_cache, keeps_no_campaign_from_a_view_because_of_an_event)
{
    static const char *const pages[] = {"/a?utm_source=x", "/a?x=1", "/a"};

    start();
    for (size_t i = 0; i < COUNT(pages); i++) {
        struct line line = {pages[i], "", "", "", 1, 0, false, "download"};

        compare(&line);
        cr_expect_eq(pages_known(), (size_t)(i == 2), "%s", pages[i]);
        line.event = NULL;
        compare(&line);
        line.event = "404";
        compare(&line);
        place_cache_forget(places);
    }
    stop();
}

Test(place_cache, who_is_denied_is_denied_each_time)
{
    struct line line = {"/", "https://denied.vn/", "", "", 0, 0, false, NULL};
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
    struct line line = {page, referrer, "", "", 0, 0, false, NULL};

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
