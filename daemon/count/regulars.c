#include "count/regulars.h"

#include <assert.h>
#include <stdlib.h>

static_assert(sizeof(struct regular) * REGULARS_WAYS == 64, "a set is a cache line");
static_assert((int)NAME_NOTES <= UINT16_MAX, "a note's place fits, and none");

struct regulars *regulars_new(void)
{
    /* Zero pages: what nobody needs is not there. */
    char *memory = calloc(1, sizeof(struct regulars) + 64);
    struct regulars *r;

    if (memory == NULL)
        return NULL;
    r = (struct regulars *)(void *)(memory + 64 - (uintptr_t)memory % 64);
    r->memory = memory;
    hash_text_key_random(&r->secret);
    return r;
}

void regulars_free(struct regulars *r)
{
    if (r == NULL)
        return;
    regulars_forget(r);
    free(r->memory);
}

/* Only what was used: the rest takes no memory, and would by this. */
void regulars_forget(struct regulars *r)
{
    struct regular *at = r->regular[0];

    for (size_t i = 0; i < REGULARS; i++)
        if (at[i].tag != 0)
            at[i] = (struct regular){.tag = 0};
    hash_text_key_random(&r->secret);
}

static bool is_live(const struct regular *is, const struct name_lane *lane)
{
    for (unsigned i = 0; i < is->rows; i++)
        if (!name_note_is_live(&lane->note[is->note[i]]))
            return false;
    return is->entry_note == NO_NOTE || name_note_is_live(&lane->note[is->entry_note]);
}

bool regular_holds(struct regular *is, const struct name_lane *lane)
{
    for (unsigned i = 0; i < is->rows; i++)
        if (lane->note[is->note[i]].made > is->made)
            return false;
    if (is->entry_note != NO_NOTE && lane->note[is->entry_note].made > is->made)
        is->entry_note = NO_NOTE;
    if (is->made < lane->live_since && !is_live(is, lane))
        return false;
    is->made = lane->made;
    return true;
}

void regulars_put(struct regulars *r, const struct regular *is)
{
    struct regular *set = r->regular[is->tag % (REGULARS / REGULARS_WAYS)];

    if (set[0].tag != is->tag && set[0].tag != 0)
        set[1] = set[0];
    set[0] = *is;
}
