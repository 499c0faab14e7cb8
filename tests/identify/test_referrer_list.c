#include "identify/referrer_list.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "lib/scratch.h"
#include "parse/url.h"

#define FIRST "luot referrers 1\n"

static char sentence[REFERRER_LIST_SENTENCE_MAX];

static struct referrer_list *made(const char *list, const char *deny)
{
    struct referrer_list *l = NULL;

    cr_assert_eq(hash_start(), 0);
    cr_assert_eq(referrer_list_parse(&l, "own.list", slice_of(list), "deny.txt",
                                     slice_of(deny), sentence),
                 0, "%s", sentence);
    return l;
}

static struct referrer_list *builtin(void)
{
    struct referrer_list *l = NULL;

    cr_assert_eq(hash_start(), 0);
    cr_assert_eq(referrer_list_open(&l, "", "", sentence), 0, "%s", sentence);
    return l;
}

/* Of a referrer as it comes. */
static struct referrer_verdict verdict(const struct referrer_list *l, const char *text)
{
    char host[REFERRER_HOST_MAX + 1];
    struct url url;
    size_t i;

    url_parse(&url, slice_of(text));
    cr_assert(url.host.length > 0 && url.host.length <= REFERRER_HOST_MAX, "%s", text);
    for (i = 0; i < url.host.length; i++)
        host[i] =
            (char)(url.host.at[i] >= 'A' && url.host.at[i] <= 'Z' ? url.host.at[i] | 0x20
                                                                  : url.host.at[i]);
    host[i] = '\0';
    return referrer_list_find(l, host, url.path, slice_ends(url.scheme, SLICE("-app")));
}

static void expect(const struct referrer_list *l, const char *text, const char *word)
{
    struct slice got = referrer_class_word(verdict(l, text).class);

    cr_expect(slice_equal(got, slice_of(word)), "%s: %.*s, not %s", text, (int)got.length,
              got.at, word);
}

/* --- What a list says --- */

Test(referrer_list, the_longest_host_wins_and_its_longest_path)
{
    struct referrer_list *l = made(FIRST "search a.vn\n"
                                         "mail in.a.vn\n"
                                         "ai a.vn/chat\n"
                                         "social a.vn/chat/room\n",
                                   "");

    expect(l, "https://a.vn/", "search");
    expect(l, "https://www.a.vn/", "search");
    expect(l, "https://x.in.a.vn/", "mail");
    expect(l, "https://a.vn/chat", "ai");
    expect(l, "https://a.vn/chat/", "ai");
    expect(l, "https://a.vn/chat/room/1", "social");
    expect(l, "https://a.vn/chatter", "search");
    expect(l, "https://xa.vn/", "other");
    expect(l, "https://vn/", "other");
    cr_expect(verdict(l, "https://a.vn/chat").by_path);
    cr_expect(!verdict(l, "https://in.a.vn/chat").by_path);
    referrer_list_free(l);
}

Test(referrer_list, a_path_of_a_host_that_is_nothing_itself)
{
    struct referrer_list *l = made(FIRST "mail a.vn/mail/\n", "");

    expect(l, "https://a.vn/mail", "mail");
    expect(l, "https://a.vn/mail/inbox", "mail");
    expect(l, "https://a.vn/", "other");
    expect(l, "https://a.vn/news", "other");
    referrer_list_free(l);
}

Test(referrer_list, labels_count_below_a_registrable_domain_only)
{
    struct referrer_list *l = made(FIRST "search find.\n"
                                         "mail *mail*.\n"
                                         "ai bot*.\n"
                                         "ads *ads.\n"
                                         "social a.vn\n"
                                         "search s.vn\n"
                                         "other docs.\n"
                                         "other news.find.a.vn\n",
                                   "");

    expect(l, "https://find.b.vn/", "search");
    expect(l, "https://find.vn/", "other");
    expect(l, "https://www.find.b.gov.vn/", "search");
    expect(l, "https://finder.b.vn/", "other");
    expect(l, "https://webmail2.b.gov.vn/", "mail");
    expect(l, "https://mail.gov.vn/", "other"); /* gov.vn is a public suffix */
    expect(l, "https://mailer.com/", "other");
    expect(l, "https://bot1.b.vn/", "ai");
    expect(l, "https://myads.b.vn/", "ads");
    expect(l, "https://adsy.b.vn/", "other");
    expect(l, "https://find.a.vn/", "search");     /* against the domain it wins */
    expect(l, "https://news.find.a.vn/", "other"); /* against a longer host it does not */
    expect(l, "https://x.a.vn/", "social");
    expect(l, "https://docs.s.vn/", "other");
    expect(l, "https://docs.a.vn/", "social"); /* not a search engine */
    expect(l, "https://s.vn/docs.", "search");
    referrer_list_free(l);
}

