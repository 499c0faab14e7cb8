/* Floor 2 (count). What people said about which site is which: a site was renamed, put
 * away, or has become part of another one.
 *
 * The key that a site had first is its key for ever: in the arena, in the stores, and in
 * what visitors are marked with. So nothing is ever moved. What changes is which names
 * stand for it, and that is a list of facts, each of which may be told again, late, or by
 * another node: of two about the same subject the later one holds.
 *
 *     kind       subject      object            told by `luotctl site`
 *     name       a name       the site's key    rename OLD NEW (subject NEW)
 *     archived   a key        "yes" or "no"     archive KEY, restore KEY
 *     merged     a key        another key       merge FROM INTO; for ever
 *
 * Old names go on standing for their site, because they are in the pages of portals.
 * Lists are immutable: made, read by any thread, freed by whoever owns them. A look-up goes
 * through all facts or some; a registry asks when it makes a view, never for a beacon. */
#ifndef LUOT_COUNT_SITE_NAMES_H
#define LUOT_COUNT_SITE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"

enum name_kind { NAME_OF, NAME_ARCHIVED, NAME_MERGED, NAME_KINDS };

struct name_fact {
    enum name_kind kind;
    char subject[SITE_KEY_MAX + 1], object[SITE_KEY_MAX + 1];
    char host[256]; /* of an auto site that is archived or merged; else "" */
    int64_t at_ms;  /* unix: when it was said                              */
    uint32_t uid;   /* by whom                                             */
};

struct site_names {
    size_t count;
    struct name_fact fact[]; /* by kind and subject, each once */
};

/* "name", "archived", "merged"; both ways. false: it is none. */
const char *name_kind_word(enum name_kind kind);
bool name_kind_parse(enum name_kind *ret_kind, struct slice word);
/* Two keys, or a key and yes or no, of a kind that there is? */
bool name_fact_is_valid(const struct name_fact *f);
/* Facts in any order, several about one subject too. NULL: no memory. */
struct site_names *site_names_new(const struct name_fact *fact, size_t count);
/* Of both; either may be NULL. */
struct site_names *site_names_union(const struct site_names *a,
                                    const struct site_names *b);
/* NULL is as good as none. */
bool site_names_equal(const struct site_names *a, const struct site_names *b);

/* What follows: `names` may be NULL. Results point into names, or are what was given. */
/* The key that a name was given to, merged since or not. Who is not known stands for
 * himself. */
struct slice site_names_first_key(const struct site_names *names, struct slice name);
/* The key that a name stands for: the same, mergers followed. */
struct slice site_names_key(const struct site_names *names, struct slice name);
/* The name that a key goes by now: the last one that it was given, else itself. */
struct slice site_names_shown(const struct site_names *names, struct slice key);
bool site_names_is_archived(const struct site_names *names, struct slice key);
/* Into which other key? NULL: none. */
const struct name_fact *site_names_merger(const struct site_names *names,
                                          struct slice key);
/* Is it a name, or a key that is archived or merged, of another site than `key`? */
bool site_names_is_taken(const struct site_names *names, struct slice name,
                         struct slice key);
/* The section of a configuration that a site runs under: of the name that it goes by, else
 * of another name, else of its key. NULL: there is none. */
const struct site_config *site_names_section(const struct site_names *names,
                                             const struct config *config,
                                             struct slice key);

#endif
