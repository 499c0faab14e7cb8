/* Floor 5. The daemon: owner of the long-lived things, and the only place that joins net,
 * answer and keep.
 *
 * Start:  places -> arena -> stores -> sites (adopted) -> history -> sockets
 *         -> keeper, saver, reader -> workers -> ready
 * Stop:   workers (drained) -> keeper -> saver (one last save) -> reader -> sites
 *         -> arena */
#ifndef LUOT_DAEMON_H
#define LUOT_DAEMON_H

#include "base/config.h"
#include "options.h"

/* sysexits(3), the ones we use. */
enum daemon_exit {
    EXIT_OK = 0,
    EXIT_USAGE = 64,
    EXIT_UNAVAILABLE = 69, /* a port is taken                */
    EXIT_OSERR = 71,       /* out of memory or threads       */
    EXIT_CANTCREAT = 73,   /* state in use or cannot be made */
    EXIT_IOERR = 74,
    EXIT_CONFIG = 78
};

/* Serves until SIGTERM or SIGINT. Takes `config` over. Returns the exit code; what is
 * wrong is logged. */
int daemon_run(struct config *config, const struct options *options,
               char *const *environment);

#endif
