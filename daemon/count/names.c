/* Finding and inserting.
 *
 * Why no name is there twice: within a part an inserter takes the first word of its path
 * that can be taken, and on a path such words only become fewer while there are inserters
 * (the keeper makes tombs only while there are none), so whoever is second finds the first
 * one's row or loses its CAS to it. Between parts: an inserter that has not yet seen the
 * newest part would insert at the first empty word of an older one, and exactly that was
 * sealed. Tombs are taken again in the last part only, where nothing is sealed. */
#include "count/names.h"

#include "count/names_inner.h"

#ifdef LUOT_SEAMS
void (*names_seam)(const char *where);
#endif

uint64_t names_hash(const struct names_table *t, unsigned kind, struct slice name)
{
    uint64_t h = hash_keyed(t->key, name.at, name.length) + kind * 0x9E3779B97F4A7C15U;

    return h != 0 ? h : 1;
}

/* --- The index --- */

/* The cell of a word whose hash may be this one: NULL when it is not. */
static struct name_cell *match(const struct names_table *t, uint64_t word, uint64_t hash)
{
    uint64_t cell = word & CELL_MASK;
    struct name_cell *c;

    if (cell == 0 || cell > t->limit || (word ^ hash) >> NAMES_CELL_BITS != 0)
        return NULL;
    c = names_cell(t, (uint32_t)cell - 1);
    /* Meta first: who sees the row LIVE sees the hash that it is live with. */
    if (name_state(atomic_load_explicit(&c->meta, memory_order_seq_cst)) == NAME_FREE)
        return NULL;
    return atomic_load_explicit(&c->hash, memory_order_relaxed) == hash ? c : NULL;
}

/* The newest part first: it has most rows and is the emptiest. Three quarters of the others'
 * words are taken, so to look there in vain is nine steps. */
struct name_cell *names_find(const struct names_table *t, uint64_t hash)
{
    unsigned parts = atomic_load_explicit(&t->head->part, memory_order_acquire) + 1;

    while (parts-- > 0) {
        struct names_path path = names_path(t, parts, hash);

        for (uint32_t step = 0; step < path.length; step++) {
            uint64_t word =
                atomic_load_explicit(names_word(&path, step), memory_order_seq_cst);
            struct name_cell *cell = match(t, word, hash);

            if (cell != NULL)
                return cell;
            if (word == 0 || word == SEALED)
                break;
        }
    }
    return NULL;
}

struct adding {
    const struct names_table *t;
    uint64_t hash;
    uint32_t meta;
    struct slice name;
    uint64_t views, extra, base;
    uint32_t cell; /* + 1; 0: not taken yet */
    bool made, no_room;
};

/* Fills the row's cells, once. */
static bool fill(struct adding *a)
{
    struct name_cell *c;
    uint32_t cell;

    if (a->cell != 0)
        return true;
    if (!names_take_row(a->t, a->name, &cell)) {
        a->no_room = true;
        return false;
    }
    c = names_cell(a->t, cell);
    atomic_store_explicit(&c->hash, a->hash, memory_order_relaxed);
    atomic_store_explicit(&c->views, a->views, memory_order_relaxed);
    atomic_store_explicit(&c->extra, a->extra, memory_order_relaxed);
    atomic_store_explicit(&c->base, a->base, memory_order_relaxed);
    atomic_store_explicit(&c->meta, a->meta, memory_order_release);
    a->cell = cell + 1;
    return true;
}

/* Puts it at a word that said `seen`. */
static bool publish(struct adding *a, _Atomic uint64_t *word, uint64_t seen)
{
    if (!fill(a))
        return false;
    NAMES_SEAM("publish");
    if (!atomic_compare_exchange_strong_explicit(
            word, &seen, (a->hash & ~CELL_MASK) | a->cell, memory_order_seq_cst,
            memory_order_acquire))
        return false;
    a->made = true;
    return true;
}

/* One part: the row that is there or was made; NULL: go on in the next part, or (no_room,
 * *ret_again) not. */
