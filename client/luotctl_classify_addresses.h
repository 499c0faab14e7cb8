/* `luotctl classify addresses`: what luot makes of addresses, without a luotd. */
#ifndef LUOT_LUOTCTL_CLASSIFY_ADDRESSES_H
#define LUOT_LUOTCTL_CLASSIFY_ADDRESSES_H

#include "luotctl_run.h"

/* Reads an address a line from `in` and writes a JSON line each: {"address","country",
 * "region","network","internal"}, or {"address","error"} for what is none. The database
 * and the networks are those of the configuration `file` (NULL: luotd's defaults), but
 * of `geo_db` where that is not NULL. Returns an exit status, said when it is not 0. */
int luotctl_classify_addresses(const struct luotctl *ctl, FILE *in, const char *file,
                               const char *geo_db);

#endif
