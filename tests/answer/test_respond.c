#include "answer/respond.h"

#include <criterion/criterion.h>

#include "base/error.h"

Test(respond, tags_are_compared_weakly)
{
    cr_expect(etag_matches(SLICE("\"a\""), "\"a\""));
    cr_expect(etag_matches(SLICE("W/\"a\""), "\"a\""));
    cr_expect(etag_matches(SLICE("\"x\", W/\"a\" "), "W/\"a\""));
    cr_expect(etag_matches(SLICE(" * "), "\"a\""));
    cr_expect_not(etag_matches(SLICE(""), "\"a\""));
    cr_expect_not(etag_matches(SLICE("\"ab\""), "\"a\""));
    cr_expect_not(etag_matches(SLICE("a"), "\"a\""));
    cr_expect_not(etag_matches(SLICE(",,,"), "\"a\""));
}

Test(respond, a_body_written_where_it_was_lent_follows_its_head)
{
    char memory[8192];
    struct buffer out, body;
    struct respond r = {.status = 200, .type = "text/plain", .keep_alive = true};

    buffer_init(&out, memory, sizeof memory);
    buffer_text(&out, "before");
    respond_body(&body, &out);
    buffer_text(&body, "the body");
    respond_write(&out, &r, buffer_written(&body));
    cr_expect_eq(buffer_error(&out), 0);
    cr_expect(slice_starts(buffer_written(&out), SLICE("beforeHTTP/1.1 200 OK\r\n")));
    cr_expect(
        slice_ends(buffer_written(&out), SLICE("Content-Length: 8\r\n\r\nthe body")));
}

Test(respond, what_does_not_fit_leaves_nothing_half)
{
    for (size_t limit = 0; limit < 600; limit++) {
        char memory[600];
        struct buffer out;
        struct respond r = {.status = 404};
        buffer_init(&out, memory, limit);
        respond_error(&out, &r, 404, "not_found", "There is nothing.");
        cr_expect(buffer_error(&out) == ERR_FULL ? out.length == 0 : out.length > 100);
    }
}

Test(respond, dates_are_as_http_writes_them)
{
    static const struct {
        int64_t ms;
        const char *date;
    } table[] = {{784111777000, "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"},
                 {0, "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"},
                 {951825599999, "Date: Tue, 29 Feb 2000 11:59:59 GMT\r\n"}};

    for (size_t i = 0; i < 3; i++) {
        char memory[2048];
        struct buffer out;
        struct respond r = {.status = 204, .now = {table[i].ms}};
        buffer_init(&out, memory, sizeof memory - 1);
        respond_write(&out, &r, (struct slice){NULL, 0});
        memory[out.length] = '\0';
        cr_expect_not_null(strstr(memory, table[i].date), "%s", memory);
    }
}