Test(referrer_list, an_app_is_its_whole_name)
{
    struct referrer_list *l = made(FIRST "mail com.google.android.gm\n"
                                         "social 579523206\n"
                                         "search search.\n",
                                   "");

    expect(l, "android-app://com.google.android.gm", "mail");
    expect(l, "android-app://com.google.android.gm/https/mail.google.com", "mail");
    expect(l, "android-app://org.com.google.android.gm/", "other");
    expect(l, "android-app://com.search.example/", "other");
    expect(l, "ios-app://579523206/zalo", "social");
    referrer_list_free(l);
}

Test(referrer_list, of_a_host_that_stands_there_twice_the_last_counts)
{
    struct referrer_list *l = made(FIRST "search a.vn\nai A.vn\n", "");

    expect(l, "https://a.vn/", "ai");
    cr_expect_eq(referrer_list_hosts(l), 1);
    referrer_list_free(l);
}

Test(referrer_list, comments_and_empty_lines_say_nothing)
{
    struct referrer_list *l =
        made("luot referrers 1\r\n\r\n# search b.vn\r\n  search   a.vn  \r\n", "");

    expect(l, "https://a.vn/", "search");
    expect(l, "https://b.vn/", "other");
    referrer_list_free(l);
}

Test(referrer_list, denies_a_host_and_what_is_below_it)
{
    struct referrer_list *l = made(FIRST "search spam.vn\n", "# spam\n\nSPAM.vn\nx.b.vn");

    cr_expect(verdict(l, "https://spam.vn/").denied);
    cr_expect(verdict(l, "http://a.b.spam.vn/").denied);
    cr_expect(verdict(l, "https://x.b.vn/").denied);
    cr_expect(!verdict(l, "https://b.vn/").denied);
    cr_expect(!verdict(l, "https://nospam.vn/").denied);
    referrer_list_free(l);
}

Test(referrer_list, each_has_a_number_of_its_own)
{
    struct referrer_list *a = made(FIRST, ""), *b = made(FIRST, "");

    cr_expect_neq(referrer_list_id(a), referrer_list_id(b));
    referrer_list_free(a);
    referrer_list_free(b);
    referrer_list_free(NULL);
}

static void expect_domain(const struct referrer_list *l, const char *host,
                          const char *domain)
{
    struct slice got = referrer_list_domain(l, host);

    cr_expect(slice_equal(got, slice_of(domain)), "%s: %.*s", host, (int)got.length,
              got.at);
}

Test(referrer_list, knows_registrable_domains)
{
    struct referrer_list *l = made(FIRST, "");

    expect_domain(l, "www.example.gov.vn", "example.gov.vn");
    expect_domain(l, "example.gov.vn", "example.gov.vn");
    expect_domain(l, "gov.vn", "");
    expect_domain(l, "a.b.example.com", "example.com");
    expect_domain(l, "x.github.io", "x.github.io");
    expect_domain(l, "localhost", "");
    expect_domain(l, "", "");
    expect_domain(l, "\xc4\x91.example.vn", ""); /* not as a browser sends it */
    referrer_list_free(l);
}

/* --- What is refused --- */

static void expect_refused(int code, const char *list, const char *deny,
                           const char *message)
{
    struct referrer_list *l = NULL;
    int rv;

    cr_assert_eq(hash_start(), 0);
    rv = referrer_list_parse(&l, "own.list", slice_of(list), "deny.txt", slice_of(deny),
                             sentence);
    cr_expect_eq(rv, code, "%s: %d", message, rv);
    cr_expect(strstr(sentence, message) != NULL, "%s\n  instead of %s", sentence,
              message);
    cr_expect_null(l);
}

