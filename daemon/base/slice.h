/* Floor 0 (base). A view of bytes that somebody else owns: two words, passed by value. */
#ifndef LUOT_BASE_SLICE_H
#define LUOT_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *at; /* not NUL-terminated; may be NULL when length is 0 */
    size_t length;
};

#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, text == NULL ? 0 : strlen(text)};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

static inline bool slice_is_empty(struct slice s)
{
    return s.length == 0;
}

/* ASCII only; bytes above 0x7F are compared as they are. */
bool slice_equal_nocase(struct slice a, struct slice b);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);
/* Without spaces, tabs, CR and LF at both ends. */
struct slice slice_trim(struct slice s);
/* Cuts at the first `separator`: returns what is before it and moves *rest behind it.
 * Without a separator returns all and leaves *rest empty with at == NULL. */
struct slice slice_cut(struct slice *rest, char separator);
/* Index of the first `c`, or s.length. */
size_t slice_find(struct slice s, char c);
/* The same of whichever comes first. */
size_t slice_find_either(struct slice s, char a, char b);
/* Decimal digits only, the whole slice. ERR_MALFORMED or ERR_RANGE (over 2^63-1). */
int slice_number(struct slice s, uint64_t *ret_number);
/* The same with an optional leading '-' or '+'. */
int slice_signed(struct slice s, int64_t *ret_number);
/* 1 to 16 hexadecimal digits in lower case, the whole slice. ERR_MALFORMED. */
int slice_hex(struct slice s, uint64_t *ret_number);

#endif
