#include "report/privacy.h"

#include "base/date.h"
#include "report/privacy_rows.h"

enum {
    FIXED_BYTES = 96 << 10, /* all sentences of a language, and what is around them */
    SITE_BYTES = 2048,      /* a site's row, its title escaped                      */
    DAY_S = 86400
};

size_t privacy_limit(const struct privacy *p)
{
    return FIXED_BYTES + (registry_count(p->registry) + 1) * (size_t)SITE_BYTES;
}

static bool holds(const struct privacy_row *row, const struct privacy *p)
{
    return row->holds == NULL || row->holds(p);
}

static bool is_shown(const struct privacy *p, const struct site *s)
{
    return s != NULL && (p->all || site_is_public(s));
}

static const struct site_terms *terms_of(const struct site *s)
{
    return atomic_load_explicit(&s->terms, memory_order_acquire);
}

static bool is_daily(const struct site *s)
{
    return privacy_site_config(s)->identity == IDENTITY_DAY;
}

/* "08/12/2026 00:00", in English "2026-12-08 00:00": by the site's clock. */
static void write_time(struct buffer *out, const struct site *s, int64_t at_s,
                       enum language language)
{
    int64_t local = at_s + zone_offset(terms_of(s)->zone, at_s);
    struct date d = date_of_day(local / DAY_S);

    if (language == LANGUAGE_EN)
        buffer_format(out, "%04d-%02d-%02d", d.year, d.month, d.day);
    else
        buffer_format(out, "%02d/%02d/%04d", d.day, d.month, d.year);
    buffer_format(out, " %02d:%02d", (int)(local / 3600 % 24), (int)(local / 60 % 60));
}

static void write_until(struct buffer *out, const struct privacy *p, const struct site *s,
                        enum language language)
{
    int64_t until_s = site_marks_until(s, p->now);

    if (until_s == 0)
        buffer_text(out, "-");
    else
        write_time(out, s, until_s, language);
}

/* --- HTML --- */

static void element(struct buffer *out, const char *name, const char *text)
{
    buffer_format(out, "<%s>", name);
    buffer_html(out, slice_of(text));
    buffer_format(out, "</%s>", name);
}

static void html_head(struct buffer *out, const struct privacy_words *w,
                      enum language language)
{
    static const struct {
        enum language language;
        const char *code, *name;
    } links[] = {{LANGUAGE_VI, "vi", "Tiếng Việt"},
                 {LANGUAGE_KM, "km", "ខ្មែរ"},
                 {LANGUAGE_EN, "en", "English"}};
    const char *code = language == LANGUAGE_VI   ? "vi"
                       : language == LANGUAGE_KM ? "km"
                                                 : "en";

    buffer_format(
        out,
        "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n",
        code);
    element(out, "title", w->title);
    buffer_text(out, "\n<link rel=\"stylesheet\" href=\"privacy.css\">\n</head>\n<body>\n"
                     "<header>\n<p class=\"name\"><a href=\"./\">luot</a></p>\n"
                     "<nav aria-label=\"Tiếng Việt, ភាសាខ្មែរ, English\">\n");
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        buffer_format(out, "<a href=\"?lang=%s\" lang=\"%s\" hreflang=\"%s\"%s>%s</a>\n",
                      links[i].code, links[i].code, links[i].code,
                      links[i].language == language ? " aria-current=\"true\"" : "",
                      links[i].name);
    buffer_text(out, "</nav>\n</header>\n<main>\n");
    element(out, "h1", w->title);
    element(out, "p", w->lead);
    buffer_byte(out, '\n');
}

static void html_list(struct buffer *out, const struct privacy *p, enum privacy_part part,
                      enum language language)
{
    char memory[PRIVACY_SENTENCE_MAX];
    size_t count;
    const struct privacy_row *rows = privacy_rows(&count);

    buffer_text(out, "<ul>\n");
    for (size_t i = 0; i < count; i++) {
        if (rows[i].part != part || !holds(&rows[i], p))
            continue;
        element(out, "li", privacy_sentence(memory, rows[i].text[language], p, language));
        buffer_byte(out, '\n');
    }
    buffer_text(out, "</ul>\n");
}

