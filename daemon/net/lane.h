/* Floor 4 (net). Where a worker's sockets take what they received: the handlers, that
 * worker's context for them and its row of numbers. A value that udp and http each
 * keep. */
#ifndef LUOT_NET_LANE_H
#define LUOT_NET_LANE_H

#include "net/net.h"

struct lane {
    const struct net_handlers *handlers;
    void *context;           /* handed to every handler      */
    struct metrics_row *row; /* written by this worker alone */
};

#endif
