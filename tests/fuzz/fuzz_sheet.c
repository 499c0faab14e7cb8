#include <assert.h>

#include "count/sheet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t word[SHEET_KEYS * SHEET_WORDS];
    struct slice bytes = {(const char *)data, size};
    struct sheet s;
    int64_t slot;
    if (sheet_parse(&s, bytes, word, SHEET_KEYS * SHEET_WORDS) != 0)
        return 0;
    for (unsigned k = 0; k < s.keys; k++)
        for (size_t i = 0; i < s.key[k].count; i++)
            assert(sheet_key_seen(&s.key[k], sheet_fp(s.key[k].word[i]), &slot) &&
                   slot == sheet_slot(&s.key[k], s.key[k].word[i]));
    return 0;
}
