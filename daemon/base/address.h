/* Floor 0 (base). Internet addresses as 16 bytes (IPv4 mapped into ::ffff:0:0/96) and
 * lists of networks. */
#ifndef LUOT_BASE_ADDRESS_H
#define LUOT_BASE_ADDRESS_H

#include "base/slice.h"

struct sockaddr;

enum {
    NETWORKS_MAX = 64,
    ADDRESS_TEXT_MAX = 46,
    ADDRESS_V4_AT = 12 /* behind the prefix ::ffff:0:0 */
};

struct address {
    uint8_t bytes[16];
};

struct network {
    struct address first;
    unsigned bits; /* prefix length in the 128-bit form: an IPv4 /8 is 104 */
};

struct networks {
    struct network network[NETWORKS_MAX];
    size_t count; /* 0: nobody */
};

/* IPv4 or IPv6 text, IPv6 also in [brackets]; ERR_MALFORMED. No zone ids, no names. */
int address_parse(struct address *ret_address, struct slice text);
/* Of an IPv4 address's four bytes. */
static inline struct address address_of_v4(const void *four)
{
    struct address a = {.bytes = {[10] = 0xFF, [11] = 0xFF}};

    memcpy(a.bytes + ADDRESS_V4_AT, four, 4);
    return a;
}

/* AF_INET or AF_INET6; ERR_MALFORMED for any other family. */
int address_from_sockaddr(struct address *ret_address, const struct sockaddr *from);
void address_write(const struct address *a, char ret_text[ADDRESS_TEXT_MAX]);

static inline bool address_is_v4(const struct address *a)
{
    static const uint8_t prefix[ADDRESS_V4_AT] = {[10] = 0xFF, [11] = 0xFF};

    return memcmp(a->bytes, prefix, sizeof prefix) == 0;
}

static inline bool address_equal(const struct address *a, const struct address *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}
/* IPv6 keeps its first 64 bits, IPv4 stays whole: the unit that identity and limits work
 * with. */
static inline struct address address_unit(const struct address *a)
{
    struct address unit = *a;

    if (!address_is_v4(a))
        memset(unit.bytes + 8, 0, 8);
    return unit;
}

/* "10.0.0.0/8", "::1" (a single address). ERR_MALFORMED, ERR_RANGE (bits), host bits are
 * cleared. */
int network_parse(struct network *ret_network, struct slice text);
/* Comma or space separated networks, or the words "loopback" (127.0.0.0/8 and ::1),
 * "private" (RFC 1918 and fc00::/7), "none" (alone). ERR_MALFORMED (also when it is
 * empty: nobody is written "none"), ERR_RANGE, ERR_FULL. */
int networks_parse(struct networks *ret_networks, struct slice text);
/* An IPv4 address is only ever in an IPv4 network: "::/0" is all of IPv6 and nothing
 * else. */
bool networks_contain(const struct networks *n, const struct address *a);

#endif