static void html_kept(struct buffer *out, const struct privacy *p,
                      const struct privacy_words *w, enum language language)
{
    char memory[PRIVACY_SENTENCE_MAX];
    size_t count;
    const struct privacy_row *rows = privacy_rows(&count);

    buffer_text(out, "<dl>\n");
    for (size_t i = 0; i < count; i++) {
        if (rows[i].part != PRIVACY_KEPT || !holds(&rows[i], p))
            continue;
        buffer_text(out, "<div>");
        element(out, "dt", privacy_sentence(memory, rows[i].text[language], p, language));
        buffer_text(out, "<dd><span class=\"heard\">");
        buffer_html(out, slice_of(w->how_long));
        buffer_text(out, ": </span>");
        buffer_html(out, slice_of(privacy_sentence(memory, rows[i].how_long[language], p,
                                                   language)));
        buffer_text(out, "</dd></div>\n");
    }
    buffer_text(out, "</dl>\n");
}

static void html_site(struct buffer *out, const struct privacy *p, const struct site *s,
                      const struct privacy_words *w, enum language language)
{
    buffer_text(out, "<tr><th scope=\"row\">");
    buffer_html(out, slice_of(site_title(s)));
    buffer_text(out, "</th>");
    element(out, "td", is_daily(s) ? w->day : w->month);
    buffer_text(out, "<td>");
    write_until(out, p, s, language);
    buffer_text(out, "</td><td>");
    grouped_number(out, privacy_site_config(s)->min_visitors, language);
    buffer_text(out, "</td></tr>\n");
}

/* The public ones; how many others there are is no secret, as their boxes are public. */
static void html_sites(struct buffer *out, const struct privacy *p,
                       const struct privacy_words *w, enum language language)
{
    size_t shown = 0, others = 0;

    buffer_text(out, "<section>\n");
    element(out, "h2", w->sites);
    buffer_text(out, "\n<table>\n<thead><tr>");
    element(out, "th", w->site);
    element(out, "th", w->identity);
    element(out, "th", w->until);
    element(out, "th", w->least);
    buffer_text(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < registry_limit(p->registry); i++) {
        const struct site *s = registry_at(p->registry, i);
        if (is_shown(p, s) && shown < PRIVACY_SITES_SHOWN) {
            html_site(out, p, s, w, language);
            shown++;
        } else if (s != NULL) {
            others++;
        }
    }
    buffer_text(out, "</tbody>\n</table>\n");
    if (others > 0) {
        buffer_text(out, "<p>");
        buffer_html(out, slice_of(w->more_sites));
        buffer_byte(out, ' ');
        grouped_number(out, others, language);
        buffer_text(out, "</p>\n");
    }
    buffer_text(out, "</section>\n");
}

/* A web or mail address can be followed; nothing else is made a link. */
static void html_contact(struct buffer *out, const struct privacy *p,
                         const struct privacy_words *w)
{
    struct slice contact = slice_of(p->contact);
    bool single = slice_find(contact, ' ') == contact.length;
    bool web = single && (slice_starts(contact, SLICE("https://")) ||
                          slice_starts(contact, SLICE("http://")));
    bool mail = single && !web && slice_find(contact, '@') < contact.length &&
                slice_find(contact, ':') == contact.length;

    buffer_text(out, "<section>\n");
    element(out, "h2", w->who);
    buffer_text(out, "\n<p>");
    if (web || mail) {
        buffer_format(out, "<a href=\"%s", mail ? "mailto:" : "");
        buffer_html(out, contact);
        buffer_text(out, "\">");
    }
    buffer_html(out, contact.length > 0 ? contact : slice_of(w->nobody));
    buffer_text(out, web || mail ? "</a></p>\n</section>\n" : "</p>\n</section>\n");
}

void privacy_html(struct buffer *out, const struct privacy *p, enum language language)
{
    const struct privacy_words *w = privacy_words(language);

    html_head(out, w, language);
    for (int part = 0; part < PRIVACY_PARTS; part++) {
        buffer_text(out, "<section>\n");
        element(out, "h2", w->part[part]);
        buffer_byte(out, '\n');
        if (part == PRIVACY_KEPT)
            html_kept(out, p, w, language);
        else
            html_list(out, p, (enum privacy_part)part, language);
        buffer_text(out, "</section>\n");
        if (part == PRIVACY_KEPT)
            html_sites(out, p, w, language);
    }
    html_contact(out, p, w);
    buffer_text(out, "</main>\n<footer>luot ");
    buffer_html(out, slice_of(p->version));
    buffer_text(out, "</footer>\n</body>\n</html>\n");
}

/* --- Text --- */

