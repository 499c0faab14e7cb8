/* Floor 2 (identify), for referrer_list*.c. Names and a class for each: an open table that
 * is filled once, from a text that an operator wrote or we did, and then only read. */
#ifndef LUOT_IDENTIFY_REFERRER_TABLE_H
#define LUOT_IDENTIFY_REFERRER_TABLE_H

#include "base/slice.h"

struct referrer_slot {
    uint32_t hash;   /* of the name's hash, the high half    */
    uint32_t at;     /* of the name in `text`                */
    uint16_t length; /* of the name, 0: the slot is empty    */
    uint8_t class;   /* enum referrer_class                  */
    uint8_t paths;   /* names that are this one and a path follow */
};

struct referrer_table {
    struct referrer_slot *slots;
    size_t slot_count; /* a power of two, at least twice the names; 0: no table */
    char *text;
    size_t text_length, count;
};

/* Room for so many names with so many bytes together; ERR_NOMEM. */
int referrer_table_init(struct referrer_table *t, size_t names, size_t bytes);
void referrer_table_release(struct referrer_table *t);
/* Its slot, new or not; the caller sets what it holds. Never more names than there is room
 * for. */
struct referrer_slot *referrer_table_put(struct referrer_table *t, struct slice name);
/* NULL: it is not there. */
const struct referrer_slot *referrer_table_find(const struct referrer_table *t,
                                                struct slice name);

#endif