Test(referrer_list, says_file_line_and_what_is_wrong)
{
    expect_refused(ERR_VERSION, "", "", "own.list:1: this is not a list");
    expect_refused(ERR_VERSION, "luot referrers 2\n", "", "own.list:1: ");
    expect_refused(ERR_VERSION, "search a.vn\n", "", "must be `luot referrers 1`");
    expect_refused(ERR_MALFORMED, FIRST "\nserch a.vn\n", "", "own.list:3: the first");
    expect_refused(ERR_MALFORMED, FIRST "direct a.vn\n", "", "own.list:2: the first");
    expect_refused(ERR_MALFORMED, FIRST "internal a.vn\n", "", "own.list:2: the first");
    expect_refused(ERR_MALFORMED, FIRST "search\n", "", "own.list:2: `` is not");
    expect_refused(ERR_MALFORMED, FIRST "search http://a.vn\n", "", "`http://a.vn`");
    expect_refused(ERR_MALFORMED, FIRST "search a b\n", "", "`a b` is not a host");
    expect_refused(ERR_MALFORMED, FIRST "search *.a.vn\n", "", "is not a host");
    expect_refused(ERR_MALFORMED, FIRST "search **.\n", "", "a label is");
    expect_refused(ERR_MALFORMED, FIRST "search a*b.\n", "", "a label is");
    expect_refused(ERR_MALFORMED, FIRST "search a.b.\n", "", "a label is");
    expect_refused(ERR_MALFORMED, FIRST "search abcdefghijklmnopqrstuvwx.\n", "",
                   "own.list:2: a label is");
    expect_refused(ERR_MALFORMED, FIRST, "a.vn\nhttp://b.vn\n", "deny.txt:2: `http");
}

Test(referrer_list, labels_and_paths_have_limits)
{
    char list[REFERRER_LABELS_MAX * 24 + 100] = FIRST;
    size_t length = strlen(list);

    for (int i = 0; i <= REFERRER_LABELS_MAX; i++)
        length += (size_t)snprintf(list + length, sizeof list - length, "ai l%d*.\n", i);
    expect_refused(ERR_FULL, list, "", "own.list:66: there are more than 64 labels");
    snprintf(list, sizeof list, FIRST "ai a.vn/%064d\n", 7);
    expect_refused(ERR_MALFORMED, list, "", "own.list:2: a path has at most 64");
    snprintf(list, sizeof list, FIRST "ai a.vn/%063d\n", 7);
    referrer_list_free(made(list, ""));
}

Test(referrer_list, a_file_that_cannot_be_read_is_said)
{
    struct scratch dir = scratch_new();
    struct referrer_list *l = NULL;
    char path[600];

    cr_assert_eq(hash_start(), 0);
    snprintf(path, sizeof path, "%s/none", dir.dir);
    cr_expect_eq(referrer_list_open(&l, path, "", sentence), ERR_NOT_FOUND);
    cr_expect(strstr(sentence, "/none: no such thing; name a text file") != NULL, "%s",
              sentence);
    cr_expect_eq(referrer_list_open(&l, "", path, sentence), ERR_NOT_FOUND);
    cr_expect_eq(referrer_list_open(&l, dir.dir, "", sentence), ERR_FOREIGN);
    cr_expect_null(l);
    scratch_free(&dir);
}

/* --- The list that is in the program --- */

Test(referrer_list, the_built_in_one_knows_what_everybody_knows)
{
    struct referrer_list *l = builtin();

    expect(l, "https://www.google.com/", "search");
    expect(l, "https://www.google.com.vn/url?q=x", "search");
    expect(l, "https://coccoc.com/search?query=x", "search");
    expect(l, "https://r.duckduckgo.com/", "search");
    expect(l, "https://www.facebook.com/", "social");
    expect(l, "https://lm.facebook.com/l.php?u=x", "social");
    expect(l, "https://chat.zalo.me/", "social");
    expect(l, "https://zalo.me/0901234567", "social");
    expect(l, "android-app://com.zing.zalo/", "social");
    expect(l, "https://mail.google.com/", "mail");
    expect(l, "https://webmail.example.gov.vn/", "mail");
    expect(l, "https://thudientu.example.gov.vn/", "mail");
    expect(l, "https://chatgpt.com/", "ai");
    expect(l, "https://gemini.google.com/app", "ai");
    expect(l, "https://www.perplexity.ai/", "ai");
    expect(l, "https://x.com/i/grok", "ai");
    expect(l, "https://x.com/somebody", "social");
    expect(l, "https://docs.google.com/", "other");
    expect(l, "https://googleads.g.doubleclick.net/", "ads");
    expect(l, "https://vnexpress.net/", "other");
    expect(l, "https://www.example.gov.vn/", "other");
    cr_expect_gt(referrer_list_hosts(l), 1500);
    referrer_list_free(l);
}

