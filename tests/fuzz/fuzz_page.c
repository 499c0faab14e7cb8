#include <assert.h>

#include "base/utf8.h"
#include "parse/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char once[PAGE_MEMORY], twice[PAGE_MEMORY];
    struct page_parts page;
    page_split(&page, (struct slice){(const char *)data, size});
    page.host = (struct slice){0};
    struct slice name = page_name(&page, "id,cat", once);
    assert(name.length > 0 && name.length <= PAGE_NAME_MAX && utf8_is_valid(name));
    page_split(&page, name);
    assert(name.at[0] == '(' || slice_ends(name, SLICE("…")) ||
           slice_equal(page_name(&page, "id,cat", twice), name));
    return 0;
}
