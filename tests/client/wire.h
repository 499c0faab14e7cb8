/* For the tests of libluot: the other end of the wire, a system that fails when it is
 * told to, and handles and hits. */
#ifndef LUOT_TESTS_CLIENT_WIRE_H
#define LUOT_TESTS_CLIENT_WIRE_H

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "luot.h"
#include "luot_beacon.h"
#include "luot_seam.h"
#include "parse/beacon.h"

struct wire {
    int fd;
    char address[64];
};

bool wire_bind(struct wire *w, bool v6, uint16_t port);
struct wire wire_new(void);
/* The next datagram; good until the next call. */
struct slice wire_next(const struct wire *w);
bool wire_is_empty(const struct wire *w);
/* The only line of the next datagram. `scratch` is the caller's. */
struct beacon wire_beacon(const struct wire *w, char scratch[BEACON_SCRATCH]);
/* Reads until that many lines came. */
void wire_take_lines(const struct wire *w, uint64_t lines);
/* Parses every line of a datagram and returns how many there are. */
unsigned lines_of(struct slice datagram);
/* false: an old kernel, or a sandbox. */
bool kernel_has_segments(void);
bool text_is(struct slice value, const char *text);

/* The system of `faked` handles: set what shall fail after they were opened. */
extern struct fake_system {
    unsigned calls, fail_call;      /* the fail_call-th call of all fails ... */
    int fail_error;                 /* ... with this                          */
    const int *send_errors;         /* what sends say first: 0 is "do it"     */
    unsigned sendmsgs, sendmmsgs;   /* that got through to the kernel         */
    unsigned at_most;               /* messages a sendmmsg takes; 0: all      */
    int connect_error, no_sendmmsg; /* until they are 0 again                 */
    int socket_fd;                  /* the newest                             */
    pid_t process;
    uint64_t now_ms;
} fake;
extern const struct luot_seam fake_seam;

struct luot_options options_to(const struct wire *w);
/* Sends each hit at once. */
struct luot *direct(const struct wire *w);
struct luot *faked(const struct luot_options *options);
/* Pages of 1 to 90 letters: the datagrams are never equally full by chance. */
void hit_many(struct luot *l, unsigned hits);
struct luot_stats stats_of(struct luot *l);
/* errno of a hit, or of opening a handle; 0: it went well. */
int error_of_hit(struct luot *l, const struct luot_hit *hit);
int error_of_open(const struct luot_options *options);

#endif
