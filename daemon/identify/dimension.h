/* Floor 2 (identify). What a view is counted by, beside its number: the closed list of
 * tops that a site keeps. */
#ifndef LUOT_IDENTIFY_DIMENSION_H
#define LUOT_IDENTIFY_DIMENSION_H

#include "base/slice.h"

enum { LUOT_TOP_KEY_MAX = 255 /* bytes of a row's key */ };

/* The key of DIM_ENTRY_PAGES is always empty: that of DIM_PAGES counts there too when its view
 * opens a visit, which only count knows.
 *
 * name, word in addresses and documents, do its rows have visitors */
#define DIMENSION_ROWS(X)                                                                \
    X(DIM_PAGES, pages, true)                                                            \
    X(DIM_ENTRY_PAGES, entry_pages, false)                                               \
    X(DIM_REFERRERS, referrers, true)                                                    \
    X(DIM_REFERRER_CLASSES, referrer_classes, true)                                      \
    X(DIM_COUNTRIES, countries, true)                                                    \
    X(DIM_REGIONS, regions, true)                                                        \
    X(DIM_NETWORKS, networks, true)                                                      \
    X(DIM_BROWSERS, browsers, true)                                                      \
    X(DIM_SYSTEMS, systems, true)                                                        \
    X(DIM_DEVICES, devices, true)                                                        \
    X(DIM_LANGUAGES, languages, true)                                                    \
    X(DIM_SCREENS, screens, true)                                                        \
    X(DIM_CAMPAIGNS, campaigns, true)                                                    \
    X(DIM_EVENTS, events, false)                                                         \
    X(DIM_NOT_FOUND, not_found, false)                                                   \
    X(DIM_DOWNLOADS, downloads, false)                                                   \
    X(DIM_BOTS, bots, false)

#define DIMENSION_ENUM(name, word, has_visitors) name,
enum dimension { DIMENSION_ROWS(DIMENSION_ENUM) DIMENSIONS };
#undef DIMENSION_ENUM

/* ERR_NOT_FOUND. */
int dimension_parse(enum dimension *ret_dimension, struct slice word);
const char *dimension_word(enum dimension d);
static inline bool dimension_has_visitors(enum dimension d)
{
#define DIMENSION_BIT(name, word, has_visitors) | (has_visitors ? 1U << name : 0)
    return (0U DIMENSION_ROWS(DIMENSION_BIT)) >> d & 1;
#undef DIMENSION_BIT
}
/* Small numbers of these may say who somebody is. */
bool dimension_is_folded(enum dimension d);

#endif
