/* What listeners are told, second by second, without sockets. */
#include "answer/live.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/read_json.h"
#include "office.h"

#define TOKEN "7777777777777777777777777777777777777777777777777777777777777777"
#define SHOWN "Authorization: Bearer " TOKEN "\r\n"

static const char sites[] = "[site demo]\nany_host = yes\npublic = yes\n"
                            "[site other]\nany_host = yes\npublic = yes\ngroup = g\n"
                            "[site secret]\nany_host = yes\n"
                            "[reader anna]\nsites = secret\ntoken_hash = ";

static struct office *office_with_reader(void)
{
    uint8_t hash[READER_HASH_BYTES];
    char config[1024];
    struct buffer b;

    reader_token_hash(SLICE(TOKEN), hash);
    buffer_init(&b, config, sizeof config - 1);
    buffer_text(&b, sites);
    buffer_hex(&b, hash, sizeof hash);
    config[b.length] = '\0';
    struct office *o = office_new(config);
    o->second = 1000;
    return o;
}

/* Begins to listen. */
static struct listener opened(struct office *o, const char *target, const char *headers)
{
    cr_assert_eq(office_get(o, target, headers), 200u, "%s", target);
    cr_assert(o->streams, "%s", target);
    return o->listener;
}

/* What the next second brings; NULL: nothing. Free it with shared_bytes_let_go. */
static struct shared_bytes *next(struct office *o, struct listener *l)
{
    struct shared_bytes *bytes = NULL;

    o->second++;
    cr_expect(live_next(&o->lane, l, o->second, &bytes));
    return bytes;
}

static void expect_nothing(struct office *o, struct listener *l)
{
    struct shared_bytes *bytes = next(o, l);

    cr_expect_null(bytes, "%.*s", bytes == NULL ? 0 : (int)bytes->length,
                   bytes == NULL ? "" : bytes->at);
    shared_bytes_let_go(bytes);
}

/* The document of an event, when `bytes` is exactly one. */
static json_t *document(const struct shared_bytes *bytes, const char *name)
{
    struct slice text, head;
    char expected[64];

    cr_assert_not_null(bytes);
    text = (struct slice){bytes->at, bytes->length};
    cr_expect(slice_starts(text, SLICE("id: ")));
    (void)slice_cut(&text, '\n');
    head = slice_cut(&text, '\n');
    snprintf(expected, sizeof expected, "event: %s", name);
    cr_expect(slice_equal(head, slice_of(expected)));
    cr_assert(slice_starts(text, SLICE("data: ")));
    cr_expect(slice_ends(text, SLICE("}\n\n")));
    text = (struct slice){text.at + 6, text.length - 8};
    cr_expect_eq(slice_find(text, '\n'), text.length, "data is one line");
    return read_json(text);
}

Test(live, begins_with_how_to_come_back_and_a_snapshot)
{
    struct office *o = office_with_reader();
    struct listener l = opened(o, "/v1/demo/live", "");
    struct slice body = office_body(o);

    cr_expect_str_eq(office_header(o, "Content-Type"), "text/event-stream");
    cr_expect_str_eq(office_header(o, "Cache-Control"), "no-store");
    cr_expect_str_eq(office_header(o, "X-Accel-Buffering"), "no");
    cr_expect_str_eq(office_header(o, "Connection"), "close");
    cr_expect_null(office_header(o, "Content-Length"));
    cr_expect(slice_starts(body, SLICE("retry: 3000\n\nid: ")));
    live_end(&o->lane, &l);
    cr_expect_eq(office_http(o, "HEAD /v1/demo/live HTTP/1.1\r\nHost: x\r\n\r\n"), 200u);
    cr_expect_not(o->streams);
    office_free(o);
}

