/* Floor 3 (report). What the privacy page says, a row a fact. A row holds where its
 * question says so of this installation; a build that keeps more, or less, changes a row
 * here and nothing else. */
#ifndef LUOT_REPORT_PRIVACY_ROWS_H
#define LUOT_REPORT_PRIVACY_ROWS_H

#include "report/privacy.h"

enum { LANGUAGES = LANGUAGE_KM + 1 };

enum privacy_part {
    PRIVACY_NEVER, /* is not kept                    */
    PRIVACY_MARK,  /* how a visitor is told apart    */
    PRIVACY_KEPT,  /* what is kept, and for how long */
    PRIVACY_PLACE, /* where                          */
    PRIVACY_CHOICE /* what a visitor can do          */
};
enum { PRIVACY_PARTS = PRIVACY_CHOICE + 1 };

struct privacy_row {
    enum privacy_part part;
    const char *id;                         /* in JSON; stays the same for ever        */
    bool (*holds)(const struct privacy *p); /* NULL: always                            */
    const char *text[LANGUAGES];     /* {NAME} is a figure of privacy_sentence()        */
    const char *how_long[LANGUAGES]; /* NULL: it is no question of time         */
};

const struct privacy_row *privacy_rows(size_t *ret_count);

/* What stands around them, by language. */
struct privacy_words {
    const char *title, *lead, *part[PRIVACY_PARTS], *how_long;
    const char *sites, *site, *identity, *until, *month, *day, *least, *more_sites;
    const char *who, *nobody; /* whom to ask; without privacy_contact: */
};
const struct privacy_words *privacy_words(enum language language);

/* --- privacy_figures.c: what sentences take from the settings --- */

const struct site_config *privacy_site_config(const struct site *s);
/* Of all sites, `min_visitors`. */
struct privacy_range {
    unsigned least, most;
};
struct privacy_range privacy_min_visitors(const struct privacy *p);
/* For how long a limit may know an address, at most; 0: there are no limits. */
int64_t privacy_limit_kept_s(const struct privacy *p);
/* Bytes that are enough for any sentence. */
enum { PRIVACY_SENTENCE_MAX = 2048 };
/* `text` with its figures put in: {tops} how long tops are kept, {limit}, {min_visitors}.
 * Returns `memory`. */
const char *privacy_sentence(char memory[PRIVACY_SENTENCE_MAX], const char *text,
                             const struct privacy *p, enum language language);

#endif
