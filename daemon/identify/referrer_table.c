#include "identify/referrer_table.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

int referrer_table_init(struct referrer_table *t, size_t names, size_t bytes)
{
    size_t slots = 16;

    while (slots < 2 * names)
        slots *= 2;
    *t = (struct referrer_table){.slot_count = slots};
    t->slots = calloc(slots, sizeof *t->slots);
    t->text = malloc(bytes + 1);
    if (t->slots != NULL && t->text != NULL)
        return 0;
    referrer_table_release(t);
    return ERR_NOMEM;
}

void referrer_table_release(struct referrer_table *t)
{
    free(t->slots);
    free(t->text);
    *t = (struct referrer_table){.slot_count = 0};
}

/* Where the name is, or the empty slot where it would be. */
static struct referrer_slot *seek(const struct referrer_table *t, struct slice name,
                                  uint64_t hash)
{
    for (size_t i = hash;; i++) {
        struct referrer_slot *slot = &t->slots[i & (t->slot_count - 1)];

        if (slot->length == 0 ||
            (slot->hash == hash >> 32 &&
             slice_equal(name, (struct slice){t->text + slot->at, slot->length})))
            return slot;
    }
}

struct referrer_slot *referrer_table_put(struct referrer_table *t, struct slice name)
{
    uint64_t hash = hash_fast(name.at, name.length);
    struct referrer_slot *slot = seek(t, name, hash);

    if (slot->length > 0)
        return slot;
    assert(t->count < t->slot_count / 2);
    memcpy(t->text + t->text_length, name.at, name.length);
    *slot = (struct referrer_slot){.hash = (uint32_t)(hash >> 32),
                                   .at = (uint32_t)t->text_length,
                                   .length = (uint16_t)name.length};
    t->text_length += name.length;
    t->count++;
    return slot;
}

const struct referrer_slot *referrer_table_find(const struct referrer_table *t,
                                                struct slice name)
{
    const struct referrer_slot *slot;

    if (t->count == 0 || name.length == 0)
        return NULL;
    slot = seek(t, name, hash_fast(name.at, name.length));
    return slot->length > 0 ? slot : NULL;
}
