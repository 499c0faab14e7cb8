/* Keys, and the table of visitors that lies beside each.
 *
 * A key belongs to the period that it began in (a month, or a day). KEY_ROOM slots before
 * the next one begins, the next key and its table are made and linked; hits before the
 * period simply do not fall into it. The old key goes on for the overlap, so that windows
 * and weeks that began under it are answered by it; then: unlink, a grace, nobody reads
 * it, erase, punch. A mark lives as long as its key, so when that is over was written
 * down when the key was made; a configuration that asks for less shortens it.
 *
 * Where nodes share their keys (count/key_ring), the key of a period is taken from the ring
 * when the ring has it at that moment, else it is random, as without a ring: counting waits
 * for nobody, and the visitors of that period are then a sum over the nodes. A key that is
 * in use is never changed for the shared one: those who came under it would be new. But one
 * that nobody has used is, before there are workers: a key is then a table of its own that
 * nothing is in, and no turn can be between the two. Beside workers this cannot be: between
 * unlinking the one and linking the other is a grace, in which visitors would find no table.
 *
 * Whether a key is the shared one is not written down but found out, by comparing it with
 * the ring's. So a key that was adopted after kill -9 is known for what it is as soon as the
 * ring has that period's.
 *
 * A clock that was set forward and back leaves a key of a period to come: it would stand
 * where today's is needed, so it goes. */
#include <string.h>

#include "base/error.h"
#include "count/site_inner.h"
#include "count/site_layout.h"
#include "count/site_seal.h"

enum {
    KEY_ROOM = 150,            /* slots ahead that the next key is made: 30 min */
    OVERLAP_MONTH = WEEK_SLOTS /* slots that a monthly key goes on: 7 days      */
};

/* --- Any thread --- */

static int64_t key_from(const struct site *s, unsigned i)
{
    return atomic_load_explicit(&s->block->keys[i].from_slot, memory_order_relaxed);
}

static uint32_t key_state(const struct site *s, unsigned i)
{
    return atomic_load_explicit(&s->block->keys[i].state, memory_order_relaxed);
}

static bool is_linked(const struct site *s, unsigned i)
{
    /* seq_cst: site_hold_key_for. */
    return atomic_load_explicit(&s->table[i].head->linked, memory_order_seq_cst) != 0;
}

int site_key_for(const struct site *s, int64_t slot)
{
    int begun = -1, oldest = -1;
    int64_t begun_from = 0, oldest_from = 0;

    for (unsigned i = 0; i < SITE_KEYS; i++) {
        int64_t from;

        if (!is_linked(s, i))
            continue;
        from = key_from(s, i);
        if (from <= slot && (begun < 0 || from > begun_from)) {
            begun = (int)i;
            begun_from = from;
        }
        if (oldest < 0 || from < oldest_from) {
            oldest = (int)i;
            oldest_from = from;
        }
    }
    return begun >= 0 ? begun : oldest;
}

/* The reader counts itself in, then looks whether the table is linked; the keeper unlinks
 * it, then looks for readers. All four are seq_cst, so one of the two sees the other. */
int site_hold_key_for(const struct site *s, int64_t slot)
{
    int key;

    while ((key = site_key_for(s, slot)) >= 0) {
        atomic_fetch_add_explicit(&s->block->keys[key].readers, 1, memory_order_seq_cst);
        if (is_linked(s, (unsigned)key))
            return key;
        site_let_go(s, key); /* retired just now: there is one less to choose from */
    }
    return -1;
}

void site_let_go(const struct site *s, int key)
{
    if (key >= 0)
        atomic_fetch_sub_explicit(&s->block->keys[key].readers, 1, memory_order_release);
}

bool site_key_is_linked(const struct site *s, unsigned i)
{
    return key_state(s, i) == KEY_LINKED;
}

uint64_t site_key_id(const struct site *s, int key)
{
    static const char label[] = "luot: which key is this";

    return hash_keyed(&s->block->keys[key].key, label, sizeof label) & ~(uint64_t)1;
}

static void read_import_key(const struct site *s, uint64_t ret_half[2])
{
    for (unsigned i = 0; i < 2; i++)
        ret_half[i] =
            atomic_load_explicit(&s->block->import_key[i], memory_order_acquire);
}

/* Until it reads the same twice: the keeper may be changing it. */
void site_import_key(const struct site *s, struct hash_key *ret_key)
{
    uint64_t half[2], again[2];

    do {
        read_import_key(s, half);
        read_import_key(s, again);
    } while (half[0] != again[0] || half[1] != again[1]);
    memcpy(ret_key->bytes, half, sizeof ret_key->bytes);
}

/* --- Keeper: making and erasing --- */

static enum period_kind key_period(const struct site_terms *terms)
{
    return terms->config.identity == IDENTITY_DAY ? PERIOD_DAY : PERIOD_MONTH;
}

