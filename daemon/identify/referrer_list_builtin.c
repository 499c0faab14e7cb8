/* The list that is in the program: conf/lists/referrers.mjs makes it at build time. */
#include "identify/referrer_list.h"

/* LIST_DIR is where the Makefile puts the lists. */
__asm__(".section .rodata\n"
        "referrer_list_text:\n"
        ".incbin \"" LIST_DIR "referrers.list\"\n"
        "referrer_list_text_end:\n"
        ".byte 0\n"
        ".previous\n");
__attribute__((visibility("hidden"))) extern const char referrer_list_text[],
    referrer_list_text_end[];

static const struct {
    const char *at, *end;
} BUILTIN = {referrer_list_text, referrer_list_text_end};

struct slice referrer_list_builtin(void)
{
    return (struct slice){BUILTIN.at, (size_t)(BUILTIN.end - BUILTIN.at)};
}
