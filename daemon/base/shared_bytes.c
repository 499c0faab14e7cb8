#include "base/shared_bytes.h"

#include <assert.h>
#include <stdlib.h>

struct shared_bytes *shared_bytes_new(struct slice bytes)
{
    struct shared_bytes *b = malloc(sizeof *b + bytes.length);

    if (b == NULL)
        return NULL;
    b->holders = 1;
    b->length = bytes.length;
    if (bytes.length > 0)
        memcpy(b->at, bytes.at, bytes.length);
    return b;
}

struct shared_bytes *shared_bytes_hold(struct shared_bytes *b)
{
    b->holders++;
    return b;
}

void shared_bytes_let_go(struct shared_bytes *b)
{
    if (b == NULL)
        return;
    assert(b->holders > 0);
    if (--b->holders == 0)
        free(b);
}
