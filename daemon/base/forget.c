#include "base/forget.h"

#include <stdlib.h>
#include <string.h>

enum { STACK_BYTES = 128 << 10 };

/* What is hashed and compared goes through registers of 16 to 64 bytes, and stays there
 * while its thread sleeps: a debugger and a core have them. The assembler repeats a line
 * for each register (.irp). */
#if defined(__x86_64__)

static void forget_registers(void)
{
    /* By the ABI no caller keeps anything in these, and neither do we. */
    if (__builtin_cpu_supports("avx512f"))
        __asm__ volatile(".irp n, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
                         "vpxord %%zmm\\n, %%zmm\\n, %%zmm\\n\n\t"
                         ".endr" ::
                             : "memory");
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroall" ::
                             : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
                               "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
                               "xmm14", "xmm15");
    else
        __asm__ volatile(".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
                         "pxor %%xmm\\n, %%xmm\\n\n\t"
                         ".endr" ::
                             : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
                               "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
                               "xmm14", "xmm15");
}

#elif defined(__aarch64__)

static void forget_registers(void)
{
    __asm__ volatile(".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,"
                     "22,23,24,25,26,27,28,29,30,31\n\t"
                     "movi v\\n\\().16b, #0\n\t"
                     ".endr" ::
                         : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9",
                           "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18",
                           "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27",
                           "v28", "v29", "v30", "v31");
}

#else

static void forget_registers(void)
{
}

#endif

/* Never inlined: its array must lie where the calls of the caller lay. */
__attribute__((noinline)) void forget_stack(void)
{
    char below[STACK_BYTES];

    explicit_bzero(below, sizeof below);
    forget_registers();
}

void forget_free(void *memory, size_t length)
{
    if (memory != NULL)
        explicit_bzero(memory, length);
    free(memory);
}
