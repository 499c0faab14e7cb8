/* libluot: count page views from a program on a server.
 *
 *     struct luot_options options = LUOT_OPTIONS_INIT;
 *     options.site = "portal";
 *     struct luot *counter = luot_open(&options);
 *
 *     struct luot_hit hit = LUOT_HIT_INIT;
 *     hit.page = "/tin-tuc?id=7";
 *     hit.address = "203.0.113.9";
 *     hit.user_agent = "Mozilla/5.0 ...";
 *     luot_hit(counter, &hit);
 *
 *     luot_close(counter);
 *
 * A hit becomes one line of the grammar in luot_beacon.h; lines gather in datagrams, and
 * datagrams go to luotd over UDP, many in one system call. Nothing answers, so nothing is
 * waited for: no call blocks, and no call fails because of the network. What was lost is
 * counted instead (luot_stats).
 *
 * The library starts no thread, keeps no global state, installs no signal handler, writes
 * to no stream and never ends the process. Its socket is close-on-exec. There is no timer
 * either: a program that may fall silent calls luot_flush about once a second, or when it
 * is idle, else its last lines wait for the next hit.
 *
 * Threads: every function may be called by any thread at any time, but for luot_close,
 * which must be the last. None of them may be called from a signal handler.
 *
 * Fork: a child may go on with its parent's handle. It begins with an empty batch,
 * counters at zero and a socket of its own; lines that waited in the parent are sent by
 * the parent only.
 *
 * errno is changed only by a call that returns NULL or -1.
 *
 * Every struct begins with its own size, which the INIT macros set, so that a program
 * keeps working with newer and older libraries: fields that a program did not know have
 * their defaults, and a field that the library does not know must be zero, else EINVAL.
 *
 * Signed datagrams (key_id and secret) are for luotd elsewhere on a network that others can
 * write to; nothing in them is hidden. luotd refuses what is more than a minute old or ahead
 * by its clock, so both clocks should be right, and what it has seen before.
 *
 * Usable from C99 and C++. Link with `pkg-config --libs luot`. */
#ifndef LUOT_H
#define LUOT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    LUOT_BATCH_BYTES = 1400,       /* of a datagram: 1,500 with all headers       */
    LUOT_BATCH_LINES = 64,         /* of a datagram                               */
    LUOT_BATCH_DATAGRAMS = 16,     /* that wait for one system call               */
    LUOT_BATCH_DATAGRAMS_MAX = 64, /* that may                                    */
    LUOT_BATCH_MS = 1000           /* that a line waits while other hits follow   */
};

struct luot; /* one destination, one socket, one batch */

struct luot_options {
    size_t size;              /* sizeof(struct luot_options)                      */
    const char *address;      /* "127.0.0.1:8080" (the default) or "[::1]:8080":
                                 numbers, no names                                */
    const char *site;         /* key of the hits that name none                   */
    size_t batch_bytes;       /* of a datagram, at most LUOT_DATAGRAM_MAX; a line
                                 that is longer goes alone. 0: each hit is sent
                                 at once. LUOT_OPTIONS_INIT says 1,400            */
    unsigned batch_lines;     /* of a datagram; 0: 64, which is also the most     */
    unsigned batch_datagrams; /* for one system call; 0: 16; at most 64           */
    unsigned batch_ms;        /* 0: 1,000. A hit that finds an older line sends   */
    unsigned plain;           /* 1: never use UDP_SEGMENT, and never pad for it   */
    const char *key_id;       /* with secret: datagrams are signed, and luotd takes
                                 them from anywhere. An ID of its setting `writers`,
                                 at most 31 of A-Z a-z 0-9 - _                    */
    const char *secret;       /* what stands in that writer's file, without the
                                 newline: 16 to 1,024 bytes. Only a hash of it is
                                 kept, until luot_close                           */
};

#define LUOT_OPTIONS_INIT                                                                \
    {                                                                                    \
        sizeof(struct luot_options), NULL, NULL, LUOT_BATCH_BYTES, 0, 0, 0, 0, NULL,     \
            NULL                                                                         \
    }

/* Texts are UTF-8, not encoded, ended by NUL; NULL and "" both mean "not given". */
struct luot_hit {
    size_t size;            /* sizeof(struct luot_hit)                            */
    const char *site;       /* key; not given: the site of the options            */
    const char *page;       /* path or URL; not given: page (unknown)             */
    const char *referrer;   /* URL                                                */
    const char *title;      /* of the page                                        */
    const char *event;      /* its name, at most LUOT_EVENT_MAX bytes: no view    */
    const char *address;    /* visitor's, IPv4 or IPv6; not given: this machine's */
    const char *user_agent; /* visitor's; of more than 512 bytes the first 512    */
    const char *language;   /* "vi", or what Accept-Language said                 */
    unsigned screen_width;  /* px, at most 65,535; 0: unknown                     */
    int ping;               /* 1: the visitor is still here; counts no view       */
};

#define LUOT_HIT_INIT                                                                    \
    {                                                                                    \
        sizeof(struct luot_hit), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0    \
    }

/* hits == sent + dropped + waiting, always. Of this process since luot_open or fork. */
struct luot_stats {
    size_t size;        /* sizeof(struct luot_stats)                              */
    uint64_t hits;      /* luot_hit returned 0                                    */
    uint64_t sent;      /* lines that the kernel took                             */
    uint64_t waiting;   /* lines in the batch now                                 */
    uint64_t dropped;   /* lines lost here: a full socket buffer, or an error     */
    uint64_t datagrams; /* that the kernel took                                   */
    uint64_t segmented; /* of these, by UDP_SEGMENT                               */
    uint64_t errors;    /* times the network refused: nobody there, no route, ... */
};

#define LUOT_STATS_INIT                                                                  \
    {                                                                                    \
        sizeof(struct luot_stats), 0, 0, 0, 0, 0, 0, 0                                   \
    }

/* Copies what it needs of `options`; NULL is LUOT_OPTIONS_INIT. The caller owns the
 * handle and ends it with luot_close. Nothing is sent, and nobody has to listen yet. NULL
 * and errno: EINVAL (an address that is not numbers and a port, a bad site key, a batch
 * over its limits, a bad size, a bad key_id or secret, one without the other), ENOMEM, or what socket(2) says (EMFILE, EAFNOSUPPORT,
 * ...). */
struct luot *luot_open(const struct luot_options *options);

/* Takes one hit; sends when that fills the last datagram of the batch, or when a line has
 * waited for batch_ms. Copies everything. 0, also when the network is in trouble.
 * -1 and errno, and nothing is counted or sent: EINVAL (no handle, no site, a bad site
 * key, address, width or size, a ping with an event), EMSGSIZE (encoded, the line is over
 * LUOT_BEACON_MAX bytes, or the event's name over LUOT_EVENT_MAX), ENOMEM (only for the
 * first call after a fork). */
int luot_hit(struct luot *counter, const struct luot_hit *hit);

/* Sends what is there now. What a full socket buffer refuses is dropped and counted.
 * 0, also when the network is in trouble; -1 and errno: EINVAL (no handle), ENOMEM (as
 * above). */
int luot_flush(struct luot *counter);

/* Fills *ret_stats up to its size, which the caller has set; a field newer than this
 * library is 0. 0; -1 and errno: EINVAL (no handle, a bad size), ENOMEM (as above). */
int luot_stats(struct luot *counter, struct luot_stats *ret_stats);

/* Sends what is there, closes the socket, frees the handle, which nobody may use any
 * more. NULL is a no-op. In a child that made no call since the fork, it only frees. */
void luot_close(struct luot *counter);

#ifdef __cplusplus
}
#endif

#endif
