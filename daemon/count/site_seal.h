/* Floor 2 (count), private to site_*.c. The seal of a site: what is left of the
 * block's last page, by which an adoption sees that somebody else changed a word that a
 * total, day, week or month is made of. Checks that fit into the word itself are there
 * (count/check_word.h); what has no room for one, or is read by workers as it is, has it
 * here. Who writes a word writes its seal: the keeper, but for a name (who opens the site)
 * and history (the reader).
 *
 * Each seal is 0 while there is none: an arena of version 1 or 2 has none, and gets them
 * from its first tick on. A word that is about to change is unsealed first, or is written
 * between open and close of the hits' seal, so that kill -9 in between is not taken for
 * damage. */
#ifndef LUOT_COUNT_SITE_SEAL_H
#define LUOT_COUNT_SITE_SEAL_H

#include "count/hits_seal.h"
#include "count/site.h"

struct site_seal {
    struct hits_seal hits;
    /* Check words, each of its own number. */
    _Atomic uint64_t name; /* 48 bits of the hash of key and host */
    _Atomic uint64_t created_s, first_live_s;
    _Atomic uint64_t import_key;       /* 48 bits of its hash               */
    _Atomic uint64_t key[SITE_KEYS];   /* the same of key and its two slots */
    _Atomic uint64_t ready[SITE_KEYS]; /* parts of its table that are backed */
    _Atomic uint64_t history;          /* 48 bits of the hash of the words  */
    /* CRCs of what the store has of a row's period. */
    _Atomic uint16_t other_day[SITE_DAYS], other_week[SITE_WEEKS],
        other_month[SITE_MONTHS];
    char key_copy[sizeof((struct site_block *)0)->key];
    char host_copy[sizeof((struct site_block *)0)->host];
    _Atomic uint64_t aside; /* the block's word itself, after it */
    /* A check word: the slot of the last view that a tick saw within two slots of its own.
     * Another one then came since, by a clock that had jumped. */
    _Atomic uint64_t last_view;
    struct damage damage;
};

/* --- Sealing --- */

/* Keeper: before rolled_q, first_q or the stored days move; and at the end of each tick. */
void site_seal_open(struct site *s);
void site_seal_open_from(struct site *s, int64_t q); /* as hits_seal_open_from */
void site_seal_close(struct site *s);
/* Before the key, its slots or its table's parts change; the end of the tick seals it. */
void site_unseal_key(struct site *s, unsigned i);
/* Whoever names a blank site: before the name is written. */
void site_seal_name(struct site *s, struct slice key, struct slice host);
/* The reader: before and after a row or the history is written. */
enum seal_row { SEAL_DAY, SEAL_WEEK, SEAL_MONTH };
void site_unseal_row(struct site *s, enum seal_row kind, unsigned index);
void site_seal_row(struct site *s, enum seal_row kind, unsigned index);
void site_unseal_history(struct site *s);
void site_seal_history(struct site *s);

/* --- Adoption, before any worker; what is found is counted in s->damage. --- */

/* The keeper, whose last whole tick was of slot `kept`, had seen the last view, or was at
 * most two slots behind it. */
bool site_saw_view(const struct site *s, int64_t view, int64_t kept);
/* Everything but the name (site_check_name), hits and rows (site_check). `last`: the last slot that
 * was seen. */
void site_check_rest(struct site *s, struct arena *a, int64_t last);

#endif
