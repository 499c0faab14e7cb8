/* Country databases in the MaxMind DB format (specification 2.0), as small and as odd
 * as a test wants them. */
#ifndef LUOT_TESTS_LIB_MMDB_H
#define LUOT_TESTS_LIB_MMDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mmdb_schema {
    MMDB_NESTED, /* {"country":{"iso_code"},"subdivisions":[{"iso_code"}]} */
    MMDB_NAMED,  /* the same with "names":{"en"} of the subdivision        */
    MMDB_FLAT,   /* {"country_code","state1"}                              */
    MMDB_SHORT,  /* {"country","region"}                                   */
    MMDB_OTHER   /* {"ip"}: no country                                     */
};

struct mmdb_network {
    const char *network; /* "10.0.0.0/8", "2001:db8::/32"; of an IPv4 tree IPv4 only  */
    const char *country; /* as it is written, also what is no code                    */
    const char *region;  /* NULL: none                                                */
};

struct mmdb_options {
    enum mmdb_schema schema;
    unsigned ip_version;  /* 4 or 6               */
    unsigned record_size; /* 24, 28 or 32         */
    bool aliases;         /* 2002::/16, 2001::/32 and ::ffff:0:0/96 lead to IPv4 */
    const char *type, *description;
    uint64_t built_s;
};

/* A later network replaces what it covers of an earlier one. malloc'ed; aborts when it
 * cannot be. */
char *mmdb_write(const struct mmdb_network *networks, size_t count,
                 const struct mmdb_options *options, size_t *ret_length);

#endif
