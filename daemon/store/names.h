/* Floor 3 (store). What people said of sites (count/site_names), in a store and in a file.
 *
 * A store has it as rows of kind DUMP_NAME, and takes it as it takes them: of two facts
 * about one subject it keeps the later. The file lies beside the arena, for a start while a
 * store that is a server is away: an arena knows no names but the first.
 *
 * Reading and saying are the thread's that has the store; the file has one writer. */
#ifndef LUOT_STORE_NAMES_H
#define LUOT_STORE_NAMES_H

#include "count/registry.h"
#include "store/store.h"

/* All of it; the caller's, free(). Of a store that cannot (it has no dump): none. */
int names_read(struct store *store, struct site_names **ret_names);
/* One fact, and a line of the audit trail of the site that it is about, which may be "". */
int names_say(struct store *store, const struct name_fact *fact, struct slice site,
              const char *what);
/* Facts that the store may have lost. */
int names_say_all(struct store *store, const struct site_names *names);

/* Makes one of what the registry has and what the store has: what the store lacks is said to
 * it again, what the registry lacks is given to it, and to the file. Reader thread, each
 * second and after names_say. 0 or the store's error. */
int names_follow(struct registry *registry, struct store *store, const char *run_dir);
/* Before a registry is opened: what the file and the store have, as far as they can be
 * read. The caller's; NULL: nothing. `store` may be NULL. */
struct site_names *names_at_start(struct store *store, const char *run_dir);

/* run_dir/names. Reading: ERR_NOT_FOUND; ERR_CORRUPT: it is not whole. Writing replaces the
 * file, whole or not at all. */
int names_file_read(const char *run_dir, struct site_names **ret_names);
int names_file_write(const char *run_dir, const struct site_names *names);

#endif
