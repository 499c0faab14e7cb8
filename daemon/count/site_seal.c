#include "count/site_seal.h"

#include <string.h>

#include "base/hash.h"
#include "count/check_word.h"
#include "count/site_inner.h"
#include "count/site_seal_inner.h"

static uint64_t relaxed(const _Atomic uint64_t *at)
{
    return atomic_load_explicit(at, memory_order_relaxed);
}

/* --- What is sealed --- */

uint64_t site_name_sum(const char *key, const char *host)
{
    struct site_block *none = NULL;
    char bytes[sizeof none->key + sizeof none->host];

    memcpy(bytes, key, sizeof none->key);
    memcpy(bytes + sizeof none->key, host, sizeof none->host);
    return hash_fast(bytes, sizeof bytes) & CHECK_WORD_MAX;
}

uint64_t site_key_sum(const struct site_key *k, int64_t from_slot, int64_t gone_slot)
{
    const int64_t slots[2] = {from_slot, gone_slot};
    unsigned char bytes[sizeof k->key + sizeof slots];
    uint64_t sum;

    memcpy(bytes, &k->key, sizeof k->key);
    memcpy(bytes + sizeof k->key, slots, sizeof slots);
    sum = hash_fast(bytes, sizeof bytes) & CHECK_WORD_MAX;
    memset(bytes, 0, sizeof bytes);
    return sum;
}

uint64_t site_import_sum(const struct site_block *b)
{
    const uint64_t half[2] = {relaxed(&b->import_key[0]), relaxed(&b->import_key[1])};

    return hash_fast(half, sizeof half) & CHECK_WORD_MAX;
}

uint64_t site_history_sum(const struct site_block *b)
{
    uint64_t words[HISTORY_WORDS];

    for (unsigned i = 0; i < HISTORY_WORDS; i++)
        words[i] = relaxed(&b->history[i]);
    return hash_fast(words, sizeof words) & CHECK_WORD_MAX;
}

static uint16_t crc_of_counts(uint16_t crc, const struct count3 *c)
{
    crc = check_word_crc(crc, relaxed(&c->views));
    crc = check_word_crc(crc, relaxed(&c->visits));
    return check_word_crc(crc, relaxed(&c->visitors));
}

static uint64_t any_count(const struct count3 *c)
{
    return relaxed(&c->views) | relaxed(&c->visits) | relaxed(&c->visitors);
}

uint16_t site_other_crc(const struct site *s, enum seal_row kind, unsigned index)
{
    const struct site_block *b = s->block;
    uint16_t crc = 0xffff;

    if (kind == SEAL_DAY) {
        const struct site_day *day = &b->day[index];
        uint64_t tag =
            (uint64_t)atomic_load_explicit(&day->other_tag, memory_order_relaxed);

        if ((tag | any_count(&day->other) | any_count(&day->imported)) == 0)
            return CHECK_WORD_ZEROS_7; /* as most are */
        crc = check_word_crc(crc, tag);
        crc = crc_of_counts(crc_of_counts(crc, &day->other), &day->imported);
    } else {
        const struct site_row *row =
            kind == SEAL_WEEK ? &b->week[index] : &b->month[index];

        crc = check_word_crc(
            crc, (uint64_t)atomic_load_explicit(&row->other_tag, memory_order_relaxed));
        crc = check_word_crc(crc, relaxed(&row->other_visitors));
    }
    return crc != 0 ? crc : 1;
}

_Atomic uint16_t *site_other_seal(const struct site *s, enum seal_row kind,
                                  unsigned index)
{
    return kind == SEAL_DAY    ? &s->seal->other_day[index]
           : kind == SEAL_WEEK ? &s->seal->other_week[index]
                               : &s->seal->other_month[index];
}

/* --- Sealing --- */

static void seal(_Atomic uint64_t *at, enum seal_of of, uint64_t value)
{
    atomic_store_explicit(at, check_word(of, value), memory_order_release);
}

void site_seal_open(struct site *s)
{
#ifdef LUOT_MUTANT_NO_OPEN
    return;
#endif
    hits_seal_open(&s->seal->hits);
}

