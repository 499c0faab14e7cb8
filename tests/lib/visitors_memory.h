/* A whole table of visitors for a test, in shared memory (so that a child that is killed
 * leaves it behind), and a keeper of its growth that is never late. */
#ifndef LUOT_TESTS_LIB_VISITORS_MEMORY_H
#define LUOT_TESTS_LIB_VISITORS_MEMORY_H

#include "count/visitors.h"

struct visitors_table visitors_memory_new(int64_t base_slot);
void visitors_memory_free(struct visitors_table *t);
/* Everything zero again, as a fresh table. */
void visitors_memory_reset(const struct visitors_table *t, int64_t base_slot);
/* Backs what is wanted. */
void visitors_memory_grow(const struct visitors_table *t);
/* The fp of a test's visitor number. */
uint64_t visitors_memory_fp(uint64_t visitor);

#endif
