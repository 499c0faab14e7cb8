/* Floor 4 (answer). The audit trail of luotd itself: what changed it and concerns no site.
 * Changes of a site are one transaction with their line of its own trail (store/store.h).
 */
#ifndef LUOT_ANSWER_AUDITING_H
#define LUOT_ANSWER_AUDITING_H

#include "answer/command.h"

/* Main thread, when it is done: logs `command words`, then the reader thread tells the
 * store. What the store does not take stays in the log, which says so. `words` are at most
 * 300 bytes of letters, digits and NAME=VALUE. */
void audit_done(const struct asked_command *c, const char *command, const char *words);

#endif