struct period site_key_period(const struct site_terms *terms, int64_t slot)
{
    return period_at(&terms->calendar, key_period(terms), slot);
}

/* The key that began in the period of a slot; -1: none. */
static int key_in_period(const struct site *s, int64_t slot)
{
    struct period p = site_key_period(site_terms_of(s), slot);

    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (key_state(s, i) == KEY_LINKED && key_from(s, i) >= p.from_slot &&
            key_from(s, i) < p.until_slot)
            return (int)i;
    return -1;
}

enum key_sharing site_key_sharing(const struct site *s, int64_t slot)
{
    int i = key_in_period(s, slot);

    return i < 0 ? SHARING_UNKNOWN
                 : (enum key_sharing)atomic_load_explicit(&s->sharing[i],
                                                          memory_order_relaxed);
}

static bool find_shared(const struct site *s, int64_t from_slot, struct hash_key *ret_key)
{
    return s->ring != NULL &&
           key_ring_find(s->ring, key_period(site_terms_of(s)), from_slot, ret_key);
}

/* Of a linked key; the ring may have what it lacked before. */
static void find_sharing(struct site *s, unsigned i)
{
    struct hash_key shared;
    bool same;

    if (atomic_load_explicit(&s->sharing[i], memory_order_relaxed) != SHARING_UNKNOWN ||
        !find_shared(s, key_from(s, i), &shared))
        return;
    same = memcmp(&shared, &s->block->keys[i].key, sizeof shared) == 0;
    hash_key_erase(&shared);
    atomic_store_explicit(&s->sharing[i], same ? SHARING_SHARED : SHARING_OWN,
                          memory_order_relaxed);
}

static void forget_sharing(struct site *s, unsigned i)
{
    atomic_store_explicit(&s->sharing[i], SHARING_UNKNOWN, memory_order_relaxed);
}

/* When a key that began at `from` is over, as things are configured now. */
static int64_t gone_by(const struct site_terms *terms, int64_t from)
{
    enum period_kind kind = key_period(terms);
    struct period p = period_at(&terms->calendar, kind, from);

    if (kind == PERIOD_MONTH)
        return p.until_slot + OVERLAP_MONTH;
    return period_at(&terms->calendar, PERIOD_DAY, p.until_slot).until_slot;
}

int64_t site_key_gone_by(const struct site *s, int64_t from_slot)
{
    return gone_by(site_terms_of(s), from_slot);
}

static int64_t gone_slot(const struct site *s, unsigned i)
{
    int64_t now = gone_by(site_terms_of(s), key_from(s, i));
    int64_t then =
        atomic_load_explicit(&s->block->keys[i].gone_slot, memory_order_relaxed);

    return now < then ? now : then;
}

int64_t site_marks_until(const struct site *s, struct instant now)
{
    int key = site_key_for(s, instant_slot(now));

    return key < 0 ? 0 : gone_slot(s, (unsigned)key) * SLOT_MS / 1000;
}

static void change_import_key(struct site *s)
{
    for (unsigned i = 0; i < 2; i++)
        atomic_store_explicit(&s->block->import_key[i], hash_random64(),
                              memory_order_release);
}

static int make_key(struct site *s, struct arena *a, unsigned i, int64_t from_slot)
{
    struct site_key *k = &s->block->keys[i];
    const struct visitors_table *t = &s->table[i];
    void *first = site_place(s, site_table_at(i));
    int rv = arena_back(a, first, VISITORS_IN_BLOCK * sizeof(uint64_t));

    if (rv != 0)
        return rv;
    site_unseal_key(s, i);
    if (!find_shared(s, from_slot, &k->key))
        hash_key_random(&k->key);
    atomic_store_explicit(&k->from_slot, from_slot, memory_order_relaxed);
    atomic_store_explicit(&k->gone_slot, gone_by(site_terms_of(s), from_slot),
                          memory_order_relaxed);
    atomic_store_explicit(&k->state, KEY_LINKED, memory_order_relaxed);
    s->fill_ticket[i] = 0;
    forget_sharing(s, i);
    visitors_init(t, from_slot - 1);
    atomic_store_explicit(&t->head->linked, 1, memory_order_seq_cst);
    s->keys_changed = true;
    change_import_key(s); /* what imports marked lives no longer either */
    return 0;
}

/* What it told so far stays, as rows. */
static void retire_key(struct site *s, const struct graces *g, unsigned i,
                       int64_t now_slot)
{
    site_keep_rows(s, now_slot);
    atomic_store_explicit(&s->block->keys[i].state, KEY_RETIRING, memory_order_relaxed);
    atomic_store_explicit(&s->table[i].head->linked, 0, memory_order_seq_cst);
    s->retire_ticket[i] = graces_ticket(g);
    s->keys_changed = true;
}

