/* For the tests of base/arena: a directory of its own under /tmp with an arena in it, and
 * what a test needs to look at the file. */
#ifndef LUOT_TESTS_LIB_ARENA_PLACE_H
#define LUOT_TESTS_LIB_ARENA_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"

enum { HEAD = 100000, RANGES = 3, RANGE = 1 << 20 };
extern const struct arena_layout plan;

struct place {
    char dir[64];
    char file[80];
};

struct place place_new(void);
void place_free(const struct place *p);
/* How many names begin with `start`; removes them all with `remove`. */
unsigned names(const struct place *p, const char *start, bool remove);
struct arena *open_ok(const struct place *p, enum arena_outcome outcome,
                      struct arena_report *ret_report);
/* Opening says this code, and a sentence with this word in it. */
void expect_refused(const struct place *p, int code, const char *word);
/* The file as it would be had its holder been killed now: its first bytes and its length,
 * in another place. */
void copy_file(const struct place *from, const struct place *to);
/* Changes the byte at an offset. */
void flip(const struct place *p, off_t at);

#endif
