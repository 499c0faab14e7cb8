/* Floor 2 (identify). Country databases (MaxMind DB format). What is configured is
 * opened and asked once at start, so that a wrong file is said then; counting by
 * country builds on this module. */
#ifndef LUOT_IDENTIFY_GEO_H
#define LUOT_IDENTIFY_GEO_H

#include "base/slice.h"

/* Opens the file, looks an address up and closes it. 0 with what it is in ret_sentence
 * ("DBIP-Country, built 2026-06-01"), ERR_NOT_FOUND, ERR_DENIED, ERR_FOREIGN (not a
 * MaxMind DB) or ERR_CORRUPT with what is wrong and what to do. */
int geo_check(const char *path, char ret_sentence[256]);

#endif