void site_seal_open_from(struct site *s, int64_t q)
{
    hits_seal_open_from(&s->seal->hits, &s->block->hits, q);
}

void site_unseal_key(struct site *s, unsigned i)
{
    atomic_store_explicit(&s->seal->key[i], 0, memory_order_release);
    atomic_store_explicit(&s->seal->ready[i], 0, memory_order_release);
    atomic_store_explicit(&s->seal->import_key, 0, memory_order_release);
}

static void seal_keys(struct site *s)
{
    struct site_seal *seals = s->seal;

    for (unsigned i = 0; i < SITE_KEYS; i++) {
        const struct site_key *k = &s->block->keys[i];
        uint64_t ready =
            atomic_load_explicit(&s->table[i].head->ready, memory_order_relaxed);

        if (!site_key_is_linked(s, i))
            continue;
        if (relaxed(&seals->key[i]) == 0)
            seal(&seals->key[i], SEAL_OF_KEY + i,
                 site_key_sum(k,
                              atomic_load_explicit(&k->from_slot, memory_order_relaxed),
                              atomic_load_explicit(&k->gone_slot, memory_order_relaxed)));
        if (check_word_value(relaxed(&seals->ready[i])) != ready)
            seal(&seals->ready[i], SEAL_OF_READY + i, ready);
    }
    if (relaxed(&seals->import_key) == 0)
        seal(&seals->import_key, SEAL_OF_IMPORT, site_import_sum(s->block));
}

static void seal_moment(_Atomic uint64_t *at, enum seal_of of,
                        const _Atomic int64_t *moment)
{
    int64_t now = atomic_load_explicit(moment, memory_order_relaxed);

    if (now > 0 && relaxed(at) == 0)
        seal(at, of, (uint64_t)now);
}

static void seal_last_view(struct site *s)
{
    int64_t now = atomic_load_explicit(&s->scan.slot, memory_order_relaxed);
    int64_t view =
        atomic_load_explicit(&s->block->last_view_s, memory_order_relaxed) / SLOT_S;

    if (view > 0 && view <= now + 2 && view >= now - 2 &&
        check_word_value(relaxed(&s->seal->last_view)) != (uint64_t)view)
        seal(&s->seal->last_view, SEAL_OF_VIEW, (uint64_t)view);
}

bool site_saw_view(const struct site *s, int64_t view, int64_t kept)
{
    uint64_t word = relaxed(&s->seal->last_view);

    return view <= kept + 2 && (view >= kept - 2 || word == 0 ||
                                word == check_word(SEAL_OF_VIEW, (uint64_t)view));
}

void site_seal_close(struct site *s)
{
    seal_last_view(s);
    hits_seal_close(&s->seal->hits, &s->block->hits);
    seal_keys(s);
    seal_moment(&s->seal->created_s, SEAL_OF_CREATED, &s->block->created_s);
    seal_moment(&s->seal->first_live_s, SEAL_OF_LIVE, &s->block->first_live_s);
}

void site_seal_name(struct site *s, struct slice key, struct slice host)
{
    struct site_seal *seals = s->seal;

    /* Killed before the last line: it has no name yet. */
    atomic_store_explicit(&seals->name, 0, memory_order_release);
    site_write_name(seals->key_copy, sizeof seals->key_copy, key);
    site_write_name(seals->host_copy, sizeof seals->host_copy, host);
    seal(&seals->name, SEAL_OF_NAME, site_name_sum(seals->key_copy, seals->host_copy));
}

void site_unseal_row(struct site *s, enum seal_row kind, unsigned index)
{
    atomic_store_explicit(site_other_seal(s, kind, index), 0, memory_order_release);
}

void site_seal_row(struct site *s, enum seal_row kind, unsigned index)
{
    atomic_store_explicit(site_other_seal(s, kind, index), site_other_crc(s, kind, index),
                          memory_order_release);
}

void site_unseal_history(struct site *s)
{
    atomic_store_explicit(&s->seal->history, 0, memory_order_release);
}

void site_seal_history(struct site *s)
{
    seal(&s->seal->history, SEAL_OF_HISTORY, site_history_sum(s->block));
}
