#include <assert.h>

#include "parse/json_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char memory[1 << 16];
    struct json_line j = {.rest = {(const char *)data, size < sizeof memory ? size : 0}};
    struct json_member m;
    while (json_line_next(&j, &m)) {
        struct slice text = json_line_text(m.value, memory);
        assert(text.length <= m.value.length);
        assert(m.kind != MEMBER_TEXT || text.at != memory || slice_find(text, '\0') > 0);
    }
    assert(!json_line_is_whole(&j) || size >= 2);
    return 0;
}
