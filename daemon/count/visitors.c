/* The hot path of a table of visitors: find the visitor's word and move its "last seen",
 * or insert it.
 *
 * The happy path of a hit is one walk: newest part first, the word is found, one CAS
 * moves the slot from a to b, and whoever won that CAS knows both, so it alone decides: a
 * new visit? first in this hour, day, week, month, online window? The second view of a
 * visit? (It sets the word's bit, and a new visit clears it, in the same CAS.) A later hit
 * in the same slot stores nothing.
 *
 * A visitor that no part knows is inserted in the newest one, after the first empty word
 * of its path in every older part has been sealed. Somebody who has not yet seen the
 * newest part would insert the same visitor at exactly that word: one of the two CASes
 * wins, so there is never a second word of one visitor. Words never move and a place
 * never changes its owner (but for the session lines of sketched mode), so growth is one
 * CAS on `cur` and kill -9 leaves nothing to finish. Orders: a word is published with
 * release and read with acquire; `cur` likewise, so that who sees part k open also sees
 * it backed. */
#include "count/visitors.h"

#include <assert.h>

#include "base/prefetch.h"
#include "count/visitors_inner.h"

#ifdef LUOT_SEAMS
void (*visitors_seam)(const char *where);
#endif

/* Where the first walk stopped in each part: the second goes on from there. 0 for parts
 * it has not walked. */
struct trail {
    uint32_t end[VISITORS_PARTS];
};

static const uint32_t part_start[VISITORS_PARTS + 1] = {
    0, 64, 512, 4096, 8192, 16384, 32768, 65536, 131072, 262144, VISITORS_WORDS};

size_t visitors_part_start(unsigned part)
{
    assert(part <= VISITORS_PARTS);
    return part_start[part];
}

uint64_t visitors_fingerprint(uint64_t hash)
{
    uint64_t fp = hash & (((uint64_t)1 << 44) - 1);
    if (fp == 0)
        return 1;
    return fp == ((uint64_t)1 << 44) - 1 ? fp - 1 : fp;
}

struct path visitors_path(uint64_t fp, unsigned part)
{
    uint32_t start = part_start[part], size = part_start[part + 1] - start;
    /* The fp is keyed and even already; mixed with the part, so that who collided in one
     * part does not in the next. */
    uint64_t mixed = (fp + part) * 0x9E3779B97F4A7C15U;
    mixed = (mixed ^ mixed >> 32) * 0xD6E8FEB86659FD93U;
    return (struct path){.start = start,
                         .size = size,
                         .home = (uint32_t)((mixed >> 32) * size >> 32),
                         .length = size < PATH_WORDS ? size : PATH_WORDS};
}

/* --- What a move decides --- */

static void tally_add(_Atomic uint64_t *tally, uint32_t number)
{
    uint64_t tag = ((uint64_t)number + 1) << 40;
    uint64_t seen = atomic_load_explicit(tally, memory_order_acquire);
    uint64_t next;

    do {
        uint64_t held = seen & ~(((uint64_t)1 << 40) - 1);
        if (held > tag)
            return; /* of a period four back: its number has gone */
        next = held == tag ? seen + 1 : tag + 1;
        VISITORS_SEAM("tally");
    } while (!atomic_compare_exchange_weak_explicit(
        tally, &seen, next, memory_order_acq_rel, memory_order_acquire));
}

void visitors_join(const struct visitors_table *t)
{
    /* Release: a scan that has read this join as `joins` has to see the word that caused
     * it. */
    atomic_fetch_add_explicit(&t->head->joins, 1, memory_order_release);
}

/* Seen at `was` before; 0: never. */
static bool is_first_today(uint64_t was, const struct arrival *a)
{
    return was == 0 || a->base + (int64_t)was < a->periods->start[PERIOD_DAY];
}

static bool opens_visit(uint64_t was, const struct arrival *a)
{
    return is_first_today(was, a) || (int64_t)(a->slot - was) >= a->periods->idle_slots;
}

/* The visitor's last seen went from `was` to the arrival's slot (was 0: first ever), and
 * we are who moved it. */
