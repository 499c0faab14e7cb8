/* Floor 3 (store). What the files of history tell each other. */
#ifndef LUOT_STORE_HISTORY_INNER_H
#define LUOT_STORE_HISTORY_INNER_H

#include "count/registry.h"

/* The days at hand are not those that were read: the clock was set back since, or a day
 * that the store knew of has come. Any thread. */
bool history_is_of_another_day(const struct site *site, struct instant now);

#endif
