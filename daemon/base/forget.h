/* Floor 0 (base). Forgetting what visitors sent. Their addresses and agents pass through
 * buffers and through the stack; there they would lie until something else is written
 * over them, which on a quiet night is hours later. So a buffer is made zero when it has
 * been answered, or once a second, and so is the stack below whoever calls this. */
#ifndef LUOT_BASE_FORGET_H
#define LUOT_BASE_FORGET_H

#include <stddef.h>

/* The calling thread's: what returned calls left of their variables, 128 KiB down, which is
 * deeper than any of ours goes with libuv's event array on top and PCRE2's 52 KiB below; and its vector registers (of
 * x86-64 and AArch64). Some microseconds. */
void forget_stack(void);
/* free, when its first `length` bytes are zero. NULL is a no-op. */
void forget_free(void *memory, size_t length);

#endif