static void erase_key(struct site *s, struct arena *a, unsigned i)
{
    struct visitors_table *t = &s->table[i];
    size_t hlls = site_month_hll_at(i) + sizeof(struct hll) - site_day_hll_at(i, 0);

    site_unseal_key(s, i);
    hash_key_erase(&s->block->keys[i].key);
    forget_sharing(s, i);
    arena_punch(a, site_place(s, site_table_at(i)), TABLE_BYTES);
    arena_punch(a, site_place(s, site_matrix_at(i)), MATRIX_ROOM);
    arena_punch(a, site_place(s, site_day_hll_at(i, 0)), hlls);
    visitors_clear(t);
    atomic_store_explicit(&s->block->keys[i].state, KEY_FREE, memory_order_relaxed);
}

/* --- Keeper: turning over --- */

static bool has_no_reader(const struct site *s, unsigned i)
{
    /* With `linked`: site_hold_key_for. What a reader did comes before the punch. */
    return atomic_load_explicit(&s->block->keys[i].readers, memory_order_seq_cst) == 0;
}

static void end_keys(struct site *s, struct arena *a, const struct graces *g,
                     int64_t next_from, int64_t now_slot)
{
    for (unsigned i = 0; i < SITE_KEYS; i++) {
        uint32_t state = key_state(s, i);

        if (state == KEY_RETIRING && graces_is_over(g, s->retire_ticket[i]) &&
            has_no_reader(s, i))
            erase_key(s, a, i);
        else if (state == KEY_LINKED &&
                 (now_slot >= gone_slot(s, i) || key_from(s, i) > next_from))
            retire_key(s, g, i, now_slot);
    }
}

/* A key that began in the period is good for it, wherever it began: the configuration may
 * have said something else then. */
static bool has_key_of(const struct site *s, const struct period *p)
{
    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (key_state(s, i) == KEY_LINKED && key_from(s, i) >= p->from_slot &&
            key_from(s, i) < p->until_slot)
            return true;
    return false;
}

/* All places are in use: the oldest key must go before the next tick can make another. */
static void make_room(struct site *s, const struct graces *g, int64_t now_slot)
{
    unsigned oldest = 0;

    for (unsigned i = 0; i < SITE_KEYS; i++) {
        if (key_state(s, i) != KEY_LINKED)
            return; /* it is going already */
        if (key_from(s, i) < key_from(s, oldest))
            oldest = i;
    }
    retire_key(s, g, oldest, now_slot);
}

static int want_key(struct site *s, struct arena *a, const struct graces *g,
                    const struct period *p, int64_t now_slot)
{
    if (has_key_of(s, p))
        return 0;
    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (key_state(s, i) == KEY_FREE)
            return make_key(s, a, i, p->from_slot);
    make_room(s, g, now_slot);
    return 0;
}

static int want_keys(struct site *s, struct arena *a, const struct graces *g,
                     int64_t now_slot)
{
    const struct site_terms *terms = site_terms_of(s);
    struct period now = period_at(&terms->calendar, key_period(terms), now_slot);
    struct period next;
    int rv;

    end_keys(s, a, g, now.until_slot, now_slot);
    rv = want_key(s, a, g, &now, now_slot);
    if (rv != 0 || now_slot < now.until_slot - KEY_ROOM)
        return rv;
    next = period_at(&terms->calendar, key_period(terms), now.until_slot);
    return want_key(s, a, g, &next, now_slot);
}

int site_keep_keys(struct site *s, struct arena *a, const struct graces *g,
                   int64_t now_slot)
{
    int rv = want_keys(s, a, g, now_slot);

    for (unsigned i = 0; s->ring != NULL && i < SITE_KEYS; i++)
        if (key_state(s, i) == KEY_LINKED)
            find_sharing(s, i);
    return rv;
}

void site_adopt_keys(struct site *s, struct arena *a, int64_t now_slot)
{
    for (unsigned i = 0; i < SITE_KEYS; i++) {
        bool whole = key_state(s, i) == KEY_LINKED && is_linked(s, i);

        atomic_store_explicit(&s->block->keys[i].readers, 0, memory_order_relaxed);
        if (key_state(s, i) != KEY_FREE && (!whole || now_slot >= gone_slot(s, i)))
            erase_key(s, a, i);
    }
}

/* Not the shared one, and nobody has come under it. */
static bool is_for_nothing(struct site *s, unsigned i)
{
    const struct visitors *v = s->table[i].head;

    find_sharing(s, i);
    return atomic_load_explicit(&s->sharing[i], memory_order_relaxed) == SHARING_OWN &&
           atomic_load_explicit(&v->words, memory_order_relaxed) == 0 &&
           atomic_load_explicit(&v->unplaced, memory_order_relaxed) == 0 &&
           atomic_load_explicit(&v->mode, memory_order_relaxed) == VISITORS_EXACT;
}

void site_adopt_sharing(struct site *s, struct arena *a)
{
    for (unsigned i = 0; i < SITE_KEYS; i++)
        if (key_state(s, i) == KEY_LINKED && is_for_nothing(s, i))
            erase_key(s, a, i);
}
