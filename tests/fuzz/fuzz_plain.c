/* The fast parsers agree with their plain meaning. Input: a beacon's line, and a URL. */
#include <assert.h>

#include "../lib/plain_parse.h"
#include "parse/query.h"
#include "parse/spelling.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
static struct hash_text_key secret;
static struct spellings known = {.secret = &secret};
static char memory[PLAIN_KEYS * LUOT_BEACON_MAX], scratch[BEACON_SCRATCH];
static char more[3][HASH_TEXT_BYTES];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice line = {(const char *)data, size};
    struct beacon fast = {0}, plain = {0};
    struct url url, parts;
    for (size_t i = 0; i < sizeof secret / 8; i++)
        ((uint64_t *)&secret)[i] = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    assert(beacon_parse(&fast, line, scratch) == plain_beacon(&plain, line, memory));
    assert(plain_same_beacon(&fast, &plain));
    if (beacon_parse_known(&fast, line, &known, scratch) != 0)
        fast = plain; /* it is anything */
    if (fast.of_page.is_written)
        assert(query_decode(&fast.page, fast.page, more[0]) == 0);
    if (fast.of_referrer.is_written)
        assert(query_decode(&fast.referrer, fast.referrer, more[1]) == 0);
    if (fast.of_agent.is_written)
        assert(query_decode(&fast.user_agent, fast.user_agent, more[2]) == 0);
    assert(plain_same_beacon(&fast, &plain));
    url_parse(&url, line);
    plain_url(&parts, line);
    assert(plain_same_url(&url, &parts));
    return 0;
}
