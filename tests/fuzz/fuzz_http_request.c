#include "parse/http_request.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_parser whole, cut;
    struct http_request request;
    size_t used = 0, cut_used = 0;
    unsigned status = 0, cut_status = 0;
    http_parser_init(&whole);
    int rv = http_parser_feed(&whole, (struct slice){(const char *)data, size}, &request,
                              &used, &status);
    assert(rv != 0 || (used <= size && request.body.length <= HTTP_BODY_MAX &&
                       request.path.length > 0));
    http_parser_init(&cut);
    for (size_t i = 0; i <= size; i++)
        if (http_parser_feed(&cut, (struct slice){(const char *)data, i}, &request,
                             &cut_used, &cut_status) == 0)
            break;
    assert(used == cut_used && status == cut_status);
    return 0;
}
