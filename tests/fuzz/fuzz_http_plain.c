#include "parse/http_plain.h"
#include <assert.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = {(const char *)data, size}, first = {bytes.at, 1};
    struct http_request one, r;
    struct http_parser p;
    size_t used[2];
    if (!http_plain_take(bytes, &one, &used[0]))
        return 0; /* declined: fuzz_http_request has it */
    http_parser_init(&p);
    http_parser_feed(&p, first, &r, &used[1], &(unsigned){0}); /* llhttp from here on */
    assert(http_parser_feed(&p, bytes, &r, &used[1], &(unsigned){0}) == 0);
    for (struct slice *a = &one.target, *b = &r.target; a <= &one.body;)
        assert(slice_equal(*a++, *b++));
    assert(used[0] == used[1] && one.method == r.method && !r.expects_continue);
    return assert(one.keep_alive == r.keep_alive), 0;
}
