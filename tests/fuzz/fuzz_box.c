#include <assert.h>

#include "report/box.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct box_wish wish;
    box_wish_parse(&wish, (struct slice){(const char *)data, size});
    assert(wish.rows >= 1 && wish.rows <= BOX_ROWS);
    assert(wish.heading.length <= BOX_HEADING_MAX || !wish.has_heading);
    for (unsigned i = 0; i < wish.rows; i++)
        for (unsigned k = 0; k < i; k++)
            assert(wish.row[i] < BOX_ROWS && wish.row[i] != wish.row[k]);
    return 0;
}
