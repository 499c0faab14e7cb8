#include "report/page.h"

#include "base/error.h"
#include "report/box.h"
#include "report/box_words.h"
#include "report/snippet.h"

static const struct {
    const char *code, *separator;
} words[] = {[LANGUAGE_VI] = {"vi", "."},
             [LANGUAGE_EN] = {"en", ","},
             [LANGUAGE_KM] = {"km", "."}};

enum { LANGUAGES = sizeof words / sizeof words[0] };

enum language language_parse(struct slice tag)
{
    struct slice first = slice_cut(&tag, '-');

    for (int i = 0; i < LANGUAGES; i++)
        if (slice_equal_nocase(first, slice_of(words[i].code)))
            return (enum language)i;
    return LANGUAGE_VI;
}

struct slice language_code(enum language language)
{
    return slice_of(words[language].code);
}

void grouped_number(struct buffer *out, uint64_t number, enum language language)
{
    char digits[20];
    struct buffer b;

    buffer_init(&b, digits, sizeof digits);
    buffer_number(&b, number);
    for (size_t i = 0; i < b.length; i++) {
        if (i > 0 && (b.length - i) % 3 == 0)
            buffer_text(out, words[language].separator);
        buffer_byte(out, digits[i]);
    }
}

/* --- What stands for a name --- */

struct filling {
    struct buffer *out;
    const struct page *page;
    struct widget widget; /* of page->site, once one of its numbers was asked for */
    bool read;
};

static const struct widget *numbers(struct filling *f)
{
    if (!f->read)
        widget_read(&f->widget, f->page->site, f->page->document->now);
    if (!f->read && f->page->sees_somebody)
        widget_sees_somebody(&f->widget);
    f->read = true;
    return &f->widget;
}

static const struct site_terms *terms_of(const struct filling *f)
{
    return atomic_load_explicit(&f->page->site->terms, memory_order_acquire);
}

static void fill_json(struct filling *f)
{
    char memory[1024];
    struct buffer b;

    buffer_init(&b, memory, sizeof memory);
    widget_json(&b, f->page->site, numbers(f), f->page->document);
    if (buffer_error(&b) == 0)
        buffer_html(f->out, slice_trim(buffer_written(&b)));
}

static void fill_box(struct filling *f)
{
    if (f->page->box != NULL)
        box_html(f->out, f->page->box, numbers(f));
}

static void fill_snippets(struct filling *f)
{
    const struct snippet_place place = {.url = SLICE("https://HOST/"),
                                        .site = f->page->site,
                                        .language = f->page->language};

    snippet_html(f->out, &place);
}

static void fill_preloads(struct filling *f)
{
    for (size_t i = 0; i < PAGE_PRELOADS_MAX && f->page->preload[i] != NULL; i++) {
        buffer_text(f->out, "<link rel=\"preload\" href=\"");
        buffer_html(f->out, slice_of(f->page->preload[i]));
        buffer_text(f->out, "\" as=\"fetch\" crossorigin>\n");
    }
}

/* What the numbers count; on a page of no site visits, which is the default. */
static const char *heading(const struct filling *f)
{
    return box_words(f->page->language)
        ->heading[f->page->site == NULL ? METRIC_VISITS : terms_of(f)->config.metric];
}

static bool fill_label(struct filling *f, struct slice name)
{
    static const char label[] = "label_";
    const char *text = NULL;
    enum box_row row;

    if (slice_equal(name, SLICE("lang")))
        text = words[f->page->language].code;
    else if (slice_equal(name, SLICE("version")))
        text = f->page->version;
    else if (slice_equal(name, SLICE("theme")))
        text = f->page->theme == NULL ? "" : f->page->theme;
    else if (slice_equal(name, SLICE("label_title")))
        text = heading(f);
    else if (slice_starts(name, SLICE(label)) &&
             box_row_parse(&row, (struct slice){name.at + sizeof label - 1,
                                                name.length - sizeof label + 1}) == 0)
        text = box_words(f->page->language)->label[row];
    if (text != NULL)
        buffer_html(f->out, slice_of(text));
    return text != NULL;
}

static void fill_site(struct filling *f, struct slice name)
{
    static const struct {
        struct slice name;
        size_t offset;
    } numbered[] = {
        {{"online", 6}, offsetof(struct widget, online)},
        {{"today", 5}, offsetof(struct widget, today)},
        {{"yesterday", 9}, offsetof(struct widget, yesterday)},
        {{"week", 4}, offsetof(struct widget, week)},
        {{"month", 5}, offsetof(struct widget, month)},
        {{"total", 5}, offsetof(struct widget, total)},
    };

    if (slice_equal(name, SLICE("site")))
        buffer_html(f->out, slice_of(site_shown_key(f->page->site)));
    else if (slice_equal(name, SLICE("title")))
        buffer_html(f->out, slice_of(site_title(f->page->site)));
    else if (slice_equal(name, SLICE("metric")))
        buffer_html(f->out, slice_of(metric_word(terms_of(f)->config.metric)));
    else if (slice_equal(name, SLICE("online_window_s")))
        buffer_number(f->out, terms_of(f)->config.online_window_s);
    else if (slice_equal(name, SLICE("json")))
        fill_json(f);
    else if (slice_equal(name, SLICE("box")))
        fill_box(f);
    else if (slice_equal(name, SLICE("snippets")))
        fill_snippets(f);
    for (size_t i = 0; i < sizeof numbered / sizeof numbered[0]; i++) {
        uint64_t number;
        if (!slice_equal(name, numbered[i].name))
            continue;
        memcpy(&number, (const char *)numbers(f) + numbered[i].offset, sizeof number);
        grouped_number(f->out, number, f->page->language);
    }
}

void page_write(struct buffer *out, struct slice page_template, const struct page *page)
{
    struct filling f = {.out = out, .page = page};
    struct slice rest = page_template;

    while (rest.length > 0) {
        const char *open = memmem(rest.at, rest.length, "{{", 2), *close;
        size_t text = open == NULL ? rest.length : (size_t)(open - rest.at);
        struct slice name;

        buffer_bytes(out, rest.at, text);
        rest = (struct slice){rest.at + text, rest.length - text};
        close = rest.length == 0 ? NULL : memmem(rest.at, rest.length, "}}", 2);
        if (close == NULL) {
            buffer_slice(out, rest);
            return;
        }
        name = slice_trim((struct slice){rest.at + 2, (size_t)(close - rest.at) - 2});
        if (slice_equal(name, SLICE("preloads")))
            fill_preloads(&f);
        else if (!fill_label(&f, name) && page->site != NULL)
            fill_site(&f, name);
        rest = (struct slice){close + 2, rest.length - (size_t)(close - rest.at) - 2};
    }
}
