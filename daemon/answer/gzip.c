#include "answer/gzip.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/hash.h"

/* Level 5: a snapshot in some 100 us; more would save a percent. */
enum { LEVEL = 5, WINDOW_BITS = 15 + 16 /* a gzip header, not zlib's */, MEMORY = 8 };

struct kept {
    char *bytes; /* the plain ones, then the compressed ones; NULL: none */
    size_t plain, gzip;
};

struct gzip {
    z_stream stream;
    char *out; /* of what is too large to be kept */
    size_t out_size;
    unsigned places;             /* of these that are used */
    size_t kept_max;             /* bytes of one           */
    struct kept kept[GZIP_KEPT]; /* by the hash of the plain bytes */
};

static struct gzip *new_of(unsigned places, size_t kept_max)
{
    struct gzip *g = calloc(1, sizeof *g);

    if (g == NULL)
        return NULL;
    g->places = places;
    g->kept_max = kept_max;
    if (deflateInit2(&g->stream, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        free(g);
        return NULL;
    }
    return g;
}

struct gzip *gzip_new(void)
{
    return new_of(GZIP_KEPT, GZIP_KEPT_BYTES);
}

struct gzip *gzip_new_of_one(void)
{
    return new_of(1, SIZE_MAX);
}

void gzip_free(struct gzip *g)
{
    if (g == NULL)
        return;
    (void)deflateEnd(&g->stream);
    for (int i = 0; i < GZIP_KEPT; i++)
        free(g->kept[i].bytes);
    free(g->out);
    free(g);
}

/* Into g->out; 0: no memory, or not smaller. */
static size_t compress_all(struct gzip *g, struct slice plain)
{
    size_t limit = plain.length - 1; /* what is not smaller does not fit */
    union {
        const char *in;
        Bytef *z; /* zlib only reads it */
    } bytes = {plain.at};

    if (limit > g->out_size) {
        char *out = realloc(g->out, limit);
        if (out == NULL)
            return 0;
        g->out = out;
        g->out_size = limit;
    }
    if (plain.length > UINT32_MAX || deflateReset(&g->stream) != Z_OK)
        return 0;
    g->stream.next_in = bytes.z;
    g->stream.avail_in = (uInt)plain.length;
    g->stream.next_out = (Bytef *)g->out;
    g->stream.avail_out = (uInt)limit;
    return deflate(&g->stream, Z_FINISH) == Z_STREAM_END ? g->stream.total_out : 0;
}

static void keep(struct kept *kept, size_t kept_max, struct slice plain,
                 struct slice gzip)
{
    char *bytes;

    if (plain.length + gzip.length > kept_max)
        return;
    bytes = realloc(kept->bytes, plain.length + gzip.length);
    if (bytes == NULL)
        return;
    memcpy(bytes, plain.at, plain.length);
    memcpy(bytes + plain.length, gzip.at, gzip.length);
    kept->bytes = bytes;
    kept->plain = plain.length;
    kept->gzip = gzip.length;
}

bool gzip_bytes(struct gzip *g, struct slice plain, struct slice *ret_gzip)
{
    struct kept *kept;
    size_t length;

    if (g == NULL || plain.length < GZIP_MIN)
        return false;
    kept = &g->kept[hash_fast(plain.at, plain.length) % g->places];
    /* Byte for byte: strangers choose some of them, and the hash has no key. */
    if (kept->bytes != NULL && kept->plain == plain.length &&
        memcmp(kept->bytes, plain.at, plain.length) == 0) {
        *ret_gzip = (struct slice){kept->bytes + kept->plain, kept->gzip};
        return true;
    }
    length = compress_all(g, plain);
    if (length == 0)
        return false;
    *ret_gzip = (struct slice){g->out, length};
    keep(kept, g->kept_max, plain, *ret_gzip);
    return true;
}
