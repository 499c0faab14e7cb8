/* POST /b?reply=1: the box in one request. What was counted a moment ago is in it. It is the
 * widget.json; luot.js names the places on its page, `box=` once for each (report/box.h says
 * how), and gets their words and numbers alone: a telephone pays for each byte. */
#include "answer/page_asked.h"
#include "answer/routes.h"
#include "luot_beacon.h"
#include "parse/beacon.h"
#include "parse/query.h"
#include "parse/url.h"
#include "report/box.h"

enum { BOXES_MAX = 8 };

/* --- The page's own views --- */

static struct slice page_host(const struct http_request *request)
{
    return url_host(request->origin.length > 0 ? request->origin : request->referer);
}

/* Of the page of the first line. False: it was no view, or its page has no row of its own:
 * then there is no number to show. */
static bool views_of_page(const struct asked *a, uint64_t *ret_views)
{
    const struct site *site = a->plan->site;
    const struct site_terms *terms =
        atomic_load_explicit(&site->terms, memory_order_acquire);
    const struct pages_table *pages = site_pages(site);
    struct slice rest = a->request->body, line, raw, page;
    char memory[LUOT_BEACON_MAX];
    struct page_numbers numbers;
    struct visit_text text;

    if (a->r.outcome != OUTCOME_VIEW || pages == NULL ||
        !beacon_next_line(&rest, &line) || !query_find(line, SLICE("p"), &raw) ||
        raw.length > sizeof memory || query_decode(&page, raw, memory) != 0)
        return false;
    page = page_asked(site, terms, page, page_host(a->request), &text);
    if (page.length == 0 ||
        !pages_get(pages, page, zone_day(terms->zone, instant_seconds(a->document.now)),
                   &numbers))
        return false;
    *ret_views = numbers.views;
    return true;
}

static void page_json(struct json_out *j, const struct asked *a,
                      const struct box_wish *wish)
{
    char memory[BOX_TEXT_MAX];
    struct buffer text;
    uint64_t views;

    if (!views_of_page(a, &views)) {
        json_out_null(j, NULL);
        return;
    }
    buffer_init(&text, memory, sizeof memory);
    box_page(&text, views, wish->language);
    json_out_array(j, NULL);
    json_out_slice(j, NULL, buffer_written(&text));
    json_out_array_end(j);
}

/* --- Each place --- */

/* One that cannot be read is null, so that the others keep their places. */
static void place_json(struct json_out *j, const struct asked *a, struct slice raw,
                       const struct widget *widget)
{
    char memory[BOX_WISH_MAX];
    struct box_wish wish;
    struct slice text;

    if (raw.length > sizeof memory || query_decode(&text, raw, memory) != 0) {
        json_out_null(j, NULL);
        return;
    }
    box_wish_parse(&wish, text);
    if (wish.page)
        page_json(j, a, &wish);
    else
        box_json(j, &wish, widget);
}

static bool names_places(const struct asked *a)
{
    struct slice raw;

    return query_find(a->request->query, SLICE("box"), &raw);
}

static void places_json(struct json_out *j, const struct asked *a,
                        const struct widget *widget)
{
    struct slice query = a->request->query, key, raw;
    unsigned boxes = 0;

    json_out_array(j, "boxes");
    while (boxes < BOXES_MAX && query_next(&query, &key, &raw)) {
        if (!slice_equal(key, SLICE("box")))
            continue;
        boxes++;
        place_json(j, a, raw, widget);
    }
    json_out_array_end(j);
}

void answer_reply(struct asked *a)
{
    struct widget widget;
    struct buffer body;
    struct json_out j;

    widget_read(&widget, a->plan->site, a->document.now);
    if (outcome_class(a->r.outcome) == OUTCOME_COUNTED)
        widget_sees_somebody(&widget);
    respond_body(&body, a->out);
    json_out_init(&j, &body);
    json_out_object(&j, NULL);
    if (names_places(a))
        places_json(&j, a, &widget);
    else
        widget_fields(&j, a->plan->site, &widget, &a->document);
    json_out_object_end(&j);
    buffer_byte(&body, '\n');
    if (buffer_error(&body) != 0) {
        a->out->error = buffer_error(&body);
        return;
    }
    a->r.status = 200;
    a->r.type = "application/json";
    respond_write(a->out, &a->r, buffer_written(&body));
}
