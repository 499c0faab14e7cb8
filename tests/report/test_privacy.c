#include "report/privacy.h"

#include <stdio.h>

#include "lib/read_json.h"
#include "lib/town.h"
#include "report/privacy_rows.h"

static const char config[] = "[site thang]\npublic = yes\ntitle = <b>Sở</b>\n"
                             "[site ngay]\nidentity = day\n";
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
    cr_expect_not_null(strstr(text, "ngay: a day, and one day more; 2026-11-27 00:00"));
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
