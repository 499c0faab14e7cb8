/* /v1/{site}/tops.json, tops.csv, page.json. */
#include "answer/page_asked.h"
#include "answer/routes.h"
#include "answer/tops_question.h"
#include "base/error.h"
#include "parse/query.h"

enum { WORD_MAX = 64, PAGE_MAX = 2048 };

static struct slice parameter(const struct asked *a, const char *name, char *memory,
                              size_t size)
{
    struct slice raw, value;

    if (!query_find(a->request->query, slice_of(name), &raw) || raw.length > size ||
        query_decode(&value, raw, memory) != 0)
        return (struct slice){NULL, 0};
    return value;
}

static void answer_tops(struct asked *a, enum tops_form form)
{
    char of[WORD_MAX], from[WORD_MAX], to[WORD_MAX];
    struct tops_question q = {.site = a->site, .form = form};
    struct slice word = parameter(a, "of", of, WORD_MAX);
    int rv;

    if (asked_private(a))
        return;
    q.folded = !a->whole;
    if (word.length > 0 && dimension_parse(&q.of, word) != 0) {
        asked_error(a, 400, "of",
                    "of is pages, entry_pages, referrers, referrer_classes, countries, "
                    "regions, networks, browsers, systems, devices, languages, screens, "
                    "campaigns, events, not_found, downloads or bots.");
        return;
    }
    rv = tops_days(&q, parameter(a, "from", from, WORD_MAX),
                   parameter(a, "to", to, WORD_MAX), a->r.now);
    if (rv != 0) {
        asked_error(a, 400, rv == ERR_RANGE ? "range" : "from",
                    rv == ERR_RANGE ? "to is after from; both are days of the site."
                                    : "from and to are days like 2026-01-31 or unix "
                                      "seconds.");
        return;
    }
    q.to = asked_destination(a);
    q.to.csv = form == TOPS_CSV;
    a->later = tops_submit(&q);
    if (!a->later)
        asked_error(a, 503, "busy", "Too many questions at once; try again in a second.");
}

void answer_tops_json(struct asked *a)
{
    answer_tops(a, TOPS_JSON);
}

void answer_tops_csv(struct asked *a)
{
    answer_tops(a, TOPS_CSV);
}

void answer_page_views(struct asked *a)
{
    const struct site_terms *terms =
        atomic_load_explicit(&a->site->terms, memory_order_acquire);
    const struct pages_table *t = site_pages(a->site);
    int64_t today = zone_day(terms->zone, instant_seconds(a->r.now));
    struct page_numbers n = {.views = 0};
    char memory[PAGE_MAX];
    struct visit_text text;
    struct slice page =
        page_asked(a->site, terms, parameter(a, "p", memory, PAGE_MAX), SLICE(""), &text);
    struct buffer body;
    struct json_out j;
    bool known;

    if (page.length == 0) {
        asked_error(a, 400, "p", "p is the page's path, like ?p=/news/1.");
        return;
    }
    known = t != NULL && pages_get(t, page, today, &n);
    respond_body(&body, a->out);
    json_out_init(&j, &body);
    json_out_object(&j, NULL);
    json_out_text(&j, "site", site_shown_key(a->site));
    json_out_slice(&j, "page", page);
    json_out_number(&j, "views", n.views);
    json_out_number(&j, "today", n.today);
    /* false: it is one of the further pages, which are counted together. */
    json_out_bool(&j, "exact", known || t == NULL || pages_overflow_all(t) == 0);
    json_out_signed(&j, "as_of", instant_seconds(a->r.now));
    json_out_object_end(&j);
    buffer_byte(&body, '\n');
    asked_document(a, "application/json", buffer_written(&body));
}
