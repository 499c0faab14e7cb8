/* The session line of sketched mode. The table is full, the matrix counts visitors; what
 * the table is still needed for is to know whose visit goes on. A visitor that has no
 * word on its path is kept in the eight words (one cache line) around its home in the
 * last part: the oldest of them is replaced, if its visit is over.
 *
 * Two inserters of one visitor cannot both win: the order (slot, then index) names one
 * oldest word, whoever loses the CAS reads the line again, and a second winner would need
 * an older word than the first one's. It costs nothing but the truth for a line with more
 * than eight live visits: their next views are new visits again. */
#include "count/visitors_inner.h"

enum { SESSION_TRIES = 8 };

static _Atomic uint64_t *session_line(const struct visitors_table *t, uint64_t fp)
{
    struct path path = visitors_path(fp, LAST_PART);
    return &t->word[path.start + path.home / SESSION_WORDS * SESSION_WORDS];
}

static _Atomic uint64_t *line_find(_Atomic uint64_t *line, uint64_t fp,
                                   uint64_t ret_seen[SESSION_WORDS], uint64_t *ret_word)
{
    for (unsigned i = 0; i < SESSION_WORDS; i++) {
        ret_seen[i] = atomic_load_explicit(&line[i], memory_order_acquire);
        if (word_fp(ret_seen[i]) == fp) {
            *ret_word = ret_seen[i];
            return &line[i];
        }
    }
    return NULL;
}

_Atomic uint64_t *visitors_session_find(const struct visitors_table *t, uint64_t fp,
                                        uint64_t *ret_seen)
{
    uint64_t seen[SESSION_WORDS];
    return line_find(session_line(t, fp), fp, seen, ret_seen);
}

/* The oldest word, or SESSION_WORDS when no visit in the line is over. An empty word is
 * older than any. */
static unsigned line_oldest(const uint64_t seen[SESSION_WORDS], const struct arrival *a)
{
    unsigned oldest = SESSION_WORDS;

    for (unsigned i = 0; i < SESSION_WORDS; i++)
        if (seen[i] != WORD_SEALED &&
            (oldest == SESSION_WORDS || word_slot(seen[i]) < word_slot(seen[oldest])))
            oldest = i;
    if (oldest < SESSION_WORDS && seen[oldest] != WORD_EMPTY &&
        (int64_t)(a->slot - word_slot(seen[oldest])) < a->periods->idle_slots)
        return SESSION_WORDS;
    return oldest;
}

struct visitors_verdict visitors_session_hit(const struct visitors_table *t,
                                             const struct arrival *a)
{
    struct visitors_verdict verdict = {.placed = true, .new_visit = true};
    _Atomic uint64_t *line = session_line(t, a->fp);

    for (unsigned tries = 0; tries < SESSION_TRIES; tries++) {
        uint64_t seen[SESSION_WORDS], found;
        _Atomic uint64_t *word = line_find(line, a->fp, seen, &found);
        if (word != NULL) {
            if (visitors_refresh(t, word, found, a, &verdict))
                return verdict;
            continue;
        }
        unsigned oldest = line_oldest(seen, a);
        if (oldest == SESSION_WORDS)
            return verdict; /* a new visit that is not kept */
        bool was_empty = seen[oldest] == WORD_EMPTY;
        VISITORS_SEAM("session");
        if (atomic_compare_exchange_strong_explicit(
                &line[oldest], &seen[oldest], word_pack(a->fp, a->slot),
                memory_order_acq_rel, memory_order_acquire)) {
            if (was_empty)
                atomic_fetch_add_explicit(&t->head->words, 1, memory_order_relaxed);
            if (a->base + (int64_t)a->slot > a->periods->online_after)
                visitors_join(t);
            return verdict;
        }
    }
    return verdict;
}
