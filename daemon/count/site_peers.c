/* Making the object that readers see, and putting it in place. */
#include "count/site_peers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "count/site_inner.h"

enum { WORD_SLOT = 0xfffff };

/* --- Making --- */

void site_peers_free(struct site_peers *p)
{
    if (p == NULL)
        return;
    for (unsigned i = 0; i < p->count; i++)
        for (unsigned k = 0; k < p->peer[i].sheet.keys; k++) {
            free(p->peer[i].sheet.key[k].word);
            free((void *)(uintptr_t)p->peer[i].earlier[k]);
        }
    free(p->peer);
    free(p);
}

static void *copy(const void *at, size_t bytes)
{
    void *memory = malloc(bytes == 0 ? 1 : bytes);

    if (memory != NULL && bytes > 0)
        memcpy(memory, at, bytes);
    return memory;
}

/* For each word the latest slot that a peer before this one saw the same visitor in, so
 * that reading a union is one pass without a table. */
static uint32_t *find_earlier(const struct site_peers *p, const struct sheet_key *key)
{
    uint32_t *earlier = calloc(key->count == 0 ? 1 : key->count, sizeof *earlier);

    for (unsigned i = 0; earlier != NULL && i < p->count; i++)
        for (unsigned k = 0; k < p->peer[i].sheet.keys; k++) {
            const struct sheet_key *other = &p->peer[i].sheet.key[k];
            int64_t slot;

            if (other->id != key->id)
                continue;
            for (size_t w = 0; w < key->count; w++)
                if (sheet_key_seen(other, sheet_fp(key->word[w]), &slot) &&
                    slot - key->base > (int64_t)earlier[w] &&
                    slot - key->base <= WORD_SLOT)
                    earlier[w] = (uint32_t)(slot - key->base);
        }
    return earlier;
}

/* Takes the words out of the scratch memory. The sketches stay views: site_peers_join
 * looks at them before their bytes go. */
static bool add_peer(struct site_peers *p, const struct sheet *sheet,
                     const _Atomic int64_t *heard_slot)
{
    struct peer *peer = &p->peer[p->count];
    bool whole = true;

    *peer = (struct peer){.sheet = *sheet, .heard_slot = heard_slot};
    for (unsigned k = 0; k < sheet->keys; k++) {
        size_t bytes = sheet->key[k].count * sizeof(uint64_t);

        peer->sheet.key[k].word = copy(sheet->key[k].word, bytes);
        if (peer->sheet.key[k].word == NULL)
            peer->sheet.key[k].count = 0;
        peer->earlier[k] = find_earlier(p, &peer->sheet.key[k]);
        whole = whole && peer->sheet.key[k].word != NULL && peer->earlier[k] != NULL;
        p->bytes += bytes + bytes / 2;
    }
    p->count++;
    return whole;
}

struct site_peers *site_peers_new(const struct sheet_bytes *sheet, size_t n,
                                  const struct peers_rest rest[SHEET_PERIODS],
                                  unsigned *ret_refused)
{
    struct site_peers *p = calloc(1, sizeof *p);
    uint64_t *word = malloc(SHEET_KEYS * SHEET_WORDS * sizeof *word);
    struct sheet one;
    bool whole = p != NULL && word != NULL;

    *ret_refused = 0;
    if (whole)
        whole = (p->peer = calloc(n == 0 ? 1 : n, sizeof *p->peer)) != NULL;
    for (size_t i = 0; i < n && whole; i++) {
        if (sheet_parse(&one, sheet[i].bytes, word, SHEET_KEYS * SHEET_WORDS) == 0)
            whole = add_peer(p, &one, sheet[i].heard_slot);
        else
            ++*ret_refused;
    }
    free(word);
    if (!whole) {
        site_peers_free(p);
        return NULL;
    }
    memcpy(p->rest, rest, sizeof p->rest);
    p->bytes += sizeof *p + n * sizeof *p->peer;
    return p;
}

/* --- Sketches --- */

/* The first slot of a window now. */
static int64_t window_from(const struct site *s, enum sheet_window window, int64_t now)
{
    const struct site_terms *terms = site_terms_of(s);

    switch (window) {
    case WINDOW_ONLINE:
        return now - terms->online_slots + 1;
    case WINDOW_HOUR:
        return now - HOUR_SLOTS + 1;
    case WINDOW_DAY:
        return now - DAY_SLOTS + 1;
    case WINDOW_7D:
        return now - WEEK_SLOTS + 1;
    default:
        return period_at(&terms->calendar,
                         (enum period_kind)(PERIOD_DAY + window - WINDOW_TODAY), now)
            .from_slot;
    }
}

