#include "report/privacy.h"

#include <stdio.h>

#include "lib/read_json.h"
#include "lib/town.h"
#include "report/privacy_rows.h"

static const char config[] = "[site thang]\npublic = yes\ntitle = <b>Sở</b>\n"
                             "[site ngay]\nidentity = day\nmin_visitors = 12\n";
/* Month, 2026-12-01 and seven days; day, the end of 2026-11-26; by the site's clock. */
enum { MONTH_UNTIL = 1796662800, DAY_UNTIL = 1795712400 };

static struct privacy facts(const struct town *t)
{
    return (struct privacy){.now = town_now(t),
                            .version = "9.9",
                            .contact = "",
                            .arena_fs = "tmpfs",
                            .sqlite = true,
                            .registry = t->registry,
                            .all = true};
}

typedef void write_fn(struct buffer *, const struct privacy *, enum language);

/* Freed by the caller; it must fit what privacy_limit says. */
static char *written(write_fn *write, const struct privacy *p, enum language language)
{
    size_t limit = privacy_limit(p);
    char *memory = malloc(limit + 1);
    struct buffer b;

    cr_assert_not_null(memory);
    buffer_init(&b, memory, limit);
    write(&b, p, language);
    cr_assert_eq(buffer_error(&b), 0);
    memory[b.length] = '\0';
    return memory;
}

static bool says(const struct privacy *p, const char *id)
{
    char *text = written(privacy_json, p, LANGUAGE_EN), quoted[64];
    bool found;

    snprintf(quoted, sizeof quoted, "\"id\":\"%s\"", id);
    found = strstr(text, quoted) != NULL;
    free(text);
    return found;
}

Test(privacy, every_row_is_there_in_every_language)
{
    size_t count;
    const struct privacy_row *rows = privacy_rows(&count);

    for (size_t i = 0; i < count; i++)
        for (int language = 0; language < LANGUAGES; language++) {
            cr_expect_not_null(rows[i].text[language], "%s", rows[i].id);
            /* A row of how long is one in all three, and only where it is asked. */
            cr_expect_eq(rows[i].how_long[language] != NULL, rows[i].part == PRIVACY_KEPT,
                         "%s", rows[i].id);
        }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            cr_expect_str_neq(rows[i].id, rows[k].id);
}

Test(privacy, says_of_each_site_until_when_its_marks_live)
{
    struct town t;
    struct privacy p;
    char *text;

    town_init(&t, config, TOWN_NOON);
    p = facts(&t);
    cr_expect_eq(site_marks_until(town_site(&t, "thang"), p.now), MONTH_UNTIL);
    cr_expect_eq(site_marks_until(town_site(&t, "ngay"), p.now), DAY_UNTIL);
    text = written(privacy_text, &p, LANGUAGE_EN);
    cr_expect_not_null(strstr(text, "thang: a month, and 7 days more; 2026-12-08 00:00"));
    cr_expect_not_null(
        strstr(text, "ngay: a day, and one day more; 2026-11-27 00:00; 12\n"));
    free(text);
    town_wait(&t, 86400);
    p.now = town_now(&t);
    cr_expect_eq(site_marks_until(town_site(&t, "ngay"), p.now), DAY_UNTIL + 86400);
    cr_expect_eq(site_marks_until(town_site(&t, "thang"), p.now), MONTH_UNTIL);
    town_release(&t);
}

Test(privacy, says_where_it_is_kept_from_the_real_state)
{
    struct town t;
    struct privacy p;

    town_init(&t, config, TOWN_NOON);
    p = facts(&t);
    cr_expect(says(&p, "sqlite") && says(&p, "memory"));
    cr_expect_not(says(&p, "redis") || says(&p, "disk") || says(&p, "nowhere"));
    p.arena_fs = "ext4";
    cr_expect(says(&p, "disk"));
    cr_expect_not(says(&p, "memory"));
    p.sqlite = false;
    cr_expect(says(&p, "nowhere"));
    p.keys_shared = true;
    cr_expect_not(says(&p, "shared_key"), "there is nobody to share with");
    p.redis = true;
    cr_expect(says(&p, "redis") && says(&p, "shared_key"));
    cr_expect_not(says(&p, "nowhere") || says(&p, "sqlite"));
    town_release(&t);
}

