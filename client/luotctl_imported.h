/* What an import found in a file, for people or as a line of JSON. */
#ifndef LUOT_LUOTCTL_IMPORTED_H
#define LUOT_LUOTCTL_IMPORTED_H

#include "import.h"
#include "luotctl_run.h"

/* `file` as it was typed. ERR_NOMEM, ERR_IO. */
int imported_print(const struct luotctl *ctl, const char *file, bool dry_run,
                   const struct import_result *result);
/* On ctl->err: what whoever typed the command may not have expected. `name`: the file's
 * base name; `shown`: of the malformed lines, so many were. */
void imported_note(const struct luotctl *ctl, const char *file, const char *name,
                   const struct import_result *result, unsigned shown);

#endif
