/* Floor 4 (answer), private to commands_check*.c: a check under way, on the reader thread. */
#ifndef LUOT_ANSWER_CHECKING_H
#define LUOT_ANSWER_CHECKING_H

#include "answer/store_job.h"
#include "report/json.h"

struct checking {
    const struct store_job *job;
    struct instant now;
    struct service_status status;
    struct buffer out;
    struct json_out json;
    unsigned bad; /* lines that say that something is wrong */
};

/* One line: what was looked at, and how it is; when it is not well, what to do. */
__attribute__((format(printf, 4, 5))) void
checking_say(struct checking *c, bool ok, const char *what, const char *format, ...);

/* commands_check_shared.c: what a store that others can write to has of each site against
 * what is in memory. At most a second for each such store. */
void checking_shared_stores(struct checking *c);

/* commands_check_nodes.c: who counts the same portals, and who of them is odd. */
void checking_nodes(struct checking *c);

/* commands_check_damage.c: what luotd found damaged when it started. */
void checking_damage(struct checking *c);

#endif
