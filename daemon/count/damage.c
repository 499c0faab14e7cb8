#include "count/damage.h"

#include "count/check_word.h"
#include "count/site_inner.h"

enum { OF_MENDED = 201, OF_LOST, OF_WAITS, OF_VIEWS, OF_VISITS, OF_RAISED };

/* Kill -9 keeps the program's order; the fence keeps the compiler's. */
static void set(_Atomic uint64_t *at, uint64_t word)
{
    atomic_store_explicit(at, word, memory_order_release);
    atomic_signal_fence(memory_order_seq_cst);
    SITE_SEAM("damage");
}

/* False: there is none, or it is changed itself. */
static bool get(const _Atomic uint64_t *at, int64_t of, uint64_t *ret_value)
{
    uint64_t word = atomic_load_explicit(at, memory_order_relaxed);

    *ret_value = check_word_value(word);
    return word != 0 && word == check_word(of, *ret_value);
}

static uint64_t value(const _Atomic uint64_t *at, int64_t of)
{
    uint64_t is;

    return get(at, of, &is) ? is : 0;
}

static void add(_Atomic uint64_t *at, int64_t of, uint64_t more)
{
    set(at, check_word(of, value(at, of) + more));
}

/* --- Found --- */

void damage_mend(struct damage *d)
{
    if (d != NULL)
        add(&d->mended, OF_MENDED, 1);
}

void damage_lose(struct damage *d)
{
    if (d != NULL)
        add(&d->lost, OF_LOST, 1);
}

void damage_lost_one_less(struct damage *d)
{
    if (d == NULL)
        return;
    add(&d->mended, OF_MENDED, 1);
    set(&d->lost, check_word(OF_LOST, value(&d->lost, OF_LOST) - 1));
}

static unsigned found(const _Atomic uint64_t *at, int64_t of, unsigned *changed)
{
    uint64_t is;

    if (get(at, of, &is))
        return (unsigned)is;
    *changed += atomic_load_explicit(at, memory_order_relaxed) != 0;
    return 0;
}

void damage_read(const struct damage *d, unsigned *ret_mended, unsigned *ret_lost)
{
    unsigned changed = 0;

    *ret_lost = found(&d->lost, OF_LOST, &changed);
    *ret_mended = found(&d->mended, OF_MENDED, &changed);
    (void)found(&d->waits, OF_WAITS, &changed);
    (void)found(&d->had_views, OF_VIEWS, &changed);
    (void)found(&d->had_visits, OF_VISITS, &changed);
    (void)found(&d->raised_at, OF_RAISED, &changed);
    *ret_mended += changed;
}

void damage_told(struct damage *d)
{
    if (atomic_load_explicit(&d->mended, memory_order_relaxed) != 0)
        set(&d->mended, 0);
    if (atomic_load_explicit(&d->lost, memory_order_relaxed) != 0)
        set(&d->lost, 0);
}

/* --- Waiting --- */

static uint64_t base_i(const struct hits *h)
{
    return check_word_value(atomic_load_explicit(&h->base_i, memory_order_relaxed));
}

static void wait_no_more(struct damage *d)
{
    set(&d->waits, 0);
    set(&d->raised_at, 0);
    set(&d->had_views, 0);
    set(&d->had_visits, 0);
}

void damage_adopt(struct damage *d, const struct hits *h)
{
    uint64_t at, had;

    if (get(&d->raised_at, OF_RAISED, &at) && base_i(h) >= at)
        wait_no_more(d);
    else if (atomic_load_explicit(&d->raised_at, memory_order_relaxed) != 0)
        set(&d->raised_at, 0);
    /* Changed, or killed while they were erased. What a store has more than we do is then
     * less than what was lost, never more. */
    if (!damage_waits(d) && atomic_load_explicit(&d->waits, memory_order_relaxed) != 0)
        set(&d->waits, check_word(OF_WAITS, 1));
    if (!damage_waits(d) || !get(&d->had_views, OF_VIEWS, &had) ||
        !get(&d->had_visits, OF_VISITS, &had)) {
        if (atomic_load_explicit(&d->had_views, memory_order_relaxed) != 0)
            set(&d->had_views, 0);
        if (atomic_load_explicit(&d->had_visits, memory_order_relaxed) != 0)
            set(&d->had_visits, 0);
    }
}

void damage_settle(struct damage *d, const struct hits *h)
{
    uint64_t had;

    if (value(&d->lost, OF_LOST) == 0 && !damage_waits(d))
        return;
    if (!get(&d->had_views, OF_VIEWS, &had) || !get(&d->had_visits, OF_VISITS, &had)) {
        struct hit_count now = hits_total(h);

        set(&d->had_views, check_word(OF_VIEWS, now.views));
        set(&d->had_visits, check_word(OF_VISITS, now.visits));
    }
    if (!damage_waits(d))
        set(&d->waits, check_word(OF_WAITS, 1));
}

bool damage_waits(const struct damage *d)
{
    return atomic_load_explicit(&d->waits, memory_order_acquire) ==
           check_word(OF_WAITS, 1);
}

void damage_had_more(struct damage *d, struct hit_count more)
{
    if (more.views != 0)
        add(&d->had_views, OF_VIEWS, more.views);
    if (more.visits != 0)
        add(&d->had_visits, OF_VISITS, more.visits);
}

struct hit_count damage_lacks(const struct damage *d, struct hit_count stored)
{
    uint64_t views = value(&d->had_views, OF_VIEWS);
    uint64_t visits = value(&d->had_visits, OF_VISITS);

    return (struct hit_count){.views = stored.views > views ? stored.views - views : 0,
                              .visits =
                                  stored.visits > visits ? stored.visits - visits : 0};
}

void damage_raise(struct damage *d, struct hits *h, struct hit_count lacks)
{
    if (lacks.views + lacks.visits != 0) {
        set(&d->raised_at, check_word(OF_RAISED, base_i(h) + 1));
        hits_add_stored(h, lacks);
    }
    wait_no_more(d);
}