/* What a row says of it in a language; freed by the caller. */
static char *sentence(const struct privacy *p, const char *id, bool how_long,
                      enum language language)
{
    char *memory = malloc(PRIVACY_SENTENCE_MAX);
    size_t count;
    const struct privacy_row *rows = privacy_rows(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].id, id) == 0)
            (void)privacy_sentence(memory,
                                   (how_long ? rows[i].how_long : rows[i].text)[language],
                                   p, language);
    return memory;
}

static void expect_said(const struct privacy *p, const char *id, bool how_long,
                        enum language language, const char *expected)
{
    char *said = sentence(p, id, how_long, language);

    cr_expect_not_null(strstr(said, expected), "%s: \"%s\", not \"%s\"", id, said,
                       expected);
    free(said);
}

Test(privacy, says_for_how_long_a_limit_knows_an_address)
{
    static const struct {
        const char *settings, *how_long;
        int64_t seconds;
    } cases[] = {
        {"", "15 hours", 51848}, /* 600 at 1,000 a day */
        {"new_visitors_per_address = off\n", "18 seconds", 18},
        {"rate_limit = 1/min burst 10\nnew_visitors_per_address = off\n", "11 minutes",
         608},
        {"rate_limit = off\nnew_visitors_per_address = 1/d burst 4\n", "5 days", 345608},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        struct town t;
        struct privacy p;

        snprintf(text, sizeof text, "%s%s", cases[i].settings, config);
        town_init(&t, text, TOWN_NOON);
        p = facts(&t);
        cr_expect_eq(privacy_limit_kept_s(&p), cases[i].seconds);
        expect_said(&p, "limits", true, LANGUAGE_EN, cases[i].how_long);
        cr_expect(says(&p, "limits"));
        town_release(&t);
    }
}

Test(privacy, says_that_who_was_just_here_is_known_for_a_quarter_of_an_hour)
{
    struct town t;
    struct privacy p;

    town_init(&t, config, TOWN_NOON);
    p = facts(&t);
    expect_said(&p, "caches", false, LANGUAGE_EN, "a quarter of an hour, the marks");
    expect_said(&p, "caches", false, LANGUAGE_VI, "lâu nhất 15 phút, dấu hiệu");
    expect_said(&p, "caches", false, LANGUAGE_KM, "យ៉ាងយូរ 15 នាទី សញ្ញា");
    town_release(&t);
}

/* Redis alone takes none. */
Test(privacy, says_what_is_kept_of_past_logs_where_a_store_takes_it)
{
    struct town t;
    struct privacy p;

    town_init(&t, config, TOWN_NOON);
    p = facts(&t);
    cr_expect(says(&p, "imported"));
    expect_said(&p, "imported", false, LANGUAGE_EN,
                "pages, sites that visitors came from");
    expect_said(&p, "imported", true, LANGUAGE_EN, "by day 26 months");
    p.sqlite = false;
    p.redis = true;
    cr_expect_not(says(&p, "imported"));
    town_release(&t);
}

Test(privacy, says_nothing_of_limits_and_signatures_where_there_are_none)
{
    struct town t;
    struct privacy p;

    town_init(&t, "rate_limit = off\nnew_visitors_per_address = off\n[site a]\n",
              TOWN_NOON);
    p = facts(&t);
    cr_expect_not(says(&p, "limits") || says(&p, "signed") || says(&p, "log_lines") ||
                  says(&p, "countries") || says(&p, "networks"));
    p.countries = p.networks = true;
    cr_expect(says(&p, "countries") && says(&p, "networks"));
    town_release(&t);
    town_init(&t, "writers = cms:/nowhere\n[site a]\nsource = logs\n", TOWN_NOON);
    p = facts(&t);
    cr_expect(says(&p, "signed") && says(&p, "log_lines"));
    town_release(&t);
}

