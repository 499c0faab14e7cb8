#include "count/met.h"

#include <assert.h>
#include <stdlib.h>

static_assert((int)VISITORS_NOWHERE < 1 << 20, "a place fits");

struct met *met_new(void)
{
    struct met *k = calloc(1, sizeof *k);

    if (k != NULL)
        hash_text_key_random(&k->secret);
    return k;
}

void met_free(struct met *k)
{
    if (k != NULL)
        met_forget(k);
    free(k);
}

/* Only what was used: the rest takes no memory, and would by this. */
void met_forget(struct met *k)
{
    for (size_t i = 0; i < MET_VISITORS; i++)
        if (k->visitor[i].who != 0)
            k->visitor[i] = (struct met_visitor){0};
    hash_text_key_random(&k->secret);
}
