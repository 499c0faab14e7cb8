/* Floor 1 (parse). The header fields that mean something to us, by name. */
#ifndef LUOT_PARSE_HTTP_FIELD_H
#define LUOT_PARSE_HTTP_FIELD_H

#include "base/bytes16.h"
#include "base/slice.h"

enum http_field {
    FIELD_HOST,
    FIELD_ORIGIN,
    FIELD_REFERER,
    FIELD_USER_AGENT,
    FIELD_ACCEPT_LANGUAGE,
    FIELD_ACCEPT_ENCODING,
    FIELD_FORWARDED_FOR,
    FIELD_AUTHORIZATION,
    FIELD_CONTENT_TYPE,
    FIELD_IF_NONE_MATCH,
    FIELD_DNT,
    FIELD_GPC,
    FIELD_PURPOSE, /* Purpose, Sec-Purpose, X-Moz */
    FIELD_CONTENT_LENGTH,
    FIELD_EXPECT,
    FIELD_TRANSFER_ENCODING,
    FIELD_CONNECTION,
    FIELD_HOP, /* Upgrade, Proxy-Connection: llhttp takes them into account */
    FIELDS,
    FIELD_OTHER = FIELDS
};

/* FIELD_OTHER: it means nothing to us. Any case. Length and first letter leave one name
 * to compare with. */
enum http_field http_field_of(struct slice name);
/* The same of a name of 1 to 16 letters, digits and '-'. `lower`: the sixteen bytes at `at`,
 * each with the bit 0x20; what is behind the name does not matter. */
enum http_field http_field_of_16(const char *at, bytes16 lower, size_t length);

#endif