void privacy_text(struct buffer *out, const struct privacy *p, enum language language)
{
    const struct privacy_words *w = privacy_words(language);
    char memory[PRIVACY_SENTENCE_MAX];
    size_t count;
    const struct privacy_row *rows = privacy_rows(&count);

    for (int part = 0; part < PRIVACY_PARTS; part++) {
        buffer_format(out, "%s\n", w->part[part]);
        for (size_t i = 0; i < count; i++) {
            if ((int)rows[i].part != part || !holds(&rows[i], p))
                continue;
            buffer_format(out, "  - %s",
                          privacy_sentence(memory, rows[i].text[language], p, language));
            if (rows[i].how_long[language] != NULL)
                buffer_format(
                    out, " [%s]",
                    privacy_sentence(memory, rows[i].how_long[language], p, language));
            buffer_byte(out, '\n');
        }
        buffer_byte(out, '\n');
    }
    buffer_format(out, "%s (%s; %s; %s)\n", w->sites, w->identity, w->until, w->least);
    for (size_t i = 0; i < registry_limit(p->registry); i++) {
        const struct site *s = registry_at(p->registry, i);
        if (!is_shown(p, s))
            continue;
        buffer_format(out, "  - %s: %s; ", site_shown_key(s),
                      is_daily(s) ? w->day : w->month);
        write_until(out, p, s, language);
        buffer_format(out, "; %u\n", privacy_site_config(s)->min_visitors);
    }
    buffer_format(out, "\n%s\n  %s\n", w->who,
                  p->contact[0] != '\0' ? p->contact : w->nobody);
}

/* --- JSON --- */

static void json_sites(struct json_out *j, const struct privacy *p)
{
    uint64_t number[2] = {0, 0};

    json_out_array(j, "sites");
    for (size_t i = 0; i < registry_limit(p->registry); i++) {
        const struct site *s = registry_at(p->registry, i);
        int64_t until_s = s == NULL ? 0 : site_marks_until(s, p->now);

        number[0] += s != NULL && !is_daily(s);
        number[1] += s != NULL && is_daily(s);
        if (!is_shown(p, s))
            continue;
        json_out_object(j, NULL);
        json_out_text(j, "site", site_shown_key(s));
        json_out_text(j, "identity", is_daily(s) ? "day" : "month");
        if (until_s == 0)
            json_out_null(j, "marks_until");
        else
            json_out_signed(j, "marks_until", until_s);
        json_out_signed(j, "identity_since", site_identity_since(s, p->now));
        json_out_number(j, "min_visitors", privacy_site_config(s)->min_visitors);
        json_out_text(j, "tz", zone_name(terms_of(s)->zone));
        json_out_object_end(j);
    }
    json_out_array_end(j);
    json_out_object(j, "identity");
    json_out_number(j, "month", number[0]);
    json_out_number(j, "day", number[1]);
    json_out_object_end(j);
}

static void json_rows(struct json_out *j, const struct privacy *p, enum language language)
{
    static const char *const parts[PRIVACY_PARTS] = {[PRIVACY_NEVER] = "never",
                                                     [PRIVACY_MARK] = "mark",
                                                     [PRIVACY_KEPT] = "kept",
                                                     [PRIVACY_PLACE] = "place",
                                                     [PRIVACY_CHOICE] = "choice"};
    char memory[PRIVACY_SENTENCE_MAX];
    size_t count;
    const struct privacy_row *rows = privacy_rows(&count);

    json_out_array(j, "rows");
    for (size_t i = 0; i < count; i++) {
        if (!holds(&rows[i], p))
            continue;
        json_out_object(j, NULL);
        json_out_text(j, "part", parts[rows[i].part]);
        json_out_text(j, "id", rows[i].id);
        json_out_text(j, "text",
                      privacy_sentence(memory, rows[i].text[language], p, language));
        if (rows[i].how_long[language] != NULL)
            json_out_text(
                j, "how_long",
                privacy_sentence(memory, rows[i].how_long[language], p, language));
        json_out_object_end(j);
    }
    json_out_array_end(j);
}

void privacy_json(struct buffer *out, const struct privacy *p, enum language language)
{
    struct json_out j;

    json_out_init(&j, out);
    json_out_object(&j, NULL);
    json_out_signed(&j, "as_of", instant_seconds(p->now));
    json_out_text(&j, "version", p->version);
    json_out_text(&j, "contact", p->contact);
    json_out_array(&j, "stores");
    if (p->sqlite)
        json_out_text(&j, NULL, "sqlite");
    if (p->redis)
        json_out_text(&j, NULL, "redis");
    json_out_array_end(&j);
    json_out_bool(&j, "keys_shared", p->redis && p->keys_shared);
    json_out_text(&j, "arena_fs", p->arena_fs);
    json_out_signed(&j, "limits_kept_s", privacy_limit_kept_s(p));
    json_sites(&j, p);
    json_rows(&j, p, language);
    json_out_object_end(&j);
    buffer_byte(out, '\n');
}
