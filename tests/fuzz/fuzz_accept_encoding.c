/* Any header is read, and what stands first about gzip is what counts. */
#include <assert.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "parse/accept_encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char yes[] = "gzip,", no[] = "x-gzip;q=0.000 ,";
    struct slice header = {(const char *)data, size};
    char *memory = malloc(size + sizeof no);
    struct buffer b;
    bool said = accepts_gzip(header);
    for (int i = 0; i < 3; i++) {
        buffer_init(&b, memory, size + sizeof no);
        buffer_text(&b, i == 0 ? yes : i == 1 ? no : " ,");
        buffer_slice(&b, header);
        assert(accepts_gzip(buffer_written(&b)) == (i == 0   ? true
                                                    : i == 1 ? false
                                                             : said));
    }
    free(memory);
    return 0;
}
