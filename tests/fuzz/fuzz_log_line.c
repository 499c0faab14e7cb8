#include <assert.h>

#include "parse/log_line.h"
#include "parse/page_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct log_line line;
    const char *reason = NULL;
    if (log_line_parse(&line, (struct slice){(const char *)data, size}, &reason) != 0) {
        assert(reason != NULL);
        return 0;
    }
    assert(line.host.length > 0 && line.status <= 999);
    assert(line.method.length == 0 || (line.target.length > 0 && line.path.length > 0));
    assert(!page_rule_is_view(PAGE_RULE_PAGE, &line) || !page_rule_is_asset(line.path));
    return 0;
}
