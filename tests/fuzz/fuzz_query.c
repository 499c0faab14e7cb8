#include <assert.h>
#include <stdlib.h>

#include "parse/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size}, key, value, plain, first;
    while (query_next(&rest, &key, &value)) {
        char *memory = malloc(value.length + 1);
        if (query_decode(&plain, value, memory) == 0)
            assert(plain.length <= value.length);
        assert(memchr(key.at, '=', key.length) == NULL);
        assert(query_find((struct slice){(const char *)data, size}, key, &first));
        free(memory);
    }
    return 0;
}
