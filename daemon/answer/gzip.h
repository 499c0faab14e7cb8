/* Floor 4 (answer). Bytes in the form that most clients take them in: gzip. A document that
 * is asked for by many in one second is compressed once: what was compressed last is kept,
 * a few documents of it. */
#ifndef LUOT_ANSWER_GZIP_H
#define LUOT_ANSWER_GZIP_H

#include "base/slice.h"

enum {
    GZIP_MIN = 1024, /* shorter ones go as they are: one packet either way */
    GZIP_KEPT = 64,  /* documents                                          */
    GZIP_KEPT_BYTES = 65536
};

/* A compressor and its memory, some 260 KiB: one thread's. */
struct gzip;

struct gzip *gzip_new(void); /* NULL: out of memory */
/* The same for one document, which it keeps however large it is: the last one. */
struct gzip *gzip_new_of_one(void);
void gzip_free(struct gzip *g); /* NULL is a no-op */
/* The bytes live until the next call. false: `plain` is short, there is no memory, or it
 * would not get smaller. `g` may be NULL: false. */
bool gzip_bytes(struct gzip *g, struct slice plain, struct slice *ret_gzip);

#endif