Test(live, says_what_changed_once_a_second_to_all_with_the_same_bytes)
{
    struct office *o = office_with_reader();
    struct listener a = opened(o, "/v1/demo/live", ""),
                    b = opened(o, "/v1/demo/live", "");
    struct shared_bytes *first, *second = NULL;
    json_t *d;

    expect_nothing(o, &a);
    town_view(&o->town, "demo", 1);
    first = next(o, &a);
    cr_expect(live_next(&o->lane, &b, o->second, &second));
    cr_expect_eq(first, second, "made once");
    d = document(first, "snapshot");
    cr_expect_str_eq(text_at(d, "site"), "demo");
    cr_expect_eq(integer_at(d, "periods.today.views"), 1);
    cr_expect_null(json_object_get(d, "tops"));
    json_decref(d);
    shared_bytes_let_go(first);
    shared_bytes_let_go(second);
    /* Not twice in a second, and not again when nothing changed but the time. */
    town_view(&o->town, "demo", 2);
    first = NULL;
    cr_expect(live_next(&o->lane, &a, o->second, &first));
    cr_expect_null(first);
    first = next(o, &a);
    cr_expect_not_null(first);
    shared_bytes_let_go(first);
    town_wait(&o->town, 1);
    expect_nothing(o, &a);
    town_view(&o->town, "other", 2);
    expect_nothing(o, &a);
    live_end(&o->lane, &a);
    live_end(&o->lane, &b);
    office_free(o);
}

Test(live, who_missed_an_event_gets_the_next_one_though_nothing_changed_since)
{
    struct office *o = office_with_reader();
    struct listener l = opened(o, "/v1/demo/live", ""), before = l;
    struct shared_bytes *bytes;

    town_view(&o->town, "demo", 1);
    shared_bytes_let_go(next(o, &l));
    l = before; /* net: it was not taken */
    bytes = next(o, &l);
    cr_expect_not_null(bytes);
    shared_bytes_let_go(bytes);
    expect_nothing(o, &l);
    live_end(&o->lane, &l);
    office_free(o);
}

Test(live, a_comment_says_that_the_line_is_up)
{
    struct office *o = office_with_reader();
    struct listener l = opened(o, "/v1/demo/live", "");
    struct shared_bytes *bytes;

    for (int round = 0; round < 2; round++) {
        for (int i = 1; i < LIVE_COMMENT_S; i++)
            expect_nothing(o, &l);
        bytes = next(o, &l);
        cr_assert_not_null(bytes);
        cr_expect_eq(bytes->length, 3u);
        cr_expect_eq(memcmp(bytes->at, ":\n\n", 3), 0);
        shared_bytes_let_go(bytes);
    }
    live_end(&o->lane, &l);
    office_free(o);
}

Test(live, all_sites_every_two_seconds_each_to_who_may_read_it)
{
    struct office *o = office_with_reader();
    struct listener all = opened(o, "/v1/live", ""), anna = opened(o, "/v1/live", SHOWN);
    struct shared_bytes *bytes, *hers = NULL;
    json_t *d;

    town_view(&o->town, "demo", 1);
    town_view(&o->town, "secret", 1);
    expect_nothing(o, &all);
    bytes = next(o, &all);
    cr_expect(live_next(&o->lane, &anna, o->second, &hers));
    d = document(bytes, "sites");
    cr_expect_eq(json_array_size(json_at(d, "sites")), 2u);
    cr_expect_eq(integer_at(d, "total.today"), 1);
    cr_expect_eq(integer_at(d, "sites.0.periods.today.views"), 1);
    json_decref(d);
    d = document(hers, "sites");
    cr_expect_eq(json_array_size(json_at(d, "sites")), 3u);
    cr_expect_eq(integer_at(d, "total.online"), 2);
    json_decref(d);
    shared_bytes_let_go(bytes);
    shared_bytes_let_go(hers);
    live_end(&o->lane, &all);
    live_end(&o->lane, &anna);
    office_free(o);
}

