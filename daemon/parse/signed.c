#include "parse/signed.h"

#include "base/error.h"
#include "base/writers.h"

enum { SENDER_DIGITS = 16 };

static const char zeros[SIGNED_MAC_DIGITS + 1] = "00000000000000000000000000000000";

bool signed_is(struct slice datagram)
{
    /* Beacons begin with a name and '='. */
    return datagram.length > 0 && datagram.at[0] == 'l' &&
           slice_starts(datagram, SLICE("luot1 "));
}

static bool read_mac(uint8_t ret_mac[SIGNED_MAC_BYTES], struct slice hex)
{
    if (hex.length != SIGNED_MAC_DIGITS)
        return false;
    for (size_t i = 0; i < SIGNED_MAC_BYTES; i++) {
        uint64_t byte;

        if (slice_hex((struct slice){hex.at + 2 * i, 2}, &byte) != 0)
            return false;
        ret_mac[i] = (uint8_t)byte;
    }
    return true;
}

static bool read_sender(uint64_t *ret_sender, struct slice hex)
{
    return hex.length == SENDER_DIGITS && slice_hex(hex, ret_sender) == 0;
}

static bool read_seq(uint64_t *ret_seq, struct slice text)
{
    return slice_number(text, ret_seq) == 0 && *ret_seq > 0 &&
           *ret_seq >> SIGNED_SEQ_BITS == 0;
}

static bool read_time(int64_t *ret_ms, struct slice text)
{
    uint64_t ms;

    if (slice_number(text, &ms) != 0)
        return false;
    *ret_ms = (int64_t)ms; /* below 2^63: slice_number */
    return true;
}

int signed_parse(struct signed_header *ret_header, struct slice datagram)
{
    struct signed_header h = {.seq = 0};
    struct slice rest = datagram, head, mac;

    head = slice_cut(&rest, '\n');
    if (!signed_is(datagram) || rest.at == NULL)
        return ERR_MALFORMED;
    (void)slice_cut(&head, ' ');
    h.key_id = slice_cut(&head, ' ');
    if (!writer_id_is_valid(h.key_id) || !read_sender(&h.sender, slice_cut(&head, ' ')) ||
        !read_seq(&h.seq, slice_cut(&head, ' ')) ||
        !read_time(&h.unix_ms, slice_cut(&head, ' ')))
        return ERR_MALFORMED;
    mac = head;
    if (mac.at == NULL || !read_mac(h.mac, mac))
        return ERR_MALFORMED;
    h.body = rest;
    h.covered[0] = (struct slice){datagram.at, (size_t)(mac.at - datagram.at)};
    h.covered[1] = (struct slice){zeros, SIGNED_MAC_DIGITS};
    h.covered[2] =
        (struct slice){mac.at + mac.length,
                       (size_t)(datagram.at + datagram.length - (mac.at + mac.length))};
    *ret_header = h;
    return 0;
}
