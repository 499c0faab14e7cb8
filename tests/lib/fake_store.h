/* A store in memory that keeps the greater, as a real one does, and breaks when it is
 * told to. One thread at a time. */
#ifndef LUOT_TESTS_FAKE_STORE_H
#define LUOT_TESTS_FAKE_STORE_H

#include "store/store.h"

struct fake_row {
    enum change_kind kind;
    char site[64];
    int64_t number;
    uint64_t views, visits, visitors;
    bool exact;
    size_t blob_length;
    unsigned given; /* how often it arrived */
};

struct fake_store {
    struct store store;
    struct fake_row *row;
    size_t rows, room;
    uint64_t saves, changes; /* that it took                                   */
    uint64_t repeats;        /* of those: nothing in them was new              */
    uint64_t falls;          /* of those: a number was less than one before    */
    uint64_t calls;          /* of save, good or bad                           */
    uint64_t fail_at;        /* this call of save fails; 0: none               */
    int error;               /* every save fails so; 0: none does              */
    bool stuck;              /* every save lasts until its deadline, and fails */
    unsigned closed;
    void (*during)(void *context); /* called once inside each call; may be NULL */
    void *context;
};

void fake_store_init(struct fake_store *f);
void fake_store_release(struct fake_store *f);
/* NULL: it was never saved. Site NULL: of no site. */
const struct fake_row *fake_store_row(const struct fake_store *f, enum change_kind kind,
                                      const char *site, int64_t number);
/* How many of a kind; the least number of them, INT64_MAX when there are none. */
size_t fake_store_count(const struct fake_store *f, enum change_kind kind);
int64_t fake_store_first(const struct fake_store *f, enum change_kind kind);

#endif
