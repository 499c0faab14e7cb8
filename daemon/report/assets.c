#include "report/assets.h"

#include <stdio.h>

#include "base/hash.h"

/* ASSET_DIR is where the Makefile puts the files and their .gz. */
#define EMBED(symbol, file)                                                              \
    __asm__(".section .rodata\n"                                                         \
            "asset_" #symbol ":\n"                                                       \
            ".incbin \"" ASSET_DIR file "\"\n"                                           \
            "asset_" #symbol "_end:\n"                                                   \
            ".byte 0\n"                                                                  \
            ".previous\n");                                                              \
    __attribute__((visibility("hidden"))) extern const char asset_##symbol[],            \
        asset_##symbol##_end[];

#define EMBED_BOTH(member, name, type) EMBED(member, name) EMBED(member##_gz, name ".gz")
ASSETS(EMBED_BOTH)

struct embedded {
    struct slice name;
    const char *type;
    const char *plain, *plain_end, *gzip, *gzip_end;
};

#define ROW(member, name, type)                                                          \
    {{name, sizeof(name) - 1}, type,                                                     \
     asset_##member,           asset_##member##_end,                                     \
     asset_##member##_gz,      asset_##member##_gz_end},
static const struct embedded embedded[] = {ASSETS(ROW)};

bool asset_find(struct asset *ret_asset, struct slice name)
{
    for (size_t i = 0; i < sizeof embedded / sizeof embedded[0]; i++) {
        const struct embedded *e = &embedded[i];
        struct asset asset = {.name = e->name.at,
                              .type = e->type,
                              .plain = {e->plain, (size_t)(e->plain_end - e->plain)},
                              .gzip = {e->gzip, (size_t)(e->gzip_end - e->gzip)}};
        if (!slice_equal(e->name, name) || asset.plain.length == 0)
            continue;
        snprintf(asset.etag, sizeof asset.etag, "\"%016llx\"",
                 (unsigned long long)hash_fast(asset.plain.at, asset.plain.length));
        *ret_asset = asset;
        return true;
    }
    return false;
}
