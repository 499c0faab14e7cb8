/* Floor 0 (base). Bytes that many connections of one thread send: one copy, and a count of
 * who holds it. No thread hands them to another. */
#ifndef LUOT_BASE_SHARED_BYTES_H
#define LUOT_BASE_SHARED_BYTES_H

#include "base/slice.h"

struct shared_bytes {
    size_t holders;
    size_t length;
    char at[];
};

/* A copy, held once. NULL: out of memory. */
struct shared_bytes *shared_bytes_new(struct slice bytes);
/* The same, held once more. */
struct shared_bytes *shared_bytes_hold(struct shared_bytes *b);
/* The last one frees it; NULL is a no-op. */
void shared_bytes_let_go(struct shared_bytes *b);

#endif
