/* What libluot asks of the system, as a table, so that a test can make each call fail.
 * Internal. */
#ifndef LUOT_CLIENT_SEAM_H
#define LUOT_CLIENT_SEAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "luot.h"

struct luot_seam {
    void *(*allocate)(size_t size); /* as malloc */
    int (*socket)(int domain, int type, int protocol);
    int (*connect)(int fd, const struct sockaddr *to, socklen_t length);
    int (*getsockopt)(int fd, int level, int name, void *value, socklen_t *length);
    ssize_t (*sendmsg)(int fd, const struct msghdr *message, int flags);
    int (*sendmmsg)(int fd, struct mmsghdr *messages, unsigned count, int flags);
    pid_t (*process)(void);   /* as getpid                       */
    uint64_t (*now_ms)(void); /* of a clock that never goes back */
    /* Only for what is signed. */
    uint64_t (*unix_ms)(void);
    uint64_t (*random)(void); /* that nobody can guess */
};

extern const struct luot_seam luot_seam_kernel;

/* luot_open over another system. `seam` outlives the handle. */
struct luot *luot_open_with(const struct luot_options *options,
                            const struct luot_seam *seam);

#endif
