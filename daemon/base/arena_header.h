/* Private to base/arena: the first page of the file, and what is believed of one that was
 * found.
 *
 *     fixed words, one checksum over them     written once, before the file has its name
 *     moving words, each checks itself        one aligned 64-bit store each, so kill -9
 *                                             tears nothing
 *     zero up to ARENA_HEADER_BYTES           not read
 *
 * What follows the header is its owner's. An older version is read as it lies, so all
 * versions from layout.oldest on have the same layout_hash: a new one only fills what was
 * zero (count/site_layout.h says where). The header says from then on that it is new.
 *
 * A moving word is value:48 | check:16, where the check is of the value and of which word
 * it is. */
#ifndef LUOT_BASE_ARENA_HEADER_H
#define LUOT_BASE_ARENA_HEADER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

enum { ARENA_HEADER_BYTES = 4096 };

enum arena_word {
    ARENA_RANGES,    /* ranges the file has room for                   */
    ARENA_BOOT,      /* which boot of the machine wrote it; 0: unknown */
    ARENA_ADOPTIONS, /* times it was taken over                        */
    ARENA_ALIVE_MS,  /* the holder's last heartbeat                    */
    ARENA_CLEAN,     /* 1: the last holder closed it                   */
    ARENA_PID,       /* the holder's process id                        */
    ARENA_WORDS
};

struct arena_header {
    char magic[8];           /* ARENA_MAGIC                   */
    uint64_t header_version; /* of this struct                */
    uint64_t version;        /* the layout's                  */
    uint64_t layout_hash;    /* the layout's                  */
    uint64_t head_bytes;     /* the layout's                  */
    uint64_t range_bytes;    /* the layout's                  */
    uint64_t incarnation;    /* random                        */
    int64_t created_ms;      /* unix milliseconds             */
    uint64_t checksum;       /* hash_fast of all of the above */
    _Atomic uint64_t word[ARENA_WORDS];
};

/* A new header: fixed words, checksum, all moving words 0. */
void arena_header_make(struct arena_header *h, const struct arena_layout *layout,
                       uint64_t incarnation, int64_t created_ms);
/* Whether the file of `size` bytes that begins with `h` is one to go on with: 0,
 * ERR_FOREIGN (not an arena), ERR_VERSION (another build's), ERR_CORRUPT. */
int arena_header_check(const struct arena_header *h, const struct arena_layout *layout,
                       uint64_t size);
/* Bytes of a file with so many ranges; where the ranges begin. */
uint64_t arena_file_bytes(const struct arena_layout *layout, uint64_t ranges);
uint64_t arena_ranges_at(const struct arena_layout *layout);

/* Makes one of layout->version of it: the version first, then the checksum. A header that
 * was left between the two is taken as of the older version. */
void arena_header_renew(struct arena_header *h, const struct arena_layout *layout);

void arena_word_set(struct arena_header *h, enum arena_word which, uint64_t value);
/* False: the word is damaged. */
bool arena_word_read(const struct arena_header *h, enum arena_word which,
                     uint64_t *ret_value);

#endif
