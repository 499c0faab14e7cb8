#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>

#include "parse/http_field.h"

/* Both ways to ask, where both may be asked, and that they agree. */
static enum http_field field_of(struct slice name)
{
    enum http_field field = http_field_of(name);
    char at[16] = {0};
    bool plain = name.length >= 1 && name.length <= sizeof at;
    for (size_t i = 0; i < name.length; i++)
        plain = plain && (isalnum((unsigned char)name.at[i]) || name.at[i] == '-') &&
                isascii(name.at[i]);
    for (int behind = 0; plain && behind < 256; behind += 51) {
        memset(at, behind, sizeof at);
        memcpy(at, name.at, name.length);
        bytes16 lower = bytes16_load(at) | bytes16_all(0x20);
        cr_expect_eq(http_field_of_16(at, lower, name.length), field, "%.*s",
                     (int)name.length, name.at);
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
