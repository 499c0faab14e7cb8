#include "count/hits_seal.h"

#include <stddef.h>

#include "count/check_word.h"
#include "count/hits_pages.h"
#include "count/hits_seal_inner.h"
#include "count/hits_word.h"

enum { OF_MOVING = 1, OF_FIRST, OF_ROLLED, OF_BASE, OF_VISITS, OF_VIEWS };

static uint64_t relaxed(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static int64_t rolled(const struct hits *h)
{
    return atomic_load_explicit(&h->rolled_q, memory_order_relaxed);
}

/* Of the words, each turned by another number of bits and laid over each other: what is
 * changed in one of them is changed there, and a start looks at 3,456 quarters a site. */
uint16_t hits_quarters_crc(const struct hits *h, int64_t from_q, int64_t until_q)
{
    uint64_t all = 0;
    unsigned turn = 0;
    uint16_t crc;

    for (int64_t q = from_q; q < until_q; q++)
        for (int i = 0; i < 2; i++, turn += 4) {
            uint64_t word = hits_quarter_word(h, q, i);
            all ^= word << turn | word >> (64 - turn) % 64;
        }
    crc = check_word_crc(0xffff, all);
    return crc != 0 ? crc : 1;
}

int64_t hits_group_start(int64_t q)
{
    return q / SEAL_QUARTERS * SEAL_QUARTERS;
}

_Atomic uint16_t *hits_seal_group(struct hits_seal *seal, int64_t q)
{
    return &seal->group[q / SEAL_QUARTERS % SEAL_GROUPS];
}

/* --- Sealing ---
 *
 * Release all along: kill -9 keeps program order anyway, and no other thread reads. */

static void seal_word(_Atomic uint64_t *at, int64_t of, uint64_t value)
{
    uint64_t word = relaxed(at);

    if (word >> CHECK_WORD_BITS != 0 && check_word_value(word) == value)
        return;
    HITS_SEAM("seal");
    atomic_store_explicit(at, check_word(of, value), memory_order_release);
}

void hits_seal_crc(_Atomic uint16_t *at, uint16_t crc)
{
    if (atomic_load_explicit(at, memory_order_relaxed) == crc)
        return;
    HITS_SEAM("seal crc");
    atomic_store_explicit(at, crc, memory_order_release);
}

void hits_seal_open(struct hits_seal *seal)
{
    seal_word(&seal->moving, OF_MOVING, 1);
}

void hits_seal_open_from(struct hits_seal *seal, const struct hits *h, int64_t q)
{
    hits_seal_open(seal);
    if (q < rolled(h) - QUARTERS)
        q = rolled(h) - QUARTERS;
    if (q < rolled(h))
        for (int i = 0; i < SEAL_QUARTERS; i++)
            hits_seal_crc(&seal->last[i], 0);
    for (q = q > 0 ? hits_group_start(q) : 0; q < rolled(h); q += SEAL_QUARTERS)
        hits_seal_crc(hits_seal_group(seal, q), 0);
}

int64_t hits_own_from(const struct hits *h, int64_t q)
{
    int64_t first_q = atomic_load_explicit(&h->first_q, memory_order_relaxed);

    return q > first_q ? q : first_q;
}

/* The oldest eight closed quarters whose words no open one writes over. */
int64_t hits_oldest_sealed(const struct hits *h)
{
    int64_t from = rolled(h) + 3 * RING_QUARTERS - QUARTERS;

    return hits_own_from(h, from > 0 ? hits_group_start(from) : 0);
}

/* Of the quarters until `until`, those that are not eight yet. */
static void seal_last(struct hits_seal *seal, const struct hits *h, int64_t until)
{
    int64_t oldest = hits_oldest_sealed(h), q = hits_group_start(until);

    for (q = q > oldest ? q : oldest; q < until; q++)
        hits_seal_crc(&seal->last[q % SEAL_QUARTERS], hits_quarters_crc(h, q, q + 1));
}

/* Quarters that were closed since, or are open again and then all: what lies behind them
 * may have been emptied. Those ahead are written over quarters of 36 days ago. */
static void seal_quarters(struct hits_seal *seal, const struct hits *h)
{
    int64_t until = rolled(h), from = hits_oldest_sealed(h), q;
    int64_t was = (int64_t)check_word_value(relaxed(&seal->rolled_q));

    if (relaxed(&seal->rolled_q) != 0 && was <= until && hits_group_start(was) > from)
        from = hits_group_start(was);
    for (q = hits_group_start(from); q + SEAL_QUARTERS <= until; q += SEAL_QUARTERS)
        hits_seal_crc(hits_seal_group(seal, q),
                      hits_quarters_crc(h, hits_own_from(h, q), q + SEAL_QUARTERS));
    for (; q < until + 2 * RING_QUARTERS; q += SEAL_QUARTERS)
        hits_seal_crc(hits_seal_group(seal, q), 0);
    seal_last(seal, h, until);
}

void hits_seal_close(struct hits_seal *seal, const struct hits *h)
{
    uint64_t was = relaxed(&seal->rolled_q);

    if (was == 0 || (int64_t)check_word_value(was) != rolled(h))
        seal_quarters(seal, h);
    seal_word(&seal->rolled_q, OF_ROLLED, (uint64_t)rolled(h));
    seal_word(&seal->first_q, OF_FIRST,
              (uint64_t)atomic_load_explicit(&h->first_q, memory_order_relaxed));
    seal_word(&seal->base_i, OF_BASE, relaxed(&h->base_i));
    seal_word(&seal->overrun_visits, OF_VISITS, relaxed(&h->overrun_visits));
    seal_word(&seal->overrun_views, OF_VIEWS, relaxed(&h->overrun_views));
    seal_word(&seal->moving, OF_MOVING, 0);
}

/* --- What is found --- */

void hits_mend(struct hits_adopting *a)
{
    a->mended++;
    damage_mend(a->damage);
}

void hits_lose(struct hits_adopting *a)
{
    a->lost++;
    damage_lose(a->damage);
}

void hits_lost_one_less(struct hits_adopting *a)
{
    a->lost--;
    a->mended++;
    damage_lost_one_less(a->damage);
}

/* --- Where it is --- */

/* False: there is no such word, or it is damaged itself. */
static bool sealed(const _Atomic uint64_t *at, int64_t of, struct hits_adopting *a,
                   uint64_t *ret_value)
{
    uint64_t word = relaxed(at);

    if (word == 0)
        return false;
    *ret_value = check_word_value(word);
    if (word == check_word(of, *ret_value))
        return true;
    hits_mend(a); /* what it is of is taken as it is, and sealed again */
    return false;
}

static void check_signed(_Atomic int64_t *word, const _Atomic uint64_t *at, int64_t of,
                         struct hits_adopting *a)
{
    uint64_t value;

    if (!sealed(at, of, a, &value) ||
        (int64_t)value == atomic_load_explicit(word, memory_order_relaxed))
        return;
    hits_mend(a);
    atomic_store_explicit(word, (int64_t)value, memory_order_relaxed);
}

/* Which stored days hold is a parity; how often they were chosen nobody asks. */
static void check_base(struct hits *h, const struct hits_seal *seal,
                       struct hits_adopting *a)
{
    uint64_t value;

    if (!sealed(&seal->base_i, OF_BASE, a, &value) || value == relaxed(&h->base_i))
        return;
    hits_mend(a);
    atomic_store_explicit(&h->base_i, value, memory_order_relaxed);
}

/* A hit at the last slot, or before it, may have met a word that it could not take: of an
 * older lap that was not closed yet, or dated after it. */
static bool may_overrun(const struct hits *h, int64_t last_slot)
{
    int64_t open_slot = rolled(h) * QUARTER_SLOTS;

    if (last_slot >= open_slot + RING_SLOTS)
        return true;
    for (int i = 0; i < RING_SLOTS; i++) {
        uint64_t word = relaxed(&h->ring[i]);

        if (word != 0 && ring_word_slot(word, i, open_slot) > last_slot)
            return true;
    }
    return false;
}

static void check_overrun(const struct hits *h, _Atomic uint64_t *word,
                          const _Atomic uint64_t *at, int64_t of, struct hits_adopting *a)
{
    uint64_t value, now = relaxed(word);

    if (!sealed(at, of, a, &value) || now == value ||
        (now > value && (!a->alive || may_overrun(h, a->last_slot))))
        return;
    hits_mend(a);
    atomic_store_explicit(word, value, memory_order_relaxed);
}

/* The floor is not compared: before any worker it may be where open quarters begin. */
void hits_check_place(struct hits *h, const struct hits_seal *seal,
                      struct hits_adopting *a)
{
    uint64_t moving = 0;

    if (!sealed(&seal->moving, OF_MOVING, a, &moving) || moving == 0) {
        check_signed(&h->first_q, &seal->first_q, OF_FIRST, a);
        check_signed(&h->rolled_q, &seal->rolled_q, OF_ROLLED, a);
        check_base(h, seal, a);
        check_overrun(h, &h->overrun_visits, &seal->overrun_visits, OF_VISITS, a);
        check_overrun(h, &h->overrun_views, &seal->overrun_views, OF_VIEWS, a);
    }
    atomic_store_explicit(&h->floor_q, rolled(h), memory_order_seq_cst);
}

bool hits_seal_is_moving(const struct hits_seal *seal)
{
    return relaxed(&seal->moving) == check_word(OF_MOVING, 1);
}

/* Killed between closing quarters and sealing them: those have no seal of theirs yet, nor
 * have those that are not eight. */
int64_t hits_sealed_until(const struct hits *h, const struct hits_seal *seal)
{
    uint64_t word = relaxed(&seal->rolled_q);
    int64_t q = (int64_t)check_word_value(word);

    if (word != check_word(OF_ROLLED, check_word_value(word)) || q > rolled(h))
        q = rolled(h);
    return hits_seal_is_moving(seal) ? hits_group_start(q) : q;
}
