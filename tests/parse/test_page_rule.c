#include "parse/page_rule.h"

#include <criterion/criterion.h>

Test(page_rule, knows_assets_by_the_last_extension)
{
    const char *const assets[] = {"/a.css", "/a.b/c.PNG", "/x.tar.gz", "/.js",
                                  "a.webmanifest"};
    const char *const pages[] = {
        "/", "/a",        "/a.css/", "/a.html",         "/a.php", "/a.",     "/css",
        "",  "/a.css js", "/a.cs",   "/a.webmanifestx", "/a.c",   "/a.css.x"};
    for (size_t i = 0; i < sizeof assets / sizeof *assets; i++)
        cr_expect(page_rule_is_asset(slice_of(assets[i])), "%s", assets[i]);
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        cr_expect_not(page_rule_is_asset(slice_of(pages[i])), "%s", pages[i]);
    cr_expect_not(page_rule_is_asset(SLICE("/a.css\0")));
}

Test(page_rule, paths_that_begin_so_are_no_pages)
{
    const char *list = "/api/, /ajax ,/x";

    cr_expect_not(page_rule_is_page(list, SLICE("/api/tin")));
    cr_expect_not(page_rule_is_page(list, SLICE("/ajax")));
    cr_expect_not(page_rule_is_page(list, SLICE("/ajax-2")));
    cr_expect_not(page_rule_is_page(list, SLICE("/x")));
    cr_expect(page_rule_is_page(list, SLICE("/api")));
    cr_expect(page_rule_is_page(list, SLICE("/API/tin")));
    cr_expect(page_rule_is_page(list, SLICE("/tin/api/")));
    cr_expect(page_rule_is_page("", SLICE("/api/")));
    cr_expect_not(page_rule_is_page("/", SLICE("/")));
    cr_expect(page_rule_is_page("/", (struct slice){NULL, 0}), "a record without a page");
}

static struct log_line answered(const char *method, const char *target, unsigned status)
{
    struct log_line line = {.status = status};

    log_line_set_target(&line, slice_of(method), slice_of(target));
    return line;
}

Test(page_rule, each_rule_takes_its_methods_and_statuses)
{
    static const struct {
        const char *method, *target;
        unsigned status;
        bool page, pv1;
    } cases[] = {
        {"GET", "/", 200, true, true},        {"GET", "/tin?a=1.css", 200, true, true},
        {"GET", "/", 201, true, false},       {"GET", "/", 299, true, false},
        {"GET", "/", 304, true, false},       {"GET", "/", 300, false, false},
        {"GET", "/", 301, false, false},      {"GET", "/", 404, false, false},
        {"GET", "/", 500, false, false},      {"GET", "/", 199, false, false},
        {"POST", "/", 200, false, true},      {"POST", "/", 304, false, false},
        {"HEAD", "/", 200, false, false},     {"OPTIONS", "*", 200, false, false},
        {"GET", "/a.css", 200, false, false}, {"POST", "/a.JS?x", 200, false, false},
        {"", "/", 200, false, false},         {"get", "/", 200, false, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct log_line line =
            answered(cases[i].method, cases[i].target, cases[i].status);

        cr_expect_eq(page_rule_is_view(PAGE_RULE_PAGE, &line), cases[i].page, "page %zu",
                     i);
        cr_expect_eq(page_rule_is_view(PAGE_RULE_PV1, &line), cases[i].pv1, "pv1 %zu", i);
    }
}

Test(page_rule, what_is_missing_and_what_is_kept_are_events_of_a_page)
{
    static const struct {
        const char *method, *target;
        unsigned status;
        enum page_kind page;
    } cases[] = {
        {"GET", "/", 200, PAGE_VIEW},
        {"GET", "/x", 404, PAGE_NOT_FOUND},
        {"GET", "/x.php?a", 404, PAGE_NOT_FOUND},
        {"GET", "/favicon.ico", 404, PAGE_NONE},
        {"GET", "/a.pdf", 404, PAGE_NONE},
        {"POST", "/x", 404, PAGE_NONE},
        {"HEAD", "/x", 404, PAGE_NONE},
        {"GET", "/x", 410, PAGE_NONE},
        {"GET", "/van-ban/1.PDF?v=2", 200, PAGE_DOWNLOAD},
        {"GET", "/a.tar.gz", 200, PAGE_DOWNLOAD},
        {"GET", "/a.pdf", 206, PAGE_NONE},
        {"GET", "/a.pdf", 304, PAGE_NONE},
        {"GET", "/a.png", 200, PAGE_NONE},
        {"", "", 400, PAGE_NONE},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct log_line line =
            answered(cases[i].method, cases[i].target, cases[i].status);
        bool view = cases[i].page == PAGE_VIEW;

        cr_expect_eq(page_rule_kind(PAGE_RULE_PAGE, &line), cases[i].page, "%zu", i);
        cr_expect_eq(page_rule_kind(PAGE_RULE_PV1, &line), view ? PAGE_VIEW : PAGE_NONE,
                     "%zu", i);
    }
}
