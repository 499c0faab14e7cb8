#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>

#include "parse/http_field.h"

/* As a line begins: four bytes before it, the name, a colon, and more. */
static bool is_usual(struct slice name, char end, enum http_field *ret_field,
                     size_t *ret_length)
{
    char head[64] = "...\n";
    memset(head + 4, ':', sizeof head - 4);
    memcpy(head + 4, name.at, name.length);
    head[4 + name.length] = end;
    return http_field_usual(head + 4, ret_field, ret_length);
}

static bool has_control(struct slice name)
{
    for (size_t i = 0; i < name.length; i++)
        if (iscntrl((unsigned char)name.at[i]))
            return true;
    return false;
}

/* By all of the name, and, where that may be asked, by how a line begins: who is sure agrees
 * with who always knows. */
static enum http_field field_of(struct slice name)
{
    enum http_field field = http_field_of(name), usual;
    size_t length, colon = slice_find(name, ':');
    if (!has_control(name) && name.length <= 40 && is_usual(name, ':', &usual, &length)) {
        cr_expect_eq(length, colon);
        cr_expect_eq(usual, http_field_of((struct slice){name.at, colon}), "%.*s",
                     (int)name.length, name.at);
        for (size_t i = 0; i < length; i++)
            cr_expect(isalnum((unsigned char)name.at[i]) || name.at[i] == '-');
    }
    return field;
}

static const struct {
    const char *name;
    enum http_field field;
} KNOWN[] = {
    {"host", FIELD_HOST},
    {"origin", FIELD_ORIGIN},
    {"referer", FIELD_REFERER},
    {"user-agent", FIELD_USER_AGENT},
    {"accept-language", FIELD_ACCEPT_LANGUAGE},
    {"accept-encoding", FIELD_ACCEPT_ENCODING},
    {"x-forwarded-for", FIELD_FORWARDED_FOR},
    {"authorization", FIELD_AUTHORIZATION},
    {"content-type", FIELD_CONTENT_TYPE},
    {"if-none-match", FIELD_IF_NONE_MATCH},
    {"dnt", FIELD_DNT},
    {"sec-gpc", FIELD_GPC},
    {"purpose", FIELD_PURPOSE},
    {"sec-purpose", FIELD_PURPOSE},
    {"x-moz", FIELD_PURPOSE},
    {"content-length", FIELD_CONTENT_LENGTH},
    {"expect", FIELD_EXPECT},
    {"transfer-encoding", FIELD_TRANSFER_ENCODING},
    {"connection", FIELD_CONNECTION},
    {"upgrade", FIELD_HOP},
    {"proxy-connection", FIELD_HOP},
};

Test(http_field, knows_every_name_in_any_case_and_nothing_beside_it)
{
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        char name[32];
        size_t length = (size_t)snprintf(name, sizeof name, "%s", KNOWN[i].name);
        struct slice s = {name, length};
        cr_expect_eq(field_of(s), KNOWN[i].field, "%s", name);
        for (size_t at = 0; at < length; at++) {
            char was = name[at];
            name[at] = (char)toupper(was);
            cr_expect_eq(field_of(s), KNOWN[i].field, "%s", name);
            for (int c = 0; c < 256; c++) { /* every other byte there */
                name[at] = (char)c;
                bool same = isascii(c) && tolower(c) == was;
                cr_expect_eq(field_of(s), same ? KNOWN[i].field : FIELD_OTHER,
                             "%s with %d at %zu", KNOWN[i].name, c, at);
            }
            name[at] = was;
        }
        cr_expect_eq(field_of((struct slice){name, length - 1}), FIELD_OTHER);
    }
    cr_expect_eq(field_of(SLICE("")), FIELD_OTHER);
    cr_expect_eq(field_of(SLICE("sec-fetch-mode")), FIELD_OTHER);
    cr_expect_eq(field_of(SLICE("sec-ch-ua-mobile")), FIELD_OTHER);
}

/* Each stands where it is looked for, in any case, and is what it is without the table; a
 * line that ends in it, or goes on, is not taken for it. */
Test(http_field, finds_what_is_usual_by_how_a_line_begins)
{
    unsigned known = 0, others = 0;
    for (size_t i = 0; i < HTTP_USUALS; i++) {
        const struct http_usual *u = &http_usuals[i];
        enum http_field field;
        size_t length, found;
        char name[16];
        if (u->name[0] == '\0')
            continue;
        memcpy(name, u->name, sizeof name);
        length = slice_find((struct slice){name, sizeof name}, ':');
        cr_assert_lt(length, sizeof name);
        cr_assert_eq(u->any, (0xFFFFu << (length + 1)) & 0xFFFF);
        for (int upper = 0; upper < 2; upper++) {
            cr_assert(is_usual((struct slice){name, length}, ':', &field, &found));
            cr_expect_eq(found, length);
            cr_expect_eq(field, http_field_of((struct slice){name, length}));
            cr_expect_eq(field, u->field);
            cr_expect_not(is_usual((struct slice){name, length}, ' ', &field, &found));
            cr_expect_not(
                is_usual((struct slice){name, length - 1}, ':', &field, &found));
            for (size_t at = 0; at < length; at++)
                name[at] = (char)toupper(name[at]);
        }
        known += u->field != FIELD_OTHER;
        others += u->field == FIELD_OTHER;
    }
    cr_expect_eq(known, 15);
    cr_expect_eq(others, 12);
}

/* What stands before a line, and where it ends, is no part of a name: "sec-" would be "sec"
 * and its CR. */
Test(http_field, ends_no_name_with_the_end_of_a_line)
{
    for (size_t i = 0; i < HTTP_USUALS; i++)
        for (size_t cut = 1; cut < 16 && http_usuals[i].name[cut - 1] != '\0'; cut++) {
            char head[64] = "...\n";
            enum http_field field;
            size_t length;
            memset(head + 4, 'x', sizeof head - 4);
            memcpy(head + 4, http_usuals[i].name, 16);
            memcpy(head + 4 + cut - 1, "\r\n", 2);
            cr_expect_not(http_field_usual(head + 4, &field, &length));
        }
}