static struct visitors_verdict decide(const struct visitors_table *t, uint64_t was,
                                      const struct arrival *a)
{
    const struct visit_periods *p = a->periods;
    bool never = was == 0;
    int64_t before = a->base + (int64_t)was, now = a->base + (int64_t)a->slot;

    for (unsigned kind = 0; kind < PERIOD_KINDS; kind++)
        if (never || before < p->start[kind])
            tally_add(&t->head->tally[kind][p->number[kind] % 4], p->number[kind]);
    if (now > p->online_after && (never || before <= p->online_after))
        visitors_join(t);
    return (struct visitors_verdict){.placed = true,
                                     .new_visit = opens_visit(was, a),
                                     .first_seen = never,
                                     .first_today = is_first_today(was, a)};
}

/* What a word that read `seen` becomes. A view that comes after a later one of its visitor
 * is told within the hour only: beyond, the later one may be of another day's visit. A ping
 * that takes a visit over midnight ends what can be said of it: a second view today would
 * be of a visit that yesterday has counted. */
static uint64_t moved(uint64_t seen, const struct arrival *a)
{
    uint64_t was = word_slot(seen);

    if (was < a->slot)
        return word_pack(a->fp, a->slot) |
               (a->is_view
                    ? (opens_visit(was, a) ? 0 : WORD_ENGAGED)
                    : (is_first_today(was, a) ? WORD_ENGAGED : seen & WORD_ENGAGED));
    return a->is_view && a->base + (int64_t)was < a->periods->until_slot
               ? seen | WORD_ENGAGED
               : seen;
}

bool visitors_refresh(const struct visitors_table *t, _Atomic uint64_t *word,
                      uint64_t seen, const struct arrival *a,
                      struct visitors_verdict *ret_verdict)
{
    while (word_fp(seen) == a->fp) {
        uint64_t next = moved(seen, a);
        if (next == seen) { /* not new, first in nothing, no store */
            *ret_verdict = (struct visitors_verdict){.placed = true};
            return true;
        }
        VISITORS_SEAM("refresh");
        if (atomic_compare_exchange_weak_explicit(word, &seen, next, memory_order_acq_rel,
                                                  memory_order_acquire)) {
            *ret_verdict = word_slot(seen) < a->slot
                               ? decide(t, word_slot(seen), a)
                               : (struct visitors_verdict){.placed = true};
            ret_verdict->second_view = a->is_view && (next & ~seen & WORD_ENGAGED) != 0;
            return true;
        }
    }
    return false;
}

/* --- Finding --- */

/* The step of the path where it ends, or where the fp is; *ret_seen is what was read
 * there (0 at the limit). */
static uint32_t walk(const struct visitors_table *t, const struct path *path, uint64_t fp,
                     uint64_t *ret_seen)
{
    const _Atomic uint64_t *part = &t->word[path->start];
    uint32_t at = path->home;

    for (uint32_t step = 0; step < path->length; step++) {
        uint64_t seen = atomic_load_explicit(&part[at], memory_order_acquire);
        if (word_fp(seen) == fp || !word_is_visitor(seen)) {
            *ret_seen = seen;
            return step;
        }
        at = at + 1 < path->size ? at + 1 : 0;
    }
    *ret_seen = WORD_EMPTY;
    return path->length;
}

/* Where it was: a word never moves. In a part that is open, for others may not be there. */
static _Atomic uint64_t *find_at(const struct visitors_table *t, uint64_t fp, uint32_t at,
                                 uint64_t *ret_seen)
{
    unsigned cur = atomic_load_explicit(&t->head->cur, memory_order_acquire);

    if (at >= part_start[cur + 1])
        return NULL;
    *ret_seen = atomic_load_explicit(&t->word[at], memory_order_acquire);
    return word_fp(*ret_seen) == fp ? &t->word[at] : NULL;
}

static _Atomic uint64_t *find(const struct visitors_table *t, uint64_t fp,
                              struct trail *trail, uint64_t *ret_seen)
{
    unsigned cur = atomic_load_explicit(&t->head->cur, memory_order_acquire);