Test(live, ends_when_its_reader_is_taken_away_and_not_for_others)
{
    struct office *o = office_with_reader();
    struct listener l[4] = {
        opened(o, "/v1/secret/live", SHOWN),
        opened(o, "/v1/live", SHOWN),
        opened(o, "/v1/demo/live", SHOWN),
    };
    struct config none = {.reader_count = 0};
    struct readers *nobody;
    struct shared_bytes *bytes = NULL;

    for (int i = 0; i < 3; i++)
        expect_nothing(o, &l[i]);
    live_end(&o->lane, &l[1]); /* the office has room for three */
    l[3] = opened(o, "/v1/demo/live", "");
    cr_assert_eq(readers_new(&nobody, &none, 2), 0);
    atomic_store(&o->readers, nobody);
    o->second++;
    cr_expect_not(live_next(&o->lane, &l[0], o->second, &bytes));
    cr_expect_not(live_next(&o->lane, &l[2], o->second, &bytes));
    cr_expect(live_next(&o->lane, &l[3], o->second, &bytes));
    cr_expect_null(bytes);
    live_end(&o->lane, &l[0]);
    live_end(&o->lane, &l[2]);
    live_end(&o->lane, &l[3]);
    atomic_store(&o->readers, o->own_readers);
    readers_free(nobody);
    office_free(o);
}

Test(live, a_private_site_needs_a_token_that_opens_it)
{
    struct office *o = office_with_reader();

    cr_expect_eq(office_get(o, "/v1/secret/live", ""), 401u);
    cr_expect_not(o->streams);
    cr_expect_eq(office_get(o, "/v1/secret/live", "Authorization: Bearer x\r\n"), 401u);
    struct listener l = opened(o, "/v1/secret/live", SHOWN);
    expect_nothing(o, &l);
    live_end(&o->lane, &l);
    office_free(o);
}

Test(live, who_could_not_be_answered_does_not_count_as_a_listener)
{
    struct office *o = office_with_reader();
    struct http_request request = {.method = METHOD_GET,
                                   .target = SLICE("/v1/demo/live"),
                                   .path = SLICE("/v1/demo/live")};
    struct address peer;
    struct answer_plan plan;
    struct answer_reply reply = {.streams = false};
    struct listener l;

    cr_assert_eq(address_parse(&peer, SLICE("127.0.0.1")), 0);
    pipeline_begin(&o->town.pipeline, town_now(&o->town));
    answer_request(&o->lane, &request, &peer, &plan);
    (void)pipeline_end(&o->town.pipeline);
    for (size_t limit = 0; !reply.streams; limit += 97) {
        char *memory = malloc(limit + 1);
        struct buffer out;

        cr_assert_lt(limit, 20000u);
        buffer_init(&out, memory, limit);
        answer_respond(&o->lane, &request, &plan, &out, (struct http_token){1, 2, 3}, 1,
                       &reply);
        cr_expect_eq(reply.streams, buffer_error(&out) == 0);
        free(memory);
    }
    memcpy(&l, reply.listener, sizeof l);
    for (int i = 0; i < 2; i++) /* one of three has begun */
        (void)opened(o, "/v1/demo/live", "");
    cr_expect_eq(office_get(o, "/v1/live", ""), 503u);
    live_end(&o->lane, &l);
    office_free(o);
}

Test(live, one_more_than_there_is_room_for_is_503_until_one_ends)
{
    struct office *o = office_with_reader();
    struct listener l[3];

    for (int i = 0; i < 3; i++)
        l[i] = opened(o, i == 0 ? "/v1/live" : "/v1/demo/live", "");
    cr_expect_eq(office_get(o, "/v1/live", ""), 503u);
    cr_expect_str_eq(office_header(o, "Retry-After"), "30");
    cr_expect_not(o->streams);
    live_end(&o->lane, &l[0]);
    l[0] = opened(o, "/v1/live", "");
    for (int i = 0; i < 3; i++)
        live_end(&o->lane, &l[i]);
    office_free(o);
}
