/* Beacons as a portal's back end sends them: page, referrer, the visitor's address and
 * User-Agent, screen and language; 226 bytes, from a fixed seed. All have one length, so
 * that datagrams can be segments of one buffer. */
#ifndef LUOT_BENCH_BEACONS_H
#define LUOT_BENCH_BEACONS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEACON_TEXT_MAX = 320 };

struct beacons {
    char *datagrams; /* count of them, one after the other; free() it */
    size_t count;
    size_t length; /* bytes of one datagram */
};

static inline uint64_t beacons_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static inline size_t beacons_write(char at[BEACON_TEXT_MAX], unsigned visitors,
                                   uint64_t *state)
{
    uint64_t who = beacons_random(state) % visitors, page = beacons_random(state) % 1000;
    int n = snprintf(
        at, BEACON_TEXT_MAX,
        "s=demo&p=%%2Ftin-tuc%%2Fbai-viet-%06u&r=https%%3A%%2F%%2Fwww.google.com%%2F"
        "&i=10.%03u.%03u.%03u&u=Mozilla%%2F5.0+(Windows+NT+10.0%%3B+Win64%%3B+x64)"
        "+AppleWebKit%%2F537.36+(KHTML,+like+Gecko)+Chrome%%2F%03u.0.0.0+Safari%%2F537."
        "36&w=1920&l=vi",
        (unsigned)page, 100 + (unsigned)(who >> 14 & 127),
        100 + (unsigned)(who >> 7 & 127), 100 + (unsigned)(who & 127),
        100 + (unsigned)(who % 40));
    return (size_t)n;
}

/* `lines` beacons in each of `count` datagrams. false: no memory. */
static inline int beacons_make(struct beacons *ret_beacons, size_t count, unsigned lines,
                               unsigned visitors, uint64_t *state)
{
    char line[BEACON_TEXT_MAX];
    size_t one = beacons_write(line, visitors, state);
    struct beacons b = {.count = count, .length = lines * (one + 1) - 1};

    b.datagrams = malloc(count * b.length);
    if (b.datagrams == NULL)
        return 0;
    for (size_t i = 0; i < count; i++)
        for (unsigned j = 0; j < lines; j++) {
            char *at = b.datagrams + i * b.length + j * (one + 1);
            (void)beacons_write(line, visitors, state);
            memcpy(at, line, one);
            if (j + 1 < lines)
                at[one] = '\n';
        }
    *ret_beacons = b;
    return 1;
}

#endif
