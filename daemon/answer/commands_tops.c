/* top: the first rows of a site's dimension; seed --page. */
#include <stdio.h>

#include "answer/command.h"
#include "answer/page_asked.h"
#include "answer/store_job.h"
#include "answer/tops_question.h"
#include "base/error.h"
#include "base/log.h"
#include "store/history.h"

void command_top(struct asked_command *c)
{
    const struct site *site = command_site_at(c, 0);
    struct tops_question q = {
        .to = c->to, .site = site, .form = c->json ? TOPS_JSON : TOPS_TEXT};
    struct slice of = {NULL, 0}, from = {NULL, 0}, to = {NULL, 0};

    if (site == NULL)
        return;
    if (!arguments_option(c->words, "of", &of) && c->words->places > 1)
        of = c->words->place[1];
    (void)arguments_option(c->words, "from", &from);
    (void)arguments_option(c->words, "to", &to);
    if (of.length > 0 && dimension_parse(&q.of, of) != 0)
        command_usage(c, "--of is pages, entry_pages, referrers, referrer_classes, "
                         "countries, regions, networks, browsers, systems, devices, "
                         "languages, screens, campaigns, events, not_found, downloads or "
                         "bots");
    else if (tops_days(&q, from, to, c->now) != 0)
        command_usage(c, "FROM and TO are days like 2026-01-31 or unix seconds, TO after "
                         "FROM");
    else if (!tops_submit(&q))
        command_error(c, "busy", "too many questions at once; try again in a second");
}

/* --- seed --page --- */

static void answer_change(const struct store_job *j, uint64_t old)
{
    char memory[STORE_ANSWER_BYTES];
    struct json_out out;
    struct buffer b;

    buffer_init(&b, memory, sizeof memory);
    if (j->json) {
        json_out_init(&out, &b);
        json_out_object(&out, NULL);
        json_out_text(&out, "site", site_shown_key(j->site));
        json_out_text(&out, "page", j->page.name);
        json_out_number(&out, "old", old);
        json_out_number(&out, "new", j->page.views);
        json_out_object_end(&out);
        buffer_byte(&b, '\n');
    } else {
        buffer_format(&b, "%s: views of %s were %llu and are %llu\n",
                      site_shown_key(j->site), j->page.name, (unsigned long long)old,
                      (unsigned long long)j->page.views);
    }
    store_job_answer(j, &b);
}

static void log_change(const struct store_job *j, uint64_t old)
{
    char memory[1100];
    struct buffer b;

    buffer_init(&b, memory, sizeof memory - 1);
    buffer_log_field(&b, slice_of(j->page.name));
    memory[b.length] = '\0';
    log_info("event=audit command=seed site=%s uid=%u page=%s old=%llu new=%llu",
             site_shown_key(j->site), (unsigned)j->uid, memory, (unsigned long long)old,
             (unsigned long long)j->page.views);
}

static void work_seed_page(struct store_job *j, struct store *store, struct instant now)
{
    const struct page_seed seed = {.page = slice_of(j->page.name),
                                   .note = slice_of(j->page.note),
                                   .views = j->page.views,
                                   .at_s = instant_seconds(now),
                                   .uid = j->uid};
    uint64_t old = 0;
    int rv = history_seed_page(j->site, store, &seed, &old);

    if (rv == ERR_FULL) {
        store_job_error(
            j, "full",
            "there is no room for another page; raise `pages` of the site, or "
            "try again in a second");
    } else if (rv == ERR_RANGE) {
        store_job_error(j, "range", "a seed is below 2^53");
    } else if (rv == ERR_VERSION) {
        store_job_error(j, "store",
                        "pages are kept in SQLite only; add sqlite to `store`");
    } else if (rv != 0) {
        store_job_error(j, "store", store_error_message(rv));
    } else {
        log_change(j, old);
        answer_change(j, old);
    }
}

static void copy_text(char *to, size_t size, struct slice text)
{
    size_t n = text.length < size ? text.length : size - 1;

    while (n > 0 && n < text.length && (text.at[n] & 0xC0) == 0x80)
        n--; /* never half a character */
    if (n > 0)
        memcpy(to, text.at, n);
    to[n] = '\0';
}

void command_seed_page(struct asked_command *c, struct site *site, struct slice page)
{
    struct slice note = {NULL, 0}, number = {NULL, 0};
    struct visit_text text;
    struct store_job *j;
    uint64_t views;

    if (!arguments_option(c->words, "total", &number) && c->words->places > 1)
        number = c->words->place[1];
    page = page_asked(site, atomic_load_explicit(&site->terms, memory_order_acquire),
                      page, SLICE(""), &text);
    if (page.length == 0) {
        command_usage(c, "--page is the page's path, like /news/1");
        return;
    }
    if (slice_number(number, &views) != 0) {
        command_usage(c, "how many views? a number without points");
        return;
    }
    j = store_job_new(c, site, work_seed_page);
    if (j == NULL)
        return;
    (void)arguments_option(c->words, "note", &note);
    copy_text(j->page.name, sizeof j->page.name, page);
    copy_text(j->page.note, sizeof j->page.note, note);
    j->page.views = views;
    store_job_submit(j);
}
