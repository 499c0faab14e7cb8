/* Streams of visitors with known distinct counts: the generator of the corpus
 * (streamgen.py) again in C, and its files. */
#ifndef LUOT_TESTS_LIB_STREAMGEN_H
#define LUOT_TESTS_LIB_STREAMGEN_H

#include <stddef.h>
#include <stdint.h>

enum { STREAM_T0 = 1700000000, STREAM_SPAN = 14 * 86400 };

struct stream_event {
    int64_t t;        /* unix seconds             */
    uint64_t visitor; /* a 64-bit hash of "ip|ua" */
    uint32_t page;    /* /p/<page>                */
};

struct stream {
    struct stream_event *event;
    size_t count;
};

/* streamgen.py EVENTS VISITORS ZIPF_x1000 SEED, in its order (not sorted). */
void stream_generate(struct stream *ret_stream, size_t events, size_t visitors,
                     unsigned zipf_x1000, uint64_t seed);
/* A .tsv of the corpus; -1 when it cannot be read. */
int stream_load(struct stream *ret_stream, const char *path);
void stream_sort(struct stream *s); /* by time */
void stream_free(struct stream *s);
/* "ip|ua" of a rank, as the generator writes it. */
void stream_visitor_text(size_t rank, uint64_t seed, char *ret_text, size_t limit);

#endif
