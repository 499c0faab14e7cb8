#include <assert.h>

#include "luot_beacon.h"
#include "parse/beacon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char scratch[BEACON_SCRATCH];
    struct slice rest = {(const char *)data, size}, left = rest, line;
    struct beacon b;
    while (beacon_next_line(&rest, &line)) {
        int rv = beacon_take(&b, &left, NULL, scratch);
        assert(rv == beacon_parse(&b, line, scratch) && left.length == rest.length);
        if (rv == 0) {
            assert(b.site.length <= LUOT_SITE_KEY_MAX && line.length <= LUOT_BEACON_MAX);
            assert((b.kind == BEACON_EVENT) == (b.event.length > 0));
        }
    }
    return 0;
}
