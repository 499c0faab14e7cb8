/* One hit to one line of the grammar in luot_beacon.h. Pure. Internal to libluot. */
#ifndef LUOT_CLIENT_LINE_H
#define LUOT_CLIENT_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "luot.h"
#include "luot_beacon.h"

bool luot_line_is_site_key(const char *key);

/* Writes the line without its newline. `site` is for hits that name none, "" if there is
 * none. 0, EINVAL or EMSGSIZE: see luot_hit. The hit's size is not looked at. */
int luot_line_write(char ret_line[LUOT_BEACON_MAX], size_t *ret_length,
                    const struct luot_hit *hit, const char *site);

#endif
