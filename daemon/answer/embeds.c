/* What stands on other people's pages without any script: the box as an iframe, one number
 * as an image. Whoever looks at one is there, so none of them says that nobody is. With
 * `?count` each counts a view of the page that holds it, too. And the page that says what
 * to paste. */
#include "answer/routes.h"
#include "parse/query.h"
#include "report/badge.h"
#include "report/box.h"

enum { WORDS_MAX = 128 };

static bool parameter(const struct asked *a, struct slice name, char memory[WORDS_MAX],
                      struct slice *ret_value)
{
    struct slice raw;

    return query_find(a->request->query, name, &raw) && raw.length <= WORDS_MAX &&
           query_decode(ret_value, raw, memory) == 0;
}

static const char *theme_of(const struct asked *a)
{
    char memory[WORDS_MAX];
    struct slice word;

    if (!parameter(a, SLICE("theme"), memory, &word))
        return NULL;
    return slice_equal(word, SLICE("dark"))    ? "dark"
           : slice_equal(word, SLICE("light")) ? "light"
                                               : NULL;
}

void answer_widget_page(struct asked *a)
{
    char memory[WORDS_MAX];
    struct slice words;
    struct box_wish box;
    struct page page = {.language = LANGUAGE_VI,
                        .version = a->lane->service->version,
                        .site = a->site,
                        .document = &a->document,
                        .box = &box,
                        .theme = theme_of(a),
                        .sees_somebody = true};

    (void)query_language(a, &page.language);
    box_wish_default(&box, page.language);
    if (parameter(a, SLICE("rows"), memory, &words))
        box_wish_rows(&box, words);
    if (parameter(a, SLICE("style"), memory, &words))
        box_wish_style(&box, words);
    a->r.policy = OURS_ONLY "frame-ancestors *";
    asked_page(a, SLICE("widget.html"), &page);
}

void answer_snippet_page(struct asked *a)
{
    struct box_wish box;
    struct page page = {.language = LANGUAGE_VI,
                        .version = a->lane->service->version,
                        .site = a->site,
                        .document = &a->document,
                        .box = &box,
                        .sees_somebody = true}; /* as the iframe beside it says it */

    (void)query_language(a, &page.language);
    box_wish_default(&box, page.language);
    a->r.policy = OURS_ONLY "frame-ancestors 'none'";
    asked_page(a, SLICE("snippet.html"), &page);
}

void answer_badge(struct asked *a)
{
    static const char type[] = "image/svg+xml; charset=utf-8";
    char memory[WORDS_MAX];
    struct slice word;
    struct box_wish wish;
    struct widget widget;
    struct buffer body;
    enum box_row row = BOX_TOTAL;
    enum language language = LANGUAGE_VI;

    (void)query_language(a, &language);
    box_wish_default(&wish, language);
    if (parameter(a, SLICE("of"), memory, &word) && box_row_parse(&row, word) != 0) {
        asked_error(a, 400, "of",
                    "of is online, today, yesterday, week, month or total.");
        return;
    }
    widget_read(&widget, a->site, a->document.now);
    widget_sees_somebody(&widget);
    respond_body(&body, a->out);
    badge_svg(&body, &widget, row, &wish);
    a->r.policy = "default-src 'none'; frame-ancestors *";
    if (buffer_error(&body) != 0)
        a->out->error = buffer_error(&body);
    else if (a->plan->outcome != OUTCOME_COUNT)
        asked_counted(a, type, buffer_written(&body));
    else
        asked_document(a, type, buffer_written(&body));
}
