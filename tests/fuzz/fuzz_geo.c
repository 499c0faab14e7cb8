/* Any bytes are a country database or a sentence, within bounds of time and memory. */
#include "identify/geo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct address a = {.bytes = {[10] = 0xFF, 0xFF, 1, 2, 3, 4}};
    char sentence[GEO_SENTENCE];
    struct geo *g = NULL;

    if (geo_from_memory(&g, (struct slice){(const char *)data, size}, "f", sentence) == 0)
        (void)geo_find(g, &a);
    a.bytes[10] = 0; /* and one of IPv6 */
    if (g != NULL)
        (void)geo_find(g, &a);
    geo_free(g);
    return 0;
}
