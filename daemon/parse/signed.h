/* Floor 1 (parse). The first line of a signed datagram:
 *
 *   luot1 KEY-ID SENDER SEQ UNIX-MS MAC\n      lines of beacons behind it
 *
 *   KEY-ID    of the writer whose secret signs, 1 to 31 of A-Z a-z 0-9 _ -
 *   SENDER    16 hex digits, random at the sender's start
 *   SEQ       1 and up, below 2^48, one more with each datagram
 *   UNIX-MS   when it was signed
 *   MAC       32 hex digits: BLAKE2b-128, keyed, over the whole datagram with 32 `0` here
 *
 * Fields are parted by one space, hex is in lower case. Pure. */
#ifndef LUOT_PARSE_SIGNED_H
#define LUOT_PARSE_SIGNED_H

#include "base/slice.h"

enum {
    SIGNED_MAC_BYTES = 16,
    SIGNED_MAC_DIGITS = 2 * SIGNED_MAC_BYTES,
    SIGNED_SEQ_BITS = 48
};

struct signed_header {
    struct slice key_id;
    uint64_t sender, seq;
    int64_t unix_ms;
    uint8_t mac[SIGNED_MAC_BYTES];
    struct slice covered[3]; /* what the MAC is of: before it, 32 zeros, behind it */
    struct slice body;       /* the lines                                          */
};

/* Does it want to be a signed one? A beacon's line cannot begin so. */
bool signed_is(struct slice datagram);
/* 0 or ERR_MALFORMED. Slices point into the datagram, but for static zeros. */
int signed_parse(struct signed_header *ret_header, struct slice datagram);

#endif
