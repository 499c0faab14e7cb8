#include "report/snippet.h"

#include "report/box.h"
#include "report/snippet_words.h"

enum { CODE_MAX = 2048 };

bool snippet_url_is_valid(struct slice url)
{
    static const char fine[] = "-._~/:[]%";

    if ((!slice_starts(url, SLICE("https://")) && !slice_starts(url, SLICE("http://"))) ||
        url.length > SNIPPET_URL_MAX)
        return false;
    for (size_t i = 0; i < url.length; i++) {
        char c = url.at[i];
        bool letter = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (c == '\0' || (!letter && strchr(fine, c) == NULL))
            return false;
    }
    return true;
}

/* --- Code --- */

/* Does the page's own host say which site it is? Then the tag is the same for all portals. */
static bool is_found_by_host(const struct site *site)
{
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);

    return terms->config.hosts[0] != '\0' || site->block->host[0] != '\0';
}

static struct slice origin_of(struct slice url)
{
    struct slice rest = url;

    (void)slice_cut(&rest, '/');
    (void)slice_cut(&rest, '/');
    return (struct slice){url.at, (size_t)(rest.at - url.at) + slice_find(rest, '/')};
}

static struct widget words_of(const struct snippet_place *p)
{
    return (struct widget){
        .terms = atomic_load_explicit(&p->site->terms, memory_order_acquire)};
}

static void write_tag(struct buffer *out, const struct snippet_place *p)
{
    buffer_text(out, "<script async src=\"");
    buffer_slice(out, p->url);
    buffer_text(out, "luot.js\"");
    if (!is_found_by_host(p->site)) {
        buffer_text(out, " data-site=\"");
        buffer_text(out, site_shown_key(p->site));
        buffer_byte(out, '"');
    }
    buffer_text(out, "></script>");
}

/* Begins when the page is loaded, so that nothing waits for it: all that a page fetches by
 * itself, an async script too, holds the end of its load. As another origin's (CORS) it
 * comes on the connection on which luot.js sends its beacon, which else were a second one. */
static void write_loader(struct buffer *out, const struct snippet_place *p)
{
    buffer_text(out, "<script>addEventListener('load',function(){var "
                     "s=document.createElement('script');s.crossOrigin='';s.src='");
    buffer_slice(out, p->url);
    buffer_text(out, "luot.js';");
    if (!is_found_by_host(p->site))
        buffer_format(out, "s.dataset.site='%s';", site_shown_key(p->site));
    buffer_text(out, "document.head.appendChild(s)})</script>");
}

/* With words in it, it is right before the script is there, and where it is not allowed. */
static void write_box(struct buffer *out, const struct snippet_place *p)
{
    const struct widget w = words_of(p);
    struct box_wish wish;

    box_wish_default(&wish, p->language);
    buffer_text(out, "<link rel=\"stylesheet\" href=\"");
    buffer_slice(out, p->url);
    buffer_text(out, "widget.css\">\n<div data-luot-box data-lang=\"");
    buffer_slice(out, language_code(p->language));
    buffer_text(out, "\">\n<strong>");
    buffer_text(out, box_heading(&w, p->language));
    buffer_text(out, "</strong>\n<ul>\n");
    for (unsigned i = 0; i < wish.rows; i++)
        buffer_format(out, "<li>%s: <b>–</b></li>\n",
                      box_label(&w, wish.row[i], p->language));
    buffer_text(out, "</ul>\n</div>");
}

static void write_data(struct buffer *out, const struct snippet_place *p)
{
    if (!is_found_by_host(p->site))
        buffer_format(out, ", data-site: %s", site_shown_key(p->site));
}

static void write_name(struct buffer *out, const struct snippet_place *p,
                       const struct snippet *of, struct slice name)
{
    const struct widget w = words_of(p);

    if (slice_equal(name, SLICE("URL")))
        buffer_slice(out, p->url);
    else if (slice_equal(name, SLICE("ORIGIN")))
        buffer_slice(out, origin_of(p->url));
    else if (slice_equal(name, SLICE("KEY")))
        buffer_text(out, site_shown_key(p->site));
    else if (slice_equal(name, SLICE("LANG")))
        buffer_slice(out, language_code(p->language));
    else if (slice_equal(name, SLICE("TITLE")))
        buffer_text(out, box_noun(&w, p->language));
    else if (slice_equal(name, SLICE("NAME")))
        buffer_text(out, of->title[p->language]);
    else if (slice_equal(name, SLICE("TAG")))
        write_tag(out, p);
    else if (slice_equal(name, SLICE("LOADER")))
        write_loader(out, p);
    else if (slice_equal(name, SLICE("BOX")))
        write_box(out, p);
    else if (slice_equal(name, SLICE("DATA")))
        write_data(out, p);
}

static struct slice code_of(const struct snippet *s, const struct snippet_place *p,
                            char memory[CODE_MAX])
{
    struct slice rest = slice_of(s->code);
    struct buffer out;

    buffer_init(&out, memory, CODE_MAX);
    while (rest.length > 0) {
        buffer_slice(&out, slice_cut(&rest, '@'));
        if (rest.length > 0)
            write_name(&out, p, s, slice_cut(&rest, '@'));
    }
    return buffer_written(&out);
}

/* --- Written --- */

void snippet_text(struct buffer *out, const struct snippet_place *p)
{
    char memory[CODE_MAX];

    for (unsigned i = 0; i < SNIPPETS; i++) {
        const struct snippet *s = &snippet_list[i];

        buffer_format(out, "%s## %s\n%s\n\n", i == 0 ? "" : "\n", s->title[p->language],
                      s->how[p->language]);
        buffer_slice(out, code_of(s, p, memory));
        buffer_byte(out, '\n');
    }
}

void snippet_json(struct buffer *out, const struct snippet_place *p)
{
    char memory[CODE_MAX];
    struct json_out j;

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_text(&j, "site", site_shown_key(p->site));
    json_out_slice(&j, "url", p->url);
    json_out_array(&j, "snippets");
    for (unsigned i = 0; i < SNIPPETS; i++) {
        const struct snippet *s = &snippet_list[i];

        json_out_object(&j, NULL);
        json_out_text(&j, "name", s->name);
        json_out_text(&j, "title", s->title[p->language]);
        json_out_text(&j, "how", s->how[p->language]);
        json_out_slice(&j, "code", code_of(s, p, memory));
        json_out_object_end(&j);
    }
    json_out_array_end(&j);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}

void snippet_html(struct buffer *out, const struct snippet_place *p)
{
    char memory[CODE_MAX];

    for (unsigned i = 0; i < SNIPPETS; i++) {
        const struct snippet *s = &snippet_list[i];

        buffer_format(out, "<section id=\"%s\">\n<h2>", s->name);
        buffer_html(out, slice_of(s->title[p->language]));
        buffer_text(out, "</h2>\n<p>");
        buffer_html(out, slice_of(s->how[p->language]));
        buffer_text(out, "</p>\n<pre><code>");
        buffer_html(out, code_of(s, p, memory));
        buffer_text(out, "</code></pre>\n</section>\n");
    }
}
