#include "parse/spelling.h"

#include <assert.h>
#include <stdlib.h>

static_assert((SPELLINGS & (SPELLINGS - 1)) == 0, "a power of two");

struct spellings *spellings_new(const struct hash_text_key *secret)
{
    struct spellings *s = calloc(1, sizeof *s);

    if (s != NULL)
        s->secret = secret;
    return s;
}

void spellings_free(struct spellings *s)
{
    free(s);
}

/* Only what was used: the rest takes no memory, and would by this. */
void spellings_forget(struct spellings *s)
{
    for (size_t kind = 0; kind < SPELLING_KINDS; kind++)
        for (size_t i = 0; i < SPELLINGS; i++)
            if (s->row[kind][i].tag != 0)
                s->row[kind][i] = (struct spelling){0};
}

void spelling_learn(const struct spellings *s, struct spelling *row, uint64_t tag,
                    struct slice text)
{
    *row = (struct spelling){tag, hash_text(s->secret, text, 0)};
}
