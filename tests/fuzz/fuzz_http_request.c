#include "parse/http_request.h"
#include <assert.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = {(const char *)data, 0};
    struct http_request r;
    size_t used[2] = {0}, step[2] = {size, 1}; /* whole and byte by byte: one answer */
    unsigned status[2] = {0};
    for (int i = 0; i < 2 && size > 0; i++) {
        struct http_parser p;
        http_parser_init(&p);
        bytes.length = step[i];
        for (; bytes.length <= size && used[i] + status[i] == 0; bytes.length += step[i])
            http_parser_feed(&p, bytes, &r, &used[i], &status[i]);
    }
    assert(used[0] == used[1] && status[0] == status[1] && used[0] <= size);
    return 0;
}
