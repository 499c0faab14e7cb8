#include "parse/http_field.h"

struct named {
    struct slice name; /* in lower case */
    enum http_field field;
};

#define NAMED(literal, number)                                                           \
    (struct named)                                                                       \
    {                                                                                    \
        {literal, sizeof(literal) - 1}, number                                           \
    }
#define NOBODY NAMED("", FIELD_OTHER)

/* The only name of this length that begins so; of two, the eighth letter tells. */
static struct named candidate(size_t length, char first, const char *at)
{
    switch (length) {
    case 3:
        return NAMED("dnt", FIELD_DNT);
    case 4:
        return NAMED("host", FIELD_HOST);
    case 5:
        return NAMED("x-moz", FIELD_PURPOSE);
    case 6:
        return first == 'o' ? NAMED("origin", FIELD_ORIGIN)
                            : NAMED("expect", FIELD_EXPECT);
    case 7:
        return first == 'r'   ? NAMED("referer", FIELD_REFERER)
               : first == 's' ? NAMED("sec-gpc", FIELD_GPC)
               : first == 'p' ? NAMED("purpose", FIELD_PURPOSE)
                              : NAMED("upgrade", FIELD_HOP);
    case 10:
        return first == 'u' ? NAMED("user-agent", FIELD_USER_AGENT)
                            : NAMED("connection", FIELD_CONNECTION);
    case 11:
        return NAMED("sec-purpose", FIELD_PURPOSE);
    case 12:
        return NAMED("content-type", FIELD_CONTENT_TYPE);
    case 13:
        return first == 'a' ? NAMED("authorization", FIELD_AUTHORIZATION)
                            : NAMED("if-none-match", FIELD_IF_NONE_MATCH);
    case 14:
        return NAMED("content-length", FIELD_CONTENT_LENGTH);
    case 15:
        return first == 'x'            ? NAMED("x-forwarded-for", FIELD_FORWARDED_FOR)
               : (at[7] | 0x20) == 'l' ? NAMED("accept-language", FIELD_ACCEPT_LANGUAGE)
                                       : NAMED("accept-encoding", FIELD_ACCEPT_ENCODING);
    case 16:
        return NAMED("proxy-connection", FIELD_HOP);
    case 17:
        return NAMED("transfer-encoding", FIELD_TRANSFER_ENCODING);
    default:
        return NOBODY;
    }
}

/* `lower` has letters and '-' only: of a letter one bit may differ. */
static bool is_named(struct slice lower, struct slice name)
{
    for (size_t i = 0; i < name.length; i++) {
        int apart = lower.at[i] ^ name.at[i];
        if (apart != 0 && (apart != 0x20 || lower.at[i] == '-'))
            return false;
    }
    return true;
}

enum http_field http_field_of(struct slice name)
{
    if (name.length == 0)
        return FIELD_OTHER;
    char first = (char)(name.at[0] | 0x20);
    struct named one = candidate(name.length, first, name.at);
    return first == one.name.at[0] && is_named(one.name, name) ? one.field : FIELD_OTHER;
}