    /* A part that opens between the passes has to be walked from its start. */
    *trail = (struct trail){0};
    for (unsigned part = cur + 1; part-- > 0;) {
        struct path path = visitors_path(fp, part);
        uint32_t step = walk(t, &path, fp, ret_seen);
        if (word_fp(*ret_seen) == fp)
            return &t->word[path_index(&path, step)];
        trail->end[part] = step;
    }
    return NULL;
}

/* --- Inserting --- */

static void open_part(const struct visitors_table *t, unsigned part)
{
    uint32_t before = part - 1;
    VISITORS_SEAM("open");
    atomic_compare_exchange_strong_explicit(&t->head->cur, &before, part,
                                            memory_order_acq_rel, memory_order_acquire);
}

static struct visitors_verdict inserted(const struct visitors_table *t, unsigned part,
                                        uint32_t at, const struct arrival *a)
{
    uint64_t words =
        atomic_fetch_add_explicit(&t->head->words, 1, memory_order_acq_rel) + 1;
    if (4 * words >= 3 * visitors_part_start(part + 1) &&
        atomic_load_explicit(&t->head->ready, memory_order_acquire) > part + 1)
        open_part(t, part + 1);
    if (a->ret_at != NULL)
        *a->ret_at = at;
    return decide(t, 0, a);
}

/* Closes the path in an older part, or inserts in the newest one. false: go on in the
 * next part. */
static bool seal_or_insert(const struct visitors_table *t, unsigned part, bool newest,
                           uint32_t from, const struct arrival *a,
                           struct visitors_verdict *ret_verdict)
{
    struct path path = visitors_path(a->fp, part);

#ifdef LUOT_MUTANT_NO_SEAL
    if (!newest)
        return false;
#endif
    for (uint32_t step = from; step < path.length; step++) {
        _Atomic uint64_t *word = &t->word[path_index(&path, step)];
        uint64_t seen = atomic_load_explicit(word, memory_order_acquire);
        if (seen == WORD_EMPTY) {
            uint64_t next = newest ? word_pack(a->fp, a->slot) : WORD_SEALED;
            VISITORS_SEAM(newest ? "insert" : "seal");
            if (atomic_compare_exchange_strong_explicit(
                    word, &seen, next, memory_order_acq_rel, memory_order_acquire)) {
                if (newest)
                    *ret_verdict =
                        inserted(t, part, (uint32_t)path_index(&path, step), a);
                return newest;
            }
        }
        if (seen == WORD_SEALED)
            return false;
        if (word_fp(seen) == a->fp && visitors_refresh(t, word, seen, a, ret_verdict))
            return true;
    }
    return false;
}

static struct visitors_verdict insert(const struct visitors_table *t,
                                      const struct trail *trail, const struct arrival *a)
{
    struct visitors_verdict verdict = {0};

    for (unsigned part = 0;; part++) {
        if (part > atomic_load_explicit(&t->head->cur, memory_order_acquire)) {
            if (atomic_load_explicit(&t->head->ready, memory_order_acquire) <= part)
                break;
            open_part(t, part);
        }
        bool newest = part == atomic_load_explicit(&t->head->cur, memory_order_acquire);
        if (seal_or_insert(t, part, newest, trail->end[part], a, &verdict))
            return verdict;
    }
    /* Relaxed: only a number. */
    atomic_fetch_add_explicit(&t->head->unplaced, 1, memory_order_relaxed);
    return verdict;
}

/* --- A hit --- */

/* The parts below hold few, and are mostly near. */
enum { FIRST_FAR_PART = 3 };

void visitors_expect(const struct visitors_table *t, uint64_t fp, uint32_t at)
{
    unsigned cur = atomic_load_explicit(&t->head->cur, memory_order_acquire);

    if (at != VISITORS_NOWHERE) {
        prefetch_for_write(&t->word[at]);
        return;
    }
    for (unsigned part = cur + 1; part-- > FIRST_FAR_PART;) {
        struct path path = visitors_path(fp, part);

        prefetch_for_write(&t->word[path.start + path.home]);
    }
}

/* seq_cst, as all that a turn reads and a grace waits for (count/turn): costs nothing on
 * x86-64. */
