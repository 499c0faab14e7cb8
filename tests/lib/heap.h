/* Counts what is asked of the heap. The linker sends every call of ours through here: a
 * test that includes this is linked with --wrap=malloc and so on (see the Makefile). */
#ifndef LUOT_TESTS_LIB_HEAP_H
#define LUOT_TESTS_LIB_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* While watched, of any thread. */
void heap_watch(bool on);
/* Calls of malloc, calloc, realloc and free while it was watched. */
unsigned heap_asked(void);

/* For libraries with an allocator hook of their own. */
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);
void __wrap_free(void *at);

#endif