Test(privacy, says_from_how_many_visitors_on_lists_are_shown)
{
    struct town t;
    struct privacy p;

    town_init(&t, config, TOWN_NOON);
    p = facts(&t);
    expect_said(&p, "min_visitors", false, LANGUAGE_EN, "fewer than 5–12 visitors");
    expect_said(&p, "min_visitors", false, LANGUAGE_VI, "ít hơn 5–12 khách");
    cr_expect_not(says(&p, "min_visitors_off"));
    town_release(&t);
    town_init(&t, "[site a]\nmin_visitors = 0\n", TOWN_NOON);
    p = facts(&t);
    cr_expect(says(&p, "min_visitors_off"));
    cr_expect_not(says(&p, "min_visitors"));
    town_release(&t);
}

Test(privacy, says_for_how_long_tops_are_kept_by_which_store)
{
    struct town t;
    struct privacy p;

    town_init(&t, config, TOWN_NOON);
    p = facts(&t);
    expect_said(&p, "tops", true, LANGUAGE_EN,
                "by day 26 months, then by month for ever");
    p.redis = true;
    expect_said(&p, "tops", true, LANGUAGE_KM, "26 ខែ");
    p.sqlite = false;
    expect_said(&p, "tops", true, LANGUAGE_VI, "25 tháng");
    p.redis = false;
    expect_said(&p, "tops", true, LANGUAGE_EN, "three days");
    town_release(&t);
}

/* None is cut, and none has a figure that nobody writes. */
Test(privacy, every_sentence_fits_with_its_figures)
{
    struct town t;
    struct privacy p;
    size_t count;
    const struct privacy_row *rows = privacy_rows(&count);

    town_init(&t, config, TOWN_NOON);
    p = facts(&t);
    for (size_t i = 0; i < count; i++)
        for (int n = 0; n < 2 * LANGUAGES; n++) {
            enum language language = (enum language)(n / 2);
            const char *text = (n % 2 ? rows[i].how_long : rows[i].text)[language];
            char memory[PRIVACY_SENTENCE_MAX];

            if (text == NULL)
                continue;
            (void)privacy_sentence(memory, text, &p, language);
            cr_expect_gt(strlen(memory), 0u, "%s", rows[i].id);
            cr_expect_lt(strlen(text), PRIVACY_SENTENCE_MAX - 256u, "%s", rows[i].id);
            cr_expect_null(strpbrk(memory, "{}"), "%s: %s", rows[i].id, memory);
            cr_expect(strchr(text, '{') != NULL || strcmp(memory, text) == 0);
        }
    town_release(&t);
}

Test(privacy, names_public_sites_only_to_strangers_and_escapes_what_people_typed)
{
    static const char *const hostile[] = {"javascript:alert(1)", "data:a@b", "a\"@<b>",
                                          "https://x/\"><script>"};
    struct town t;
    struct privacy p;
    char *text;

    town_init(&t, config, TOWN_NOON);
    p = facts(&t);
    p.all = false;
    for (int language = 0; language < LANGUAGES; language++) {
        text = written(privacy_html, &p, (enum language)language);
        cr_expect_not_null(strstr(text, "&lt;b&gt;Sở&lt;/b&gt;"));
        cr_expect_null(strstr(text, "ngay</th>"));
        free(text);
    }
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        p.contact = hostile[i];
        text = written(privacy_html, &p, LANGUAGE_VI);
        cr_expect_null(strstr(text, "<script>"));
        cr_expect_null(strstr(text, "href=\"javascript"));
        cr_expect_null(strstr(text, "href=\"data"));
        cr_expect_null(strstr(text, "<b>"));
        free(text);
    }
    p.contact = "hoi@example.gov.vn";
    text = written(privacy_html, &p, LANGUAGE_VI);
    cr_expect_not_null(strstr(text, "href=\"mailto:hoi@example.gov.vn\""));
    free(text);
    town_release(&t);
}
