/* luotd's JSON as a person reads it: what is one value, in pairs; what is many, in
 * tables; times by the clock of the site. It knows shapes, not documents, so a field that
 * luotd adds is shown. */
#ifndef LUOT_LUOTCTL_SHOW_H
#define LUOT_LUOTCTL_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "base/slice.h"

/* 0; ERR_MALFORMED when it is no JSON object or array (nothing is printed then),
 * ERR_NOMEM, ERR_IO. */
int show_json(struct slice text, FILE *out, bool colours);

#endif
