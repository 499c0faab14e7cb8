/* Floor 4 (answer). Who counts the same portals, through a store that they share: what
 * keep/nodes has of it, as answers tell it, and who of them is odd. */
#ifndef LUOT_ANSWER_NODES_SEEN_H
#define LUOT_ANSWER_NODES_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

enum { NODES_SEEN = 64 };

struct nodes_seen {
    bool shared;   /* false: no store here is one that nodes share */
    int error;     /* of the last look                             */
    unsigned here; /* that count now, this one too                 */
    unsigned count;
    struct node_row row[NODES_SEEN];
    uint64_t published, heard, refused; /* sheets */
};

/* Two machines write now under the row's name. */
bool node_is_twice(const struct nodes_seen *seen, const struct node_row *row);
/* Its clock against that of the store; 0 where that is not known. */
int64_t node_ahead_ms(const struct node_row *row);
/* By so much that its days and minutes are not ours. */
bool node_clock_differs(const struct node_row *row);

#endif
