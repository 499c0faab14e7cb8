#include "report/assets.h"

#include <stdio.h>

#include "base/hash.h"

/* ASSET_DIR is where the Makefile puts the files, their .gz and their .br. */
#define EMBED(symbol, file)                                                              \
    __asm__(".section .rodata\n"                                                         \
            "asset_" #symbol ":\n"                                                       \
            ".incbin \"" ASSET_DIR file "\"\n"                                           \
            "asset_" #symbol "_end:\n"                                                   \
            ".byte 0\n"                                                                  \
            ".previous\n");                                                              \
    __attribute__((visibility("hidden"))) extern const char asset_##symbol[],            \
        asset_##symbol##_end[];

#define EMBED_ALL(member, name, type)                                                    \
    EMBED(member, name) EMBED(member##_gz, name ".gz") EMBED(member##_br, name ".br")
ASSETS(EMBED_ALL)

struct embedded {
    struct slice name;
    const char *type;
    struct {
        const char *at, *end;
    } plain, gzip, brotli;
};

#define BYTES(symbol)                                                                    \
    {                                                                                    \
        asset_##symbol, asset_##symbol##_end                                             \
    }
#define ROW(member, name, type)                                                          \
    {{name, sizeof(name) - 1},                                                           \
     type,                                                                               \
     BYTES(member),                                                                      \
     BYTES(member##_gz),                                                                 \
     BYTES(member##_br)},
static const struct embedded embedded[] = {ASSETS(ROW)};

#define BETWEEN(bytes)                                                                   \
    {                                                                                    \
        (bytes).at, (size_t)((bytes).end - (bytes).at)                                   \
    }

bool asset_find(struct asset *ret_asset, struct slice name)
{
    for (size_t i = 0; i < sizeof embedded / sizeof embedded[0]; i++) {
        const struct embedded *e = &embedded[i];
        struct asset asset = {.name = e->name.at,
                              .type = e->type,
                              .plain = BETWEEN(e->plain),
                              .gzip = BETWEEN(e->gzip),
                              .brotli = BETWEEN(e->brotli)};
        if (!slice_equal(e->name, name) || asset.plain.length == 0)
            continue;
        snprintf(asset.etag, sizeof asset.etag, "\"%016llx\"",
                 (unsigned long long)hash_fast(asset.plain.at, asset.plain.length));
        *ret_asset = asset;
        return true;
    }
    return false;
}
