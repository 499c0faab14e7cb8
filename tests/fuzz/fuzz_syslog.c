#include <assert.h>

#include "parse/syslog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = {(const char *)data, size};
    struct syslog s;
    if (syslog_parse(&s, bytes) != 0)
        return 0;
    assert(syslog_begins(bytes));
    assert(s.line.length < size && s.tag.length < size && s.host.length < size);
    assert(slice_find(s.tag, ' ') == s.tag.length);
    return 0;
}
