#include "report/page.h"

#include "base/error.h"
#include "report/widget.h"

static const struct words {
    const char *code, *separator;
    const char *title, *online, *today, *yesterday, *week, *month, *total;
} words[] = {
    [LANGUAGE_VI] = {"vi", ".", "LƯỢT TRUY CẬP", "Đang online", "Hôm nay", "Hôm qua",
                     "Trong tuần", "Trong tháng", "Tất cả"},
    [LANGUAGE_EN] = {"en", ",", "VISITS", "Online now", "Today", "Yesterday", "This week",
                     "This month", "All time"},
    [LANGUAGE_KM] = {"km", ".", "ចំនួនចូលមើល", "កំពុងអនឡាញ", "ថ្ងៃនេះ", "ម្សិលមិញ", "សប្តាហ៍នេះ",
                     "ខែនេះ", "សរុប"},
};

enum { LANGUAGES = sizeof words / sizeof words[0] };

enum language language_parse(struct slice tag)
{
    struct slice first = slice_cut(&tag, '-');

    for (int i = 0; i < LANGUAGES; i++)
        if (slice_equal_nocase(first, slice_of(words[i].code)))
            return (enum language)i;
    return LANGUAGE_VI;
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

static bool fill_label(struct filling *f, struct slice name)
{
    const struct words *w = &words[f->page->language];
    const struct {
        struct slice name;
        const char *text;
    } labels[] = {
        {SLICE("lang"), w->code},         {SLICE("version"), f->page->version},
        {SLICE("label_title"), w->title}, {SLICE("label_online"), w->online},
        {SLICE("label_today"), w->today}, {SLICE("label_yesterday"), w->yesterday},
        {SLICE("label_week"), w->week},   {SLICE("label_month"), w->month},
        {SLICE("label_total"), w->total},
    };

    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (!slice_equal(name, labels[i].name))
            continue;
        buffer_html(f->out, slice_of(labels[i].text));
        return true;
    }
    return false;
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
        if (!fill_label(&f, name) && page->site != NULL)
            fill_site(&f, name);
        rest = (struct slice){close + 2, rest.length - (size_t)(close - rest.at) - 2};
    }
}
