/* Floor 5. The name under which the counters in memory are saved.
 *
 * Rows are a run's, NODE:INCARNATION, and the incarnation lives as long as the arena. Under
 * another name the same counts would be another run's and there twice, for ever and on
 * every node. So the name lies in a file beside the arena, `node`, with the incarnation
 * that it is of; a name that was changed since holds from the next arena on. */
#ifndef LUOT_NODE_NAME_H
#define LUOT_NODE_NAME_H

#include <stdint.h>

enum { NODE_NAME_BYTES = 64 };

/* name: the configured one; then the one to save under. Before any store is opened. 0, or
 * the error of a file that cannot be written: the name is then not remembered. */
int node_name_keep(const char *run_dir, uint64_t incarnation, char name[NODE_NAME_BYTES]);

#endif
