/* A sender has 128 cells. The datagram with number n is new iff a CAS moves cell n % 128 from
 * a smaller number to n:
 *
 *   name   id:40 | last:24         whose entry this is, and when he last came (in s)
 *   newest                         the greatest number so far; for gaps, and the window
 *   cell   mark:16 | seq:48        128 of them; the mark is 16 bits of the id
 *
 * A cell only grows, so no number is new twice: that one CAS is the whole protocol, and it
 * may be killed anywhere. `newest` is only looked at to refuse what is beyond the window,
 * which is 128 by promise, and to count gaps.
 *
 * Nobody leaves. An entry whose sender was silent for 120 s may be taken by another: all that
 * he sent has times at least 60 s old by then, and is refused by its time. Taking is one CAS
 * of `name`; cells of somebody else (another mark) are as good as empty, so nothing
 * is cleared. Whoever comes back after 60 s first moves `last` by CAS: he or the one that takes
 * the entry fails, and looks again.
 *
 * Set back by more than a minute, our clock may let a datagram of a sender that was replaced
 * since pass a second time. Two senders of 1,024 with the same 40 bits share a window (one in
 * two million installations); one that takes the entry of another with the same 16 may have
 * datagrams refused until its numbers are greater (one in 65,536 takings). */
#include "count/senders.h"

#include <assert.h>
#include <stdalign.h>

#include "base/error.h"
#include "base/hash.h"
#include "count/site.h"
#include "count/site_layout.h"

enum { NAME_SHIFT = 24, PROBES = 64, IDLE_S = 2 * SENDERS_TIME_S, CELL_SHIFT = 48 };

#define LAST_MASK (((uint64_t)1 << NAME_SHIFT) - 1)

struct sender_entry {
    alignas(64) _Atomic uint64_t name;
    _Atomic uint64_t newest; /* a cell's word */
    _Atomic uint64_t cell[SENDERS_WINDOW];
};

struct senders {
    struct sender_entry entry[SENDERS_MAX];
};

static_assert(sizeof(struct senders) <= SENDERS_ROOM, "it fits in its room");

int senders_open(struct senders **ret_senders, struct arena *a)
{
    struct senders *t = (struct senders *)((char *)arena_range(a, 0) + SENDERS_AT);
    int rv = arena_back(a, t, sizeof *t);

    if (rv == 0)
        *ret_senders = t;
    return rv;
}

uint64_t sender_id(struct slice writer, uint64_t number)
{
    return hash_fast(writer.at, writer.length) ^ hash_fast(&number, sizeof number);
}

/* --- Whose entry --- */

static uint64_t second_of(int64_t now_ms)
{
    return (uint64_t)(now_ms / 1000) & LAST_MASK;
}

/* Never 0, which is nobody's. */
static uint64_t name_of(uint64_t id)
{
    uint64_t name = id >> NAME_SHIFT;

    return (name == 0 ? 1 : name) << NAME_SHIFT;
}

/* Seconds that it is silent; somebody seen in the future (the clock was set back) is not. */
static uint64_t silence(uint64_t word, uint64_t now)
{
    uint64_t since = (now - word) & LAST_MASK;

    return since > LAST_MASK / 2 ? 0 : since;
}

/* His entry, else one to take, else NULL. */
static struct sender_entry *look(struct senders *t, uint64_t id, uint64_t now,
                                 uint64_t *ret_word)
{
    struct sender_entry *room = NULL;

    for (unsigned i = 0; i < PROBES; i++) {
        struct sender_entry *e = &t->entry[(id + i) % SENDERS_MAX];
        uint64_t word = atomic_load_explicit(&e->name, memory_order_acquire);

        if ((word & ~LAST_MASK) == name_of(id)) {
            *ret_word = word;
            return e;
        }
        if (room == NULL && (word == 0 || silence(word, now) > IDLE_S)) {
            room = e;
            *ret_word = word;
        }
    }
    return room;
}

/* NULL: there is no room. */
static struct sender_entry *enter(struct senders *t, uint64_t id, int64_t now_ms)
{
    uint64_t now = second_of(now_ms), word, next = name_of(id) | now;

    for (;;) {
        struct sender_entry *e = look(t, id, now, &word);

        if (e == NULL)
            return NULL;
        if ((word & ~LAST_MASK) == name_of(id) && silence(word, now) == 0)
            return e; /* this second, or ahead of us */
        /* Each CAS that fails is one that another worker has won. */
        if (atomic_compare_exchange_strong_explicit(
                &e->name, &word, next, memory_order_acq_rel, memory_order_acquire))
            return e;
    }
}

/* --- Its window --- */

/* Not the bits that chose the place: those its last owner had as well. */
static uint64_t mark_of(uint64_t id)
{
    return id >> CELL_SHIFT;
}

static uint64_t cell_word(uint64_t id, uint64_t seq)
{
    return mark_of(id) << CELL_SHIFT | seq;
}

static uint64_t seq_in(uint64_t word, uint64_t id)
{
    return word >> CELL_SHIFT == mark_of(id) ? word & SENDERS_SEQ_MAX : 0;
}

/* Relaxed: no other memory hangs on these words. */
static bool raise(_Atomic uint64_t *at, uint64_t id, uint64_t seq, uint64_t *ret_before)
{
    uint64_t seen = atomic_load_explicit(at, memory_order_relaxed);

    do {
        *ret_before = seq_in(seen, id);
        if (*ret_before >= seq)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(
        at, &seen, cell_word(id, seq), memory_order_relaxed, memory_order_relaxed));
    return true;
}

enum senders_verdict senders_take(struct senders *t, uint64_t id, uint64_t seq,
                                  int64_t now_ms, struct senders_gap *ret_gap)
{
    struct sender_entry *e = enter(t, id, now_ms);
    uint64_t before, newest;

    *ret_gap = (struct senders_gap){.skipped = 0};
    if (e == NULL)
        return SENDERS_FULL;
    newest = seq_in(atomic_load_explicit(&e->newest, memory_order_relaxed), id);
    if (seq + SENDERS_WINDOW <= newest ||
        !raise(&e->cell[seq % SENDERS_WINDOW], id, seq, &before))
        return SENDERS_SEEN;
    if (!raise(&e->newest, id, seq, &newest))
        ret_gap->late = true;
    else if (newest != 0) /* where a sender begins nothing was skipped */
        ret_gap->skipped = seq - newest - 1;
    return SENDERS_NEW;
}
