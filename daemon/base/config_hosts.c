/* Names: of sites, of hosts, and the addresses to listen on. */
#include "base/config_table.h"

#include "base/error.h"

enum { HOST_MAX = 253, LABEL_MAX = 63 };

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Of a byte of a site key: not at all, behind others, or anywhere. A table, because each
 * beacon has a key. */
enum { BEHIND = 1, ANYWHERE };
/* clang-format off */
static const uint8_t KEY_BYTE[256] = {
    ['-'] = BEHIND, ['_'] = BEHIND,
    ['0'] = ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE,
    ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE,
    ['a'] = ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE,
    ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE,
    ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE, ANYWHERE,
    ANYWHERE, ANYWHERE, ANYWHERE,
};
/* clang-format on */

bool site_key_is_valid(struct slice key)
{
    if (key.length == 0 || key.length > SITE_KEY_MAX ||
        KEY_BYTE[(unsigned char)key.at[0]] != ANYWHERE)
        return false;
    for (size_t i = 1; i < key.length; i++)
        if (KEY_BYTE[(unsigned char)key.at[i]] == 0)
            return false;
    return true;
}

static bool label_is_valid(struct slice label)
{
    if (label.length == 0 || label.length > LABEL_MAX || label.at[0] == '-' ||
        label.at[label.length - 1] == '-')
        return false;
    for (size_t i = 0; i < label.length; i++)
        if (!is_alphanumeric(label.at[i]) && label.at[i] != '-' && label.at[i] != '_')
            return false;
    return true;
}

bool host_is_valid(struct slice host)
{
    if (host.length == 0 || host.length > HOST_MAX)
        return false;
    while (host.at != NULL)
        if (!label_is_valid(slice_cut(&host, '.')))
            return false;
    return true;
}

static bool pattern_is_valid(struct slice pattern)
{
    if (slice_starts(pattern, SLICE("*.")))
        pattern = (struct slice){pattern.at + 2, pattern.length - 2};
    return host_is_valid(pattern);
}

bool hosts_are_valid(struct slice patterns)
{
    if (patterns.length == 0)
        return true;
    while (patterns.at != NULL)
        if (!pattern_is_valid(slice_trim(slice_cut(&patterns, ','))))
            return false;
    return true;
}

static bool pattern_matches(struct slice pattern, struct slice host)
{
    struct slice suffix;
    if (!slice_starts(pattern, SLICE("*.")))
        return slice_equal_nocase(pattern, host);
    suffix = (struct slice){pattern.at + 1, pattern.length - 1};
    return host.length > suffix.length &&
           slice_equal_nocase(
               suffix,
               (struct slice){host.at + host.length - suffix.length, suffix.length});
}

bool hosts_match(const char *patterns, struct slice host)
{
    struct slice rest = slice_of(patterns);
    if (host.length > 0 && host.at[host.length - 1] == '.')
        host.length--; /* the DNS root: the same name */
    if (host.length == 0 || rest.length == 0)
        return false;
    while (rest.at != NULL)
        if (pattern_matches(slice_trim(slice_cut(&rest, ',')), host))
            return true;
    return false;
}

/* "127.0.0.1:8080" or "[::1]:8080"; an IPv6 address without brackets could end in a port
 * or not. */
static int endpoint_parse(struct endpoint *ret_endpoint, struct slice text)
{
    struct endpoint endpoint;
    uint64_t port;
    size_t colon = text.length;
    int rv;
    while (colon > 0 && text.at[colon - 1] != ':')
        colon--;
    if (colon < 2)
        return ERR_MALFORMED;
    struct slice address = {text.at, colon - 1};
    if (slice_find(address, ':') < address.length && address.at[0] != '[')
        return ERR_MALFORMED;
    rv = address_parse(&endpoint.address, address);
    if (rv != 0)
        return rv;
    rv = slice_number((struct slice){text.at + colon, text.length - colon}, &port);
    if (rv != 0)
        return rv;
    if (port > UINT16_MAX)
        return ERR_RANGE;
    endpoint.port = (uint16_t)port;
    *ret_endpoint = endpoint;
    return 0;
}

int listen_parse(struct endpoint ret_endpoints[LISTEN_MAX], size_t *ret_count,
                 struct slice text)
{
    struct endpoint list[LISTEN_MAX];
    size_t count = 0;
    if (text.length == 0)
        return ERR_MALFORMED;
    while (text.at != NULL) {
        struct endpoint next;
        int rv = endpoint_parse(&next, slice_trim(slice_cut(&text, ',')));
        if (rv != 0)
            return rv;
        for (size_t i = 0; i < count && next.port != 0; i++)
            if (list[i].port == next.port &&
                address_equal(&list[i].address, &next.address))
                return ERR_EXISTS;
        if (count == LISTEN_MAX)
            return ERR_FULL;
        list[count++] = next;
    }
    memcpy(ret_endpoints, list, count * sizeof(list[0]));
    *ret_count = count;
    return 0;
}
