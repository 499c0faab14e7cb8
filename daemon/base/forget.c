#include "base/forget.h"

#include <string.h>

enum { STACK_BYTES = 64 << 10 };

/* Never inlined: its array must lie where the calls of the caller lay. */
__attribute__((noinline)) void forget_stack(void)
{
    char below[STACK_BYTES];

    explicit_bzero(below, sizeof below);
}