static struct name_cell *look(struct adding *a, const struct names_path *path,
                              bool newest, bool reuses, bool *ret_again)
{
    _Atomic uint64_t *tomb = NULL;

    *ret_again = false;
    for (uint32_t step = 0; step < path->length; step++) {
        _Atomic uint64_t *at = names_word(path, step);
        uint64_t word = atomic_load_explicit(at, memory_order_acquire);
        struct name_cell *cell = match(a->t, word, a->hash);

        if (cell != NULL)
            return cell;
        if (word == SEALED)
            return NULL;
        if (word == TOMB && tomb == NULL && newest && reuses)
            tomb = at;
        if (word != 0)
            continue;
        if (newest && publish(a, tomb != NULL ? tomb : at, tomb != NULL ? TOMB : 0))
            return names_cell(a->t, a->cell - 1);
        if (!newest) {
            NAMES_SEAM("seal");
            if (atomic_compare_exchange_strong_explicit(
                    at, &word, SEALED, memory_order_acq_rel, memory_order_acquire))
                return NULL;
        }
        *ret_again = !a->no_room; /* somebody was faster */
        return NULL;
    }
    if (tomb == NULL)
        return NULL;
    if (publish(a, tomb, TOMB))
        return names_cell(a->t, a->cell - 1);
    *ret_again = !a->no_room;
    return NULL;
}

static void open_part(const struct names_table *t, unsigned part)
{
    uint32_t before = part - 1;

    NAMES_SEAM("open");
    atomic_compare_exchange_strong_explicit(&t->head->part, &before, part,
                                            memory_order_acq_rel, memory_order_acquire);
}

static bool is_ready(const struct names_table *t, unsigned part)
{
    return part < NAMES_PARTS &&
           part < atomic_load_explicit(&t->head->parts_ready, memory_order_acquire);
}

static struct name_cell *added(struct adding *a, struct name_cell *cell)
{
    const struct names_table *t = a->t;
    unsigned part = atomic_load_explicit(&t->head->part, memory_order_acquire);
    uint32_t rows;

    if (!a->made) {
        if (a->cell != 0) /* filled in vain */
            names_give_row(t, a->cell - 1, names_further(a->name.length));
        return cell;
    }
    rows = atomic_fetch_add_explicit(&t->head->rows, 1, memory_order_relaxed) + 1;
    if (4 * (uint64_t)rows >= 3 * (uint64_t)t->words[part] && is_ready(t, part + 1))
        open_part(t, part + 1);
    return cell;
}

struct name_cell *names_add(const struct names_table *t, uint64_t hash, unsigned kind,
                            struct slice name, uint64_t views, uint64_t extra,
                            uint64_t base, bool *ret_made)
{
    struct adding a = {.t = t,
                       .hash = hash,
                       .meta = name_meta(NAME_LIVE, kind, name.length),
                       .name = name,
                       .views = views,
                       .extra = extra,
                       .base = base};
    struct name_cell *cell = NULL;
    bool again;

    assert(name.length <= NAME_MAX_BYTES);
    for (unsigned part = 0; cell == NULL && !a.no_room;) {
        unsigned newest = atomic_load_explicit(&t->head->part, memory_order_acquire);
        struct names_path path;

        if (part > newest) {
            if (!is_ready(t, part))
                break;
            open_part(t, part);
            continue;
        }
        path = names_path(t, part, hash);
        cell = look(&a, &path, part == newest, part == NAMES_PARTS - 1, &again);
        part += cell == NULL && !again;
    }
    *ret_made = a.made;
    return added(&a, cell);
}

void names_each(const struct names_table *t,
                void (*row)(void *context, struct name_cell *cell), void *context)
{
    unsigned newest = atomic_load_explicit(&t->head->part, memory_order_acquire);

    for (unsigned part = 0; part <= newest; part++)
        for (uint32_t i = 0; i < t->words[part]; i++) {
            uint64_t word =
                atomic_load_explicit(&t->index[part][i], memory_order_acquire);
            uint64_t cell = word & CELL_MASK;

            if (cell != 0 && cell <= t->limit)
                row(context, names_cell(t, (uint32_t)cell - 1));
        }
}
