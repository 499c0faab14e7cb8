/* Floor 4 (answer). The stats socket's commands: one a line, `json ` before it asks for
 * JSON. An answer ends with a line `.`; a line of it that begins with '.' has one more
 * '.' in front. An error is one line `ERR <name> <sentence>`, whose sentence says what to
 * do. Words are separated by spaces; "..." holds spaces, with \" and \\ inside.
 *
 * Main thread. What needs the store is a job of the reader thread, which then answers.
 * Commands that change state are audited: who, when, old, new, in the log and in the
 * store. */
#ifndef LUOT_ANSWER_COMMANDS_H
#define LUOT_ANSWER_COMMANDS_H

#include <sys/types.h>

#include "answer/service.h"

/* Is this line followed by a document? */
bool commands_take_document(struct slice line);
/* Answers through service->reply_console(token, ...), now or later, exactly once. `line`
 * and `document` need to live until this returns only. */
void commands_run(struct service *service, struct slice line, struct slice document,
                  uid_t uid, uint64_t token);

#endif
