/* Floor 3 (store), private to names*.c: facts as rows of a dump. */
#ifndef LUOT_STORE_NAMES_ROWS_H
#define LUOT_STORE_NAMES_ROWS_H

#include "count/site_names.h"
#include "store/dump.h"

/* ERR_MALFORMED: no fact of ours. */
int names_fact_of(const struct dump_row *row, struct name_fact *ret_fact);
/* Points into the fact. */
void names_row_of(const struct name_fact *fact, struct dump_row *ret_row);

struct names_facts { /* that came one by one */
    struct name_fact *fact;
    size_t count, room;
};
/* Other rows are passed over. ERR_NOMEM. */
int names_facts_add(struct names_facts *all, const struct dump_row *row);
/* Frees them, and makes a list of them when rv is 0. */
int names_facts_finish(struct names_facts *all, int rv, struct site_names **ret_names);

#endif
