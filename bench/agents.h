/* Agents as a portal has them, of which each version is another: Chrome on Windows and on
 * Android, Safari of iPhones, Firefox, pages inside Facebook and Zalo, Cốc Cốc; the last is
 * a robot's. */
#ifndef LUOT_BENCH_AGENTS_H
#define LUOT_BENCH_AGENTS_H

#include <stdio.h>

#include "base/slice.h"

enum { AGENT_BYTES = 256, AGENT_FORMS = 8, AGENT_PEOPLE = AGENT_FORMS - 1 };

/* The i-th of them: form i % forms, and another version each time. */
static inline struct slice agents_write(char memory[AGENT_BYTES], unsigned forms,
                                        unsigned i)
{
    static const char *const form[AGENT_FORMS] = {
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/%u.0.%u.0 Safari/537.36",
        "Mozilla/5.0 (Linux; Android 13; SM-A%03u) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/126.0.%u.0 Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS %u_4 like Mac OS X) AppleWebKit/605.1.%u "
        "(KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:%u.0) Gecko/20100101 Firefox/%u.0",
        "Mozilla/5.0 (Linux; Android 12; CPH%04u; wv) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Version/4.0 Chrome/120.0.%u.0 Mobile Safari/537.36 "
        "[FB_IAB/FB4A;FBAV/440.0.0.1;]",
        "Mozilla/5.0 (Linux; Android 13; V%04u; wv) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Version/4.0 Chrome/120.0.%u.0 Mobile Safari/537.36 Zalo "
        "android/12100486",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
        "Gecko) coc_coc_browser/%u.0.%u Chrome/119.0.0.0 Safari/537.36",
        "Mozilla/5.0 (compatible; Googlebot/%u.%u; +http://www.google.com/bot.html)"};
    int n = snprintf(memory, AGENT_BYTES, form[i % forms], 60 + i / forms % 80,
                     i / forms / 80);

    return (struct slice){memory, (size_t)n};
}

#endif
