#include "net/admission.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/error.h"

static struct address peer(unsigned number)
{
    struct address a = {.bytes = {0x20, 0x01, 0x0d, 0xb8}};
    a.bytes[6] = (uint8_t)(number >> 8); /* within the first 64 bits */
    a.bytes[7] = (uint8_t)number;
    return a;
}

Test(admission, the_addresses_of_one_64_are_one)
{
    struct admission a;
    uint32_t slot[3];
    struct address first = peer(1), second = peer(1), other = peer(2);
    second.bytes[15] = 7;
    cr_assert_eq(admission_init(&a, 10, 1), 0);
    cr_expect_eq(admission_enter(&a, &first, false, &slot[0]), 0);
    cr_expect_eq(admission_enter(&a, &second, false, &slot[1]), ERR_FULL);
    cr_expect_eq(admission_enter(&a, &other, false, &slot[1]), 0);
    cr_expect_eq(admission_enter(&a, &second, true, &slot[2]), 0);
    cr_expect(slot[0] != slot[1] && slot[1] != slot[2] && slot[0] != slot[2]);
    admission_leave(&a, &first, slot[0]);
    cr_expect_eq(admission_enter(&a, &first, false, &slot[0]), ERR_FULL);
    admission_leave(&a, &second, slot[2]);
    cr_expect_eq(admission_enter(&a, &first, false, &slot[0]), 0);
    admission_leave(&a, &first, slot[0]);
    admission_leave(&a, &other, slot[1]);
    admission_release(&a);
}

/* Against a plain count, by a fixed seed: every slot is held once, every limit kept. */
Test(admission, agrees_with_a_plain_count_over_many_comings_and_goings)
{
    enum { SLOTS = 50, PEERS = 40, EACH = 3, STEPS = 100000 };
    struct admission a;
    unsigned open[PEERS] = {0}, total = 0, holder[SLOTS];
    bool held[SLOTS] = {false};
    cr_assert_eq(admission_init(&a, SLOTS, EACH), 0);
    srand(1);
    for (int i = 0; i < STEPS; i++) {
        unsigned who = (unsigned)rand() % PEERS;
        uint32_t slot = (uint32_t)rand() % SLOTS;
        struct address from = peer(who);
        if (rand() % 2 == 0 && held[slot]) {
            from = peer(holder[slot]);
            admission_leave(&a, &from, slot);
            held[slot] = false;
            open[holder[slot]]--;
            total--;
            continue;
        }
        bool room = total < SLOTS && open[who] < EACH;
        int rv = admission_enter(&a, &from, false, &slot);
        cr_assert_eq(rv, room ? 0 : ERR_FULL);
        if (rv != 0)
            continue;
        cr_assert(slot < SLOTS && !held[slot]);
        held[slot] = true;
        holder[slot] = who;
        open[who]++;
        total++;
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (held[slot]) {
            struct address from = peer(holder[slot]);
            admission_leave(&a, &from, slot);
        }
    admission_release(&a);
}
