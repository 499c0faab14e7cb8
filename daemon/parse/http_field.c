#include "parse/http_field.h"

struct named {
    char name[20]; /* in lower case */
    enum http_field field;
};

#define NAMED(id, literal, number) static const struct named id = {literal, number}

NAMED(dnt, "dnt", FIELD_DNT);
NAMED(host, "host", FIELD_HOST);
NAMED(x_moz, "x-moz", FIELD_PURPOSE);
NAMED(origin, "origin", FIELD_ORIGIN);
NAMED(expect, "expect", FIELD_EXPECT);
NAMED(referer, "referer", FIELD_REFERER);
NAMED(sec_gpc, "sec-gpc", FIELD_GPC);
NAMED(purpose, "purpose", FIELD_PURPOSE);
NAMED(upgrade, "upgrade", FIELD_HOP);
NAMED(user_agent, "user-agent", FIELD_USER_AGENT);
NAMED(connection, "connection", FIELD_CONNECTION);
NAMED(sec_purpose, "sec-purpose", FIELD_PURPOSE);
NAMED(content_type, "content-type", FIELD_CONTENT_TYPE);
NAMED(authorization, "authorization", FIELD_AUTHORIZATION);
NAMED(if_none_match, "if-none-match", FIELD_IF_NONE_MATCH);
NAMED(content_length, "content-length", FIELD_CONTENT_LENGTH);
NAMED(forwarded_for, "x-forwarded-for", FIELD_FORWARDED_FOR);
NAMED(accept_language, "accept-language", FIELD_ACCEPT_LANGUAGE);
NAMED(accept_encoding, "accept-encoding", FIELD_ACCEPT_ENCODING);
NAMED(proxy_connection, "proxy-connection", FIELD_HOP);
NAMED(transfer_encoding, "transfer-encoding", FIELD_TRANSFER_ENCODING);

/* The only name of this length that begins so (of two, the eighth letter tells), or one that
 * is another; NULL: there is none so long. `at` has `length` bytes. */
static inline const struct named *candidate(size_t length, const char *at)
{
    char first = (char)(at[0] | 0x20);

    switch (length) {
    case 3:
        return &dnt;
    case 4:
        return &host;
    case 5:
        return &x_moz;
    case 6:
        return first == 'o' ? &origin : &expect;
    case 7:
        return first == 'r'   ? &referer
               : first == 's' ? &sec_gpc
               : first == 'p' ? &purpose
                              : &upgrade;
    case 10:
        return first == 'u' ? &user_agent : &connection;
    case 11:
        return &sec_purpose;
    case 12:
        return &content_type;
    case 13:
        return first == 'a' ? &authorization : &if_none_match;
    case 14:
        return &content_length;
    case 15:
        return first == 'x'            ? &forwarded_for
               : (at[7] | 0x20) == 'l' ? &accept_language
                                       : &accept_encoding;
    case 16:
        return &proxy_connection;
    case 17:
        return &transfer_encoding;
    default:
        return NULL;
    }
}

/* `lower` has letters and '-' only: of a letter one bit may differ. */
static bool is_named(const char *lower, struct slice name)
{
    for (size_t i = 0; i < name.length; i++) {
        int apart = lower[i] ^ name.at[i];
        if (apart != 0 && (apart != 0x20 || lower[i] == '-'))
            return false;
    }
    return true;
}

enum http_field http_field_of(struct slice name)
{
    const struct named *one = name.length > 0 ? candidate(name.length, name.at) : NULL;

    return one != NULL && is_named(one->name, name) ? one->field : FIELD_OTHER;
}

size_t http_field_begins(struct slice line, size_t readable, enum http_field *ret_field)
{
    size_t length = 0;

    if (readable >= 16) {
        bytes16 b = bytes16_load(line.at);

        length = http_name_bytes(b, b | bytes16_all(0x20));
    }
    if (readable < 16 || length == 16)
        while (length < line.length && http_is_name_byte(line.at[length]))
            length++;
    *ret_field = http_field_of((struct slice){line.at, length});
    return length;
}

/* --- Names that most requests have --- */

/* Where two come to one place the compiler says so, and HTTP_USUAL_PLACE has to have another
 * multiplier. */
#define USUAL(text, a, b, c, d, field)                                                   \
    [HTTP_USUAL_PLACE(a, b, c, d, (uint32_t)sizeof(text) - 1)] = {                       \
        text ":", (uint16_t)(0xFFFFu << sizeof(text)), field}

const struct http_usual http_usuals[HTTP_USUALS] = {
    USUAL("host", 'h', 'o', 's', 't', FIELD_HOST),
    USUAL("origin", 'i', 'g', 'i', 'n', FIELD_ORIGIN),
    USUAL("referer", 'e', 'r', 'e', 'r', FIELD_REFERER),
    USUAL("user-agent", 'g', 'e', 'n', 't', FIELD_USER_AGENT),
    USUAL("accept-language", 'u', 'a', 'g', 'e', FIELD_ACCEPT_LANGUAGE),
    USUAL("accept-encoding", 'd', 'i', 'n', 'g', FIELD_ACCEPT_ENCODING),
    USUAL("x-forwarded-for", '-', 'f', 'o', 'r', FIELD_FORWARDED_FOR),
    USUAL("authorization", 't', 'i', 'o', 'n', FIELD_AUTHORIZATION),
    USUAL("content-type", 't', 'y', 'p', 'e', FIELD_CONTENT_TYPE),
    USUAL("if-none-match", 'a', 't', 'c', 'h', FIELD_IF_NONE_MATCH),
    USUAL("sec-gpc", '-', 'g', 'p', 'c', FIELD_GPC),
    USUAL("purpose", 'p', 'o', 's', 'e', FIELD_PURPOSE),
    USUAL("sec-purpose", 'p', 'o', 's', 'e', FIELD_PURPOSE),
    USUAL("content-length", 'n', 'g', 't', 'h', FIELD_CONTENT_LENGTH),
    USUAL("connection", 't', 'i', 'o', 'n', FIELD_CONNECTION),
    USUAL("accept", 'c', 'e', 'p', 't', FIELD_OTHER),
    USUAL("cookie", 'o', 'k', 'i', 'e', FIELD_OTHER),
    USUAL("sec-fetch-dest", 'd', 'e', 's', 't', FIELD_OTHER),
    USUAL("sec-fetch-mode", 'm', 'o', 'd', 'e', FIELD_OTHER),
    USUAL("sec-fetch-site", 's', 'i', 't', 'e', FIELD_OTHER),
    USUAL("sec-fetch-user", 'u', 's', 'e', 'r', FIELD_OTHER),
    USUAL("sec-ch-ua", 'h', '-', 'u', 'a', FIELD_OTHER),
    USUAL("cache-control", 't', 'r', 'o', 'l', FIELD_OTHER),
    USUAL("pragma", 'a', 'g', 'm', 'a', FIELD_OTHER),
    USUAL("x-real-ip", 'l', '-', 'i', 'p', FIELD_OTHER),
    USUAL("priority", 'r', 'i', 't', 'y', FIELD_OTHER),
    USUAL("save-data", 'd', 'a', 't', 'a', FIELD_OTHER),
};
