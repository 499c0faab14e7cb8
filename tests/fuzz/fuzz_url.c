#include <assert.h>

#include "parse/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct url url;
    url_parse(&url, text);
    assert(url.scheme.length + url.host.length + url.port.length + url.path.length +
               url.query.length <=
           size);
    assert(slice_equal(url_host(text), url.host));
    assert(url.host.length == 0 || memchr(url.host.at, '@', url.host.length) == NULL);
    assert(url_authority_host(text).length <= size);
    return 0;
}