static const struct sheet_key *key_of(const struct sheet *sheet, uint64_t id)
{
    for (unsigned k = 0; k < sheet->keys; k++)
        if (sheet->key[k].id == id)
            return &sheet->key[k];
    return NULL;
}

static bool has_words(const struct sheet *sheet, uint64_t id, int64_t from_slot)
{
    const struct sheet_key *key = key_of(sheet, id);

    return key != NULL && key->since_slot <= from_slot;
}

static void add_words(struct hll *h, const struct sheet_key *key, int64_t from_slot)
{
    for (size_t w = 0; w < key->count; w++)
        if (sheet_slot(key, key->word[w]) >= from_slot)
            hll_add(h, sheet_fp(key->word[w]));
}

/* All who have the key, whichever way they tell of the window. */
static bool merge_peers(const struct site_peers *p, enum sheet_window window, uint64_t id,
                        int64_t from_slot, struct hll *all, struct hll *one)
{
    bool any = false;

    for (unsigned i = 0; i < p->count; i++) {
        const struct sheet *sheet = &p->peer[i].sheet;

        if (has_words(sheet, id, from_slot)) {
            add_words(all, key_of(sheet, id), from_slot);
        } else if (sheet->hll[window].length > 0 && sheet->hll_key[window] == id &&
                   hll_from_redis(one, sheet->hll[window]) == 0) {
            hll_merge(all, one);
            any = true;
        }
    }
    return any;
}

static void join_window(struct site_peers *p, const struct site *s,
                        enum sheet_window window, int64_t now_slot, struct hll *all,
                        struct hll *one)
{
    int64_t from_slot = window_from(s, window, now_slot);
    int key = site_hold_key_for(s, from_slot);
    double ours;

    if (key < 0)
        return;
    visitors_hll(&s->table[key], from_slot, all);
    ours = hll_estimate(all);
    if (merge_peers(p, window, site_key_id(s, key), from_slot, all, one))
        p->about[window] =
            (struct peers_about){.has = true,
                                 .key_id = site_key_id(s, key),
                                 .extra = (uint64_t)llround(hll_estimate(all) - ours)};
    site_let_go(s, key);
}

void site_peers_join(struct site_peers *p, const struct site *s, struct instant now)
{
    struct hll *all = malloc(2 * sizeof *all);
    bool some = false;

    for (int w = 0; w < SHEET_WINDOWS && all != NULL; w++) {
        some = false;
        for (unsigned i = 0; i < p->count; i++)
            some = some || p->peer[i].sheet.hll[w].length > 0;
        if (some)
            join_window(p, s, (enum sheet_window)w, instant_slot(now), all, all + 1);
    }
    free(all);
    for (unsigned i = 0; i < p->count; i++) /* their bytes go */
        memset(p->peer[i].sheet.hll, 0, sizeof p->peer[i].sheet.hll);
}

/* --- In place --- */

struct site_peers *site_peers_install(struct site *s, struct site_peers *p)
{
    struct site_peers *old;

    if (p != NULL)
        p->site = s;
    /* seq_cst, as peer_readers: a reader counts itself in before it looks, we look for
     * readers after we have put another object there, so one of the two sees the other. */
    old = atomic_exchange_explicit(&s->peers, p, memory_order_seq_cst);
    atomic_fetch_add_explicit(&s->peer_changes, 1, memory_order_release);
    return old;
}

bool site_peers_unread(const struct site *s)
{
    return atomic_load_explicit(&s->peer_readers, memory_order_seq_cst) == 0;
}

bool site_shares_key(const struct site *s, const struct sheet *sheet)
{
    for (unsigned i = 0; i < SITE_KEYS; i++) {
        int64_t from =
            atomic_load_explicit(&s->block->keys[i].from_slot, memory_order_relaxed);
        int key = site_key_is_linked(s, i) ? site_hold_key_for(s, from) : -1;
        bool same = key >= 0 && key_of(sheet, site_key_id(s, key)) != NULL;

        site_let_go(s, key);
        if (same)
            return true;
    }
    return false;
}

/* --- The reader thread --- */

void site_peers_set_live(struct site *s, enum period_kind kind, int64_t number,
                         uint64_t visitors, bool once)
{
    if (kind < PERIOD_DAY || number < 0 || number >= 1 << 18)
        return;
    /* Relaxed: who reads the row a moment before this answers from the one before. */
    atomic_store_explicit(&s->peer_live[kind - PERIOD_DAY][number & 1],
                          (uint64_t)number << PEER_NUMBER_SHIFT | (once ? PEER_ONCE : 0) |
                              (visitors & PEER_COUNT_MOST),
                          memory_order_relaxed);
}
