#include <assert.h>

#include "parse/log_format.h"
#include "parse/page_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char scratch[1 << 16];
    struct slice bytes = {(const char *)data, size < sizeof scratch ? size : 0};
    struct log_line line;
    if (log_format_read(&line, bytes, scratch) != 0)
        return 0;
    assert(log_format_begins(bytes) || slice_find(bytes, '=') < slice_find(bytes, ' '));
    assert(line.host.length > 0 && line.status <= 999);
    assert(line.method.length == 0 || (line.target.length > 0 && line.path.length > 0));
    return page_rule_is_view(PAGE_RULE_PAGE, &line) && line.method.length == 0;
}