static uint32_t mode_in_turn(const struct visitors_table *t)
{
    return atomic_load_explicit(&t->head->mode, memory_order_seq_cst);
}

/* Stored even where the table then finds the visitor: an add is idempotent. */
static void sketch(const struct visitors_table *t, uint64_t fp, int64_t slot,
                   const struct visit_periods *p)
{
    unsigned day = p->number[PERIOD_DAY] % 2;

    distinct_add(t->matrix, fp, slot);
    hll_add(t->month, fp);
    /* Acquire: the keeper cleared the day before it gave it this number. */
    if (atomic_load_explicit(&t->head->day_number[day], memory_order_acquire) ==
        p->number[PERIOD_DAY] + 1)
        hll_add(t->day[day], fp);
}

static bool arrive(const struct visitors_table *t, uint64_t fp, int64_t slot,
                   const struct visit_periods *p, bool is_view,
                   struct arrival *ret_arrival)
{
    int64_t base = atomic_load_explicit(&t->head->base_slot, memory_order_relaxed);

    assert(slot >= p->from_slot && slot < p->until_slot);
    *ret_arrival = (struct arrival){.fp = fp,
                                    .slot = (uint64_t)(slot - base),
                                    .base = base,
                                    .periods = p,
                                    .is_view = is_view};
    return slot > base;
}

struct visitors_verdict visitors_hit(const struct visitors_table *t, uint64_t fp,
                                     int64_t slot, const struct visit_periods *p)
{
    uint32_t at = VISITORS_NOWHERE;

    return visitors_hit_at(t, fp, slot, p, &at);
}

struct visitors_verdict visitors_hit_at(const struct visitors_table *t, uint64_t fp,
                                        int64_t slot, const struct visit_periods *p,
                                        uint32_t *at)
{
    struct visitors_verdict verdict = {0};
    struct arrival a;
    struct trail trail;
    uint64_t seen;

    if (!arrive(t, fp, slot, p, true, &a))
        return verdict; /* before this table's key began */
    if (a.slot > SLOT_LAST) {
        atomic_fetch_add_explicit(&t->head->unplaced, 1, memory_order_relaxed);
        return verdict;
    }
    uint32_t mode = mode_in_turn(t);
    if (mode != VISITORS_EXACT)
        sketch(t, fp, slot, p);
    _Atomic uint64_t *word = find_at(t, fp, *at, &seen);
    /* Who was seen in this slot, and not for the first time in his visit, moves nothing. */
    if (word != NULL && seen == (word_pack(fp, a.slot) | WORD_ENGAGED))
        return (struct visitors_verdict){.placed = true};
    if (word != NULL && visitors_refresh(t, word, seen, &a, &verdict))
        return verdict;
    word = find(t, fp, &trail, &seen);
    a.ret_at = at;
    *at = word == NULL ? VISITORS_NOWHERE : (uint32_t)(word - t->word);
    if (word != NULL && visitors_refresh(t, word, seen, &a, &verdict))
        return verdict;
    VISITORS_SEAM("between the passes");
    return mode == VISITORS_SKETCHED ? visitors_session_hit(t, &a)
                                     : insert(t, &trail, &a);
}

bool visitors_ping(const struct visitors_table *t, uint64_t fp, int64_t slot,
                   const struct visit_periods *p)
{
    struct visitors_verdict verdict;
    struct arrival a;
    struct trail trail;
    uint64_t seen;

    if (!arrive(t, fp, slot, p, false, &a) || a.slot > SLOT_LAST)
        return false;
    uint32_t mode = mode_in_turn(t);
    _Atomic uint64_t *word = find(t, fp, &trail, &seen);
    if (word == NULL && mode == VISITORS_SKETCHED)
        word = visitors_session_find(t, fp, &seen);
    if (word == NULL)
        return false;
    /* Moved after the visit has ended, it would hide that the next view begins a new
     * one. */
    if ((int64_t)(a.slot - word_slot(seen)) >= p->idle_slots)
        return true;
    if (!visitors_refresh(t, word, seen, &a, &verdict))
        return false;
    if (mode != VISITORS_EXACT)
        sketch(t, fp, slot, p);
    return true;
}