/* --- The corpus --- */

struct tally {
    unsigned right, all;
};

static const char *word_of_medium(const char *medium)
{
    return strcmp(medium, "email") == 0     ? "mail"
           : strcmp(medium, "chatbot") == 0 ? "ai"
           : strcmp(medium, "paid") == 0    ? "ads"
                                            : medium;
}

static void judge(const struct referrer_list *l, const json_t *row,
                  struct tally tally[REFERRER_CLASS_COUNT])
{
    const char *uri = json_string_value(json_object_get(row, "uri"));
    const char *word = word_of_medium(json_string_value(json_object_get(row, "medium")));
    enum referrer_class got = verdict(l, uri).class, want = REFERRER_SEARCH;

    while (want < REFERRER_CLASS_COUNT &&
           !slice_equal(referrer_class_word(want), slice_of(word)))
        want++;
    cr_assert_lt(want, REFERRER_CLASS_COUNT, "there is no class %s", word);
    tally[want].all++;
    tally[want].right += got == want;
    if (got != want)
        printf("  %s is %s, we say %s\n", uri, word, referrer_class_word(got).at);
}

/* At least 95 of 100 in the right class; the table is a part of `make data-report`. */
Test(referrer_list, the_labelled_referrers_are_in_the_right_class)
{
    json_t *rows =
        json_load_file("../shared/corpus/referrer/snowplow-referer-tests.json", 0, NULL);
    struct referrer_list *l = builtin();
    struct tally tally[REFERRER_CLASS_COUNT] = {{0, 0}}, total = {0, 0};
    const json_t *row;
    size_t i;

    if (rows == NULL) {
        printf("skipped: no corpus\n");
        referrer_list_free(l);
        return;
    }
    json_array_foreach(rows, i, row)
    {
        judge(l, row, tally);
    }
    for (enum referrer_class c = 0; c < REFERRER_CLASS_COUNT; c++) {
        if (tally[c].all > 0)
            printf("referrers %-8s %4u of %4u\n", referrer_class_word(c).at,
                   tally[c].right, tally[c].all);
        total.right += tally[c].right;
        total.all += tally[c].all;
    }
    printf("referrers %-8s %4u of %4u = %.1f %%\n", "all", total.right, total.all,
           100.0 * total.right / total.all);
    cr_expect_geq(100 * total.right, 95 * total.all);
    json_decref(rows);
    referrer_list_free(l);
}

Test(referrer_list, denies_the_spammers_of_the_corpus_and_nobody_else)
{
    static const char SPAMMERS[] = "../shared/corpus/referrer/matomo-spammers.txt";
    FILE *file = fopen(SPAMMERS, "r");
    struct referrer_list *l = NULL;
    char line[300], url[320];
    unsigned lines = 0;

    if (file == NULL) {
        printf("skipped: no corpus\n");
        return;
    }
    cr_assert_eq(hash_start(), 0);
    cr_assert_eq(referrer_list_open(&l, "", SPAMMERS, sentence), 0, "%s", sentence);
    for (; fgets(line, sizeof line, file) != NULL; lines++) {
        line[strcspn(line, "\n")] = '\0';
        snprintf(url, sizeof url, "http://www.%s/x", line);
        cr_expect(verdict(l, url).denied, "%s", line);
    }
    fclose(file);
    cr_expect_gt(lines, 1000);
    cr_expect(!verdict(l, "https://www.google.com/").denied);
    cr_expect(!verdict(l, "https://www.facebook.com/").denied);
    referrer_list_free(l);
}
