/* What an adoption believes of a site beside its hits and rows: its name, its keys and their
 * tables, its history. A name has a copy; a key's slots follow from the table and the
 * calendar, its own bytes from nothing: who comes back is new then, and that is said.
 * History is read from the store again at each start anyway. */
#include <string.h>

#include "count/check_word.h"
#include "count/site_aside_words.h"
#include "count/site_inner.h"
#include "count/site_layout.h"
#include "count/site_seal_inner.h"

static uint64_t relaxed(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

static int64_t moment(const _Atomic int64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

/* A seal that is there and holds its own check. One that does not is made again. */
static bool is_sealed(struct site *s, _Atomic uint64_t *at, enum seal_of of)
{
    uint64_t word = relaxed(at);

    if (word == 0)
        return false;
    if (word == check_word(of, check_word_value(word)))
        return true;
    site_mend(s);
    atomic_store_explicit(at, 0, memory_order_relaxed);
    return false;
}

static bool says(const _Atomic uint64_t *at, uint64_t value)
{
    return check_word_value(relaxed(at)) == value;
}

/* --- The name --- */

static bool has_name(uint32_t state)
{
    return state == SITE_LIVE || state == SITE_ARCHIVED;
}

static void set_state(struct site *s, uint32_t state)
{
    atomic_store_explicit(&s->block->state, state, memory_order_relaxed);
}

/* Killed just before it was live (SITE_OPENING) or changed: it has a name. */
static void check_named(struct site *s)
{
    struct site_block *b = s->block;
    struct site_seal *seal = s->seal;
    uint32_t state = atomic_load_explicit(&b->state, memory_order_relaxed);

    if (!says(&seal->name, site_name_sum(b->key, b->host))) {
        bool copied = says(&seal->name, site_name_sum(seal->key_copy, seal->host_copy));

        /* Named a moment ago: the block's name is written after the copy. */
        if (!copied)
            site_lose(s);
        else if (state != SITE_OPENING)
            site_mend(s);
        if (copied) {
            memcpy(b->key, seal->key_copy, sizeof b->key);
            memcpy(b->host, seal->host_copy, sizeof b->host);
        }
    }
    if (has_name(state))
        return;
    if (state != SITE_OPENING)
        site_mend(s);
    set_state(s, SITE_LIVE);
}

/* Of an older version, or it was never named. */
static void check_unnamed(struct site *s)
{
    struct site_block *b = s->block;
    uint32_t state = atomic_load_explicit(&b->state, memory_order_relaxed);
    bool terminated = memchr(b->key, 0, sizeof b->key) != NULL &&
                      memchr(b->host, 0, sizeof b->host) != NULL;

    b->key[sizeof b->key - 1] = b->host[sizeof b->host - 1] = '\0';
    if (has_name(state) && terminated && site_key_is_valid(slice_of(b->key))) {
        site_seal_name(s, slice_of(b->key), slice_of(b->host));
        return;
    }
    if (state == SITE_OPENING || state == SITE_BLANK || state == SITE_FREE) {
        if (state == SITE_OPENING) /* killed while it was named: it counted nobody */
            set_state(s, SITE_BLANK);
        return;
    }
    site_mend(s);
    set_state(s, SITE_BLANK);
}

void site_check_name(struct site *s)
{
    s->damage = (struct site_damage){.day = -1}; /* and what nobody has said yet */
    damage_read(&s->seal->damage, &s->damage.mended, &s->damage.lost);
    if (is_sealed(s, &s->seal->name, SEAL_OF_NAME))
        check_named(s);
    else
        check_unnamed(s);
}

/* --- Keys --- */

/* A key is made half an hour before its period. */
static bool may_begin(int64_t from, int64_t last)
{
    return from >= 0 && from <= last + DAY_SLOTS;
}

/* Its slots can be had again: a table begins a slot before its key, and a key ends when
 * its calendar says. */
static bool mend_slots(struct site *s, unsigned i, int64_t last)
{
    struct site_key *k = &s->block->keys[i];
    int64_t from[2] = {moment(&k->from_slot), moment(&s->table[i].head->base_slot)};

    from[1] = may_begin(from[1], last) ? from[1] + 1 : last;
    for (int j = 0; j < 2; j++) {
        int64_t gone[2] = {moment(&k->gone_slot)};

        if (!may_begin(from[j], last))
            continue;
        gone[1] = site_key_gone_by(s, from[j]);
        for (int l = 0; l < 2; l++)
            if (says(&s->seal->key[i], site_key_sum(k, from[j], gone[l]))) {
                atomic_store_explicit(&k->from_slot, from[j], memory_order_relaxed);
                atomic_store_explicit(&k->gone_slot, gone[l], memory_order_relaxed);
                return true;
            }
    }
    if (!may_begin(from[0], last))
        atomic_store_explicit(&k->from_slot, from[1], memory_order_relaxed);
    return false;
}

static void check_key_state(struct site *s, unsigned i)
{
    struct site_key *k = &s->block->keys[i];
    struct visitors *v = s->table[i].head;
    uint32_t state = atomic_load_explicit(&k->state, memory_order_relaxed);
    uint32_t linked = atomic_load_explicit(&v->linked, memory_order_relaxed);

    if ((state == KEY_LINKED && linked == 1) || (state == KEY_RETIRING && linked <= 1))
        return; /* retiring: killed in between */
    site_mend(s);
    atomic_store_explicit(&k->state, KEY_LINKED, memory_order_relaxed);
    atomic_store_explicit(&v->linked, 1, memory_order_relaxed);
}

/* Who is dated after the last slot that a visitor can have come in. Killed while the clock
 * was set back, those who came meanwhile are dated at a floor that may be back already: they
 * are believed, and set back with it. Where the clock has ever jumped, a turn may have had
 * the raised floor still, or a time that no tick saw: those are set back too, and it is no
 * damage. */
static void check_dates(struct site *s, unsigned i, int64_t last)
{
    if (hits_seal_is_moving(&s->seal->hits))
        return;
    if (site_aside_changes(s) != 0) {
        (void)visitors_mend_dates(&s->table[i], last + LATE_SLOTS, NULL);
        return;
    }
    s->damage.mended +=
        visitors_mend_dates(&s->table[i], last + LATE_SLOTS, &s->seal->damage);
}

static void check_key(struct site *s, struct arena *a, unsigned i, int64_t last)
{
    struct site_key *k = &s->block->keys[i];
    struct visitors_table *t = &s->table[i];
    unsigned ready = 0, changed;

    if (!is_sealed(s, &s->seal->key[i], SEAL_OF_KEY + i))
        return;
    check_key_state(s, i);
    if (!says(&s->seal->key[i],
              site_key_sum(k, moment(&k->from_slot), moment(&k->gone_slot)))) {
        site_lose(s);
        if (mend_slots(s, i, last))
            site_lost_one_less(s);
        atomic_store_explicit(&s->seal->key[i], 0, memory_order_relaxed);
    }
    if (is_sealed(s, &s->seal->ready[i], SEAL_OF_READY + i))
        ready = (unsigned)check_word_value(relaxed(&s->seal->ready[i]));
    changed = visitors_mend(t, moment(&k->from_slot) - 1, ready, &s->seal->damage);
    s->damage.mended += changed;
    check_dates(s, i, last);
    /* What it says is backed is. */
    ready = atomic_load_explicit(&t->head->ready, memory_order_relaxed);
    if (changed > 0 && arena_back(a, site_place(s, site_table_at(i)),
                                  visitors_part_start(ready) * sizeof(uint64_t)) != 0)
        site_lose(s);
}

/* --- What the store has --- */

static void forget_row(struct site *s, enum seal_row kind, unsigned index)
{
    struct site_block *b = s->block;
    struct site_day *day = &b->day[index];

    site_mend(s);
    if (kind == SEAL_DAY)
        atomic_store_explicit(&day->other_tag, 0, memory_order_relaxed);
    else
        atomic_store_explicit(kind == SEAL_WEEK ? &b->week[index].other_tag
                                                : &b->month[index].other_tag,
                              0, memory_order_relaxed);
    site_unseal_row(s, kind, index);
}

static void check_rows(struct site *s, enum seal_row kind, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        uint16_t crc =
            atomic_load_explicit(site_other_seal(s, kind, i), memory_order_relaxed);

        if (crc != 0 && crc != site_other_crc(s, kind, i))
            forget_row(s, kind, i);
    }
}

static bool history_is_empty(const struct site_block *b)
{
    for (unsigned i = 0; i < HISTORY_WORDS; i++)
        if (relaxed(&b->history[i]) != 0)
            return false;
    return true;
}

/* Version 0: the reader has not brought it yet, and does. */
static void check_history(struct site *s)
{
    struct site_block *b = s->block;
    bool brought = relaxed(&b->history_version) != 0;

    if (is_sealed(s, &s->seal->history, SEAL_OF_HISTORY)
            ? says(&s->seal->history, site_history_sum(b))
            : brought || history_is_empty(b))
        return;
    site_mend(s);
    for (unsigned i = 0; i < HISTORY_WORDS; i++)
        atomic_store_explicit(&b->history[i], 0, memory_order_relaxed);
    atomic_store_explicit(&b->history_version, 0, memory_order_relaxed);
    site_unseal_history(s);
}

/* --- Moments --- */

static void check_moment(struct site *s, _Atomic int64_t *at, _Atomic uint64_t *seal,
                         enum seal_of of)
{
    if (!is_sealed(s, seal, of) || says(seal, (uint64_t)moment(at)))
        return;
    site_mend(s);
    atomic_store_explicit(at, (int64_t)check_word_value(relaxed(seal)),
                          memory_order_relaxed);
}

/* Imports of before are not told from those to come any more. */
static void check_import_key(struct site *s)
{
    if (!is_sealed(s, &s->seal->import_key, SEAL_OF_IMPORT) ||
        says(&s->seal->import_key, site_import_sum(s->block)))
        return;
    site_lose(s);
    atomic_store_explicit(&s->seal->import_key, 0, memory_order_relaxed);
}

/* --- Which copy of what is kept aside is valid --- */

static bool aside_holds(uint64_t state)
{
    return state == check_word(SEAL_OF_ASIDE, check_word_value(state));
}

/* Both are lost: whatever the first copy has. */
static void lose_aside(struct site *s, struct arena *a)
{
    site_lose(s);
    atomic_store_explicit(&s->block->aside, 0, memory_order_release);
    (void)site_aside_make_room(s, a);
}

/* A seal of 0: nothing was ever kept there. */
static void check_aside(struct site *s, struct arena *a)
{
    uint64_t is = aside_state(s), sealed = aside_get(&s->seal->aside);

    if (aside_holds(is) || (is == 0 && !aside_holds(sealed))) {
        atomic_store_explicit(&s->seal->aside, is, memory_order_release);
        return;
    }
    if (sealed != 0 && !aside_holds(sealed)) {
        lose_aside(s, a);
        return;
    }
    site_mend(s);
    atomic_store_explicit(&s->block->aside, sealed, memory_order_release);
}

void site_check_rest(struct site *s, struct arena *a, int64_t last)
{
    struct site_seal *seal = s->seal;

    check_aside(s, a);
    check_moment(s, &s->block->created_s, &seal->created_s, SEAL_OF_CREATED);
    check_moment(s, &s->block->first_live_s, &seal->first_live_s, SEAL_OF_LIVE);
    check_import_key(s);
    for (unsigned i = 0; i < SITE_KEYS; i++)
        check_key(s, a, i, last);
    check_rows(s, SEAL_DAY, SITE_DAYS);
    check_rows(s, SEAL_WEEK, SITE_WEEKS);
    check_rows(s, SEAL_MONTH, SITE_MONTHS);
    check_history(s);
}
