#include "base/forget.h"

#include <stdlib.h>
#include <string.h>

enum { STACK_BYTES = 64 << 10 };

/* Never inlined: its array must lie where the calls of the caller lay. */
__attribute__((noinline)) void forget_stack(void)
{
    char below[STACK_BYTES];

    explicit_bzero(below, sizeof below);
}

void forget_free(void *memory, size_t length)
{
    if (memory != NULL)
        explicit_bzero(memory, length);
    free(memory);
}
