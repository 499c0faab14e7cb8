/* Cells: taken, written, given back and read. */
#include "count/names_inner.h"

/* --- Cells --- */

/* The head of the free cells carries a tag that every change moves: who read `next` of a
 * cell that was taken and given back meanwhile loses the CAS. */
static bool take_free(const struct names_table *t, uint32_t *ret_cell)
{
    uint64_t head = atomic_load_explicit(&t->head->free, memory_order_acquire), next;

    do {
        uint32_t cell = (uint32_t)head;

        if (cell == 0)
            return false;
        *ret_cell = cell - 1;
        next = ((head >> 32) + 1) << 32 | relaxed(&names_cell(t, cell - 1)->next);
        NAMES_SEAM("take");
    } while (!atomic_compare_exchange_weak_explicit(
        &t->head->free, &head, next, memory_order_acq_rel, memory_order_acquire));
    return true;
}

static void give_back(const struct names_table *t, uint32_t cell)
{
    uint64_t head = atomic_load_explicit(&t->head->free, memory_order_acquire), next;

    do {
        atomic_store_explicit(&names_cell(t, cell)->next, (uint32_t)head,
                              memory_order_relaxed);
        next = ((head >> 32) + 1) << 32 | (cell + 1);
    } while (!atomic_compare_exchange_weak_explicit(
        &t->head->free, &head, next, memory_order_acq_rel, memory_order_acquire));
}

static bool take_fresh(const struct names_table *t, uint32_t *ret_cell)
{
    /* Acquire: who sees it ready sees it backed. */
    uint32_t ready = atomic_load_explicit(&t->head->ready, memory_order_acquire);
    uint32_t fresh = relaxed(&t->head->fresh);

    do {
        if (fresh >= ready)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(
        &t->head->fresh, &fresh, fresh + 1, memory_order_relaxed, memory_order_relaxed));
    *ret_cell = fresh;
    return true;
}

void names_give_row(const struct names_table *t, uint32_t cell, unsigned further)
{
    uint32_t next = relaxed(&names_cell(t, cell)->next);

    give_back(t, cell);
    for (; further > 0 && next != 0; further--) {
        cell = next - 1;
        next = relaxed(&names_cell(t, cell)->next);
        give_back(t, cell);
    }
}

/* The words of a name from byte `from` on; the last one is filled up with zeros. */
static void write_words(_Atomic uint64_t *to, unsigned words, struct slice name,
                        size_t from)
{
    for (unsigned i = 0; i < words; i++, from += NAME_WORD_BYTES) {
        uint64_t word = 0;
        size_t n = from >= name.length ? 0 : name.length - from;

        if (n > 0)
            memcpy(&word, name.at + from, n < NAME_WORD_BYTES ? n : NAME_WORD_BYTES);
        atomic_store_explicit(&to[i], word, memory_order_relaxed);
    }
}

static bool take(const struct names_table *t, uint32_t *ret_cell)
{
    if (!take_free(t, ret_cell) && !take_fresh(t, ret_cell))
        return false;
    atomic_store_explicit(&names_cell(t, *ret_cell)->next, 0, memory_order_relaxed);
    return true;
}

bool names_take_row(const struct names_table *t, struct slice name, uint32_t *ret_cell)
{
    unsigned further = names_further(name.length);
    uint32_t row, cell, last;

    if (!take(t, &row))
        return false;
    write_words(names_cell(t, row)->text, NAME_FIRST_WORDS, name, 0);
    last = row;
    for (unsigned i = 0; i < further; i++) {
        if (!take(t, &cell)) {
            names_give_row(t, row, i);
            return false;
        }
        write_words(((struct name_more *)names_cell(t, cell))->text, NAME_MORE_WORDS,
                    name, NAME_FIRST_BYTES + (size_t)i * NAME_MORE_BYTES);
        atomic_store_explicit(&names_cell(t, last)->next, cell + 1, memory_order_relaxed);
        last = cell;
    }
    *ret_cell = row;
    return true;
}

/* --- Text --- */

struct walk { /* over the words of a name */
    const struct names_table *t;
    const _Atomic uint64_t *text;
    unsigned left; /* words in this cell */
    uint32_t next;
};

static inline struct walk walk_of(const struct names_table *t,
                                  const struct name_cell *cell)
{
    return (struct walk){.t = t,
                         .text = cell->text,
                         .left = NAME_FIRST_WORDS,
                         .next = relaxed(&cell->next)};
}

/* false: the row has been given to another name meanwhile. */
static inline bool walk_on(struct walk *w, uint64_t *ret_word)
{
    if (w->left == 0) {
        const struct name_cell *cell;

        if (w->next == 0 || w->next > w->t->limit)
            return false;
        cell = names_cell(w->t, w->next - 1);
        w->text = ((const struct name_more *)cell)->text;
        w->next = relaxed(&cell->next);
        w->left = NAME_MORE_WORDS;
    }
    w->left--;
    /* Acquire: who looks at the row again looks after this. */
    *ret_word = atomic_load_explicit(w->text++, memory_order_acquire);
    return true;
}

size_t names_text(const struct names_table *t, const struct name_cell *cell,
                  char ret_text[NAME_MAX_BYTES])
{
    size_t length = name_length(relaxed(&cell->meta));
    struct walk w = walk_of(t, cell);
    uint64_t word;

    for (size_t at = 0; at < length; at += NAME_WORD_BYTES) {
        size_t left = length - at;

        if (!walk_on(&w, &word))
            return at;
        memcpy(ret_text + at, &word, left < NAME_WORD_BYTES ? left : NAME_WORD_BYTES);
    }
    return length;
}
