/* Floor 3 (store), private to store_redis*.c: a name's addresses within a deadline.
 * getaddrinfo has none, so a thread asks that may be left behind. */
#ifndef LUOT_STORE_STORE_REDIS_RESOLVE_H
#define LUOT_STORE_STORE_REDIS_RESOLVE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESSES_MAX = 8 };

struct redis_addresses {
    struct sockaddr_storage address[ADDRESSES_MAX];
    socklen_t length[ADDRESSES_MAX];
    size_t count; /* at least 1 */
};

/* give_up_ms is CLOCK_MONOTONIC's, and so is what *hurry_ms becomes meanwhile (0: no
 * hurry): the earlier one counts. ERR_TIMEOUT, ERR_NOT_FOUND, ERR_NOMEM. */
int redis_resolve(const char *host, unsigned port, int64_t give_up_ms,
                  const _Atomic int64_t *hurry_ms, struct redis_addresses *ret_addresses);

#endif
