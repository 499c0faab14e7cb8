/* The fast parsers agree with their plain meaning. Input: a beacon's line, and a URL. */
#include <assert.h>

#include "../lib/plain_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char memory[PLAIN_KEYS * LUOT_BEACON_MAX], scratch[LUOT_BEACON_MAX];
    struct slice line = {(const char *)data, size};
    struct beacon fast = {0}, plain = {0};
    struct url url, parts;
    assert(beacon_parse(&fast, line, scratch) == plain_beacon(&plain, line, memory));
    assert(plain_same_beacon(&fast, &plain));
    url_parse(&url, line);
    plain_url(&parts, line);
    assert(plain_same_url(&url, &parts));
    return 0;
}
