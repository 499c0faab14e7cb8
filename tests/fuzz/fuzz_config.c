/* Any text is a configuration or a message; what is printed reads back as the same
 * one. */
#include <stdlib.h>

#include "base/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct config *c = NULL, *again = NULL;
    struct config_error error;
    struct buffer b;
    if (config_parse(&c, text, "f", &error) != 0)
        return 0;
    buffer_init(&b, malloc(config_write_limit(c)), config_write_limit(c));
    config_write_effective(&b, c);
    if (config_parse(&again, buffer_written(&b), "f", &error) != 0 ||
        again->hash != c->hash)
        abort();
    free(b.at);
    config_free(again);
    config_free(c);
    return 0;
}
