#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.h"

enum { V4_AT = ADDRESS_V4_AT, V4_BITS = 8 * V4_AT };

int address_from_sockaddr(struct address *ret_address, const struct sockaddr *from)
{
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        *ret_address = address_of_v4(&in.sin_addr);
        return 0;
    }
    if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, from, sizeof in6);
        memcpy(ret_address->bytes, &in6.sin6_addr, sizeof ret_address->bytes);
        return 0;
    }
    return ERR_MALFORMED;
}

void address_write(const struct address *a, char ret_text[ADDRESS_TEXT_MAX])
{
    if (address_is_v4(a))
        inet_ntop(AF_INET, a->bytes + V4_AT, ret_text, ADDRESS_TEXT_MAX);
    else
        inet_ntop(AF_INET6, a->bytes, ret_text, ADDRESS_TEXT_MAX);
}

static void clear_after(struct address *a, unsigned bits)
{
    for (unsigned i = 0; i < sizeof a->bytes; i++) {
        unsigned kept = bits > 8 * i ? bits - 8 * i : 0;
        if (kept < 8)
            a->bytes[i] &= (uint8_t)(0xFF00U >> kept);
    }
}

int network_parse(struct network *ret_network, struct slice text)
{
    struct network n = {.bits = 128};
    struct slice rest = text;
    struct slice host = slice_cut(&rest, '/');
    uint64_t bits;
    int rv = address_parse(&n.first, host);
    if (rv != 0)
        return rv;
    if (rest.at != NULL) {
        /* 10.0.0.0/8 counts from the IPv4 address, ::ffff:10.0.0.0/104 from the long
         * one. */
        bool dotted = slice_find(host, ':') == host.length;
        rv = slice_number(rest, &bits);
        if (rv != 0)
            return rv;
        if (bits > (dotted ? 32 : 128))
            return ERR_RANGE;
        n.bits = (unsigned)bits + (dotted ? V4_BITS : 0);
    }
    clear_after(&n.first, n.bits);
    *ret_network = n;
    return 0;
}

static const struct {
    const char *word;
    const char *networks[4];
} words[] = {
    {"loopback", {"127.0.0.0/8", "::1"}},
    {"private", {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"}},
};

static int add_network(struct networks *n, struct slice text)
{
    if (n->count == NETWORKS_MAX)
        return ERR_FULL;
    int rv = network_parse(&n->network[n->count], text);
    if (rv == 0)
        n->count++;
    return rv;
}

static int add_entry(struct networks *n, struct slice entry)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (!slice_equal_nocase(entry, slice_of(words[i].word)))
            continue;
        for (size_t k = 0; k < 4 && words[i].networks[k] != NULL; k++) {
            int rv = add_network(n, slice_of(words[i].networks[k]));
            if (rv != 0)
                return rv;
        }
        return 0;
    }
    return add_network(n, entry);
}

static struct slice next_entry(struct slice *rest)
{
    size_t skip = 0, end;
    while (skip < rest->length && strchr(", \t", rest->at[skip]) &&
           rest->at[skip] != '\0')
        skip++;
    for (end = skip; end < rest->length && rest->at[end] != ','; end++)
        if (rest->at[end] == ' ' || rest->at[end] == '\t')
            break;
    struct slice entry = {rest->at + skip, end - skip};
    *rest = (struct slice){rest->at + end, rest->length - end};
    return entry;
}

int networks_parse(struct networks *ret_networks, struct slice text)
{
    struct networks n = {.count = 0};
    struct slice rest = slice_trim(text);
    if (rest.length == 0)
        return ERR_MALFORMED; /* nobody is written `none`, so that it is never a slip */
    if (!slice_equal_nocase(rest, SLICE("none"))) {
        while (rest.length > 0) {
            struct slice entry = next_entry(&rest);
            int rv = entry.length == 0 ? 0 : add_entry(&n, entry);
            if (rv != 0)
                return rv;
        }
        if (n.count == 0)
            return ERR_MALFORMED;
    }
    *ret_networks = n;
    return 0;
}

static uint64_t half(const struct address *a, size_t at)
{
    uint64_t n;
    memcpy(&n, a->bytes + at, sizeof n);
    return __builtin_bswap64(n);
}

/* On the path of a beacon, for each network of a list: two words, not sixteen bytes. */
static bool network_contains(const struct network *n, const struct address *a)
{
    uint64_t high = half(a, 0) ^ half(&n->first, 0),
             low = half(a, 8) ^ half(&n->first, 8);
    if (n->bits <= 64)
        return n->bits == 0 || high >> (64 - n->bits) == 0;
    return high == 0 && low >> (128 - n->bits) == 0;
}

bool networks_contain(const struct networks *n, const struct address *a)
{
    /* A network of IPv4 has the whole prefix, and with it all that it contains. */
    unsigned bits = address_is_v4(a) ? V4_BITS : 0;
    for (size_t i = 0; i < n->count; i++)
        if (n->network[i].bits >= bits && network_contains(&n->network[i], a))
            return true;
    return false;
}
