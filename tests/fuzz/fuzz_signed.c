#include <assert.h>

#include "parse/signed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct signed_header h;
    if (signed_parse(&h, text) != 0)
        return 0;
    assert(signed_is(text) && h.key_id.length > 0 && h.seq > 0);
    assert(h.covered[0].length + h.covered[1].length + h.covered[2].length == size);
    assert(h.covered[1].length == SIGNED_MAC_DIGITS &&
           h.body.length < h.covered[2].length);
    assert(h.body.at + h.body.length == text.at + size);
    return 0;
}
