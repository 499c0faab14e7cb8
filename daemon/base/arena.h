/* Floor 0 (base). The arena: one sparse MAP_SHARED file, RUN_DIR/arena, that outlives the
 * process. It holds a head (backed at creation) and equal ranges (virtual until backed).
 * Knows nothing of what is in them. Killed at any instruction, the next process adopts it
 * and goes on. On tmpfs a store never waits for a disk.
 *
 * Backing is fallocate(2): a full file system is ERR_NOSPACE, never a SIGBUS. Nothing
 * here allocates after arena_open. */
#ifndef LUOT_BASE_ARENA_H
#define LUOT_BASE_ARENA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena; /* opaque: mapping, file, lock */

struct arena_layout {
    uint64_t version;     /* of what the head and ranges hold                           */
    uint64_t oldest;      /* read as well: same layout_hash; 0: no other version is     */
    uint64_t layout_hash; /* of sizes and offsets: another build's arena is not adopted */
    size_t head_bytes;    /* after the arena's own header                               */
    size_t ranges;        /* how many; an existing arena may have more                  */
    size_t range_bytes;   /* of each; a multiple of 65,536                              */
};

enum arena_outcome { ARENA_CREATED, ARENA_ADOPTED, ARENA_REPLACED };

struct arena_report {
    enum arena_outcome outcome;
    uint64_t incarnation;  /* random, made when the arena was                      */
    uint64_t adoptions;    /* times it was taken over, this one included           */
    int64_t last_alive_ms; /* the holder's last heartbeat before us; 0: created    */
    uint64_t converted;    /* the older version it was of; 0: none                 */
    bool clean;            /* the last holder closed it                            */
    bool rebooted;         /* with REPLACED: what was there was of an earlier boot */
    int holder_pid;        /* with ERR_IN_USE; 0: unknown                          */
    char sentence[512];    /* for the log: what was found, what we did, what to do */
};

/* Opens or creates DIR/arena and waits up to wait_ms for a holder that is exiting. 0, or
 * ERR_IN_USE, ERR_DENIED (owner, mode, symlink, not a regular file), ERR_NOSPACE,
 * ERR_NOMEM (address space), ERR_IO: `sentence` says what to do. A file of
 * an older version, `oldest` or later, is adopted and is of `version` from then on (what
 * its words lack is for the caller). Another version's, newer ones too, or a
 * damaged file is moved to DIR/arena.bad-<unix seconds> and replaced; an earlier boot's
 * (on a disk) is removed and replaced. More ranges than it had: it grows. hash_start()
 * first. */
int arena_open(struct arena **ret_arena, const char *dir,
               const struct arena_layout *layout, unsigned wait_ms,
               struct arena_report *ret_report);
/* Marks it clean, unmaps, unlocks; the file stays. NULL is a no-op. */
void arena_close(struct arena *a);

/* layout.head_bytes, zero when created. */
void *arena_head(const struct arena *a);
/* layout.range_bytes of address space. */
void *arena_range(const struct arena *a, size_t index);
/* Makes [at, at + length) of this mapping usable: zero where it was not backed, unchanged
 * where it was. One thread at a time. ERR_NOSPACE, ERR_IO. */
int arena_back(struct arena *a, void *at, size_t length);
/* Has any byte of it been written since it was backed, or may it have been? Reads no byte: of
 * what was not, that would back it. A system call. */
bool arena_is_written(const struct arena *a, const void *at, size_t length);
/* How many bytes from `at` on were not, for certain; `length` at most. */
size_t arena_unwritten(const struct arena *a, const void *at, size_t length);
/* Gives it back to the system: unusable until backed again, then zero. Page aligned. */
void arena_punch(struct arena *a, void *at, size_t length);

void arena_beat(struct arena *a, int64_t now_ms); /* the keeper's heartbeat */
int64_t arena_alive_ms(const struct arena *a);    /* the last of them; 0: none */
size_t arena_ranges(const struct arena *a);       /* that the file has */
uint64_t arena_incarnation(const struct arena *a);
/* "tmpfs" is right; others are a warning. */
const char *arena_fs_name(const struct arena *a);
uint64_t arena_bytes_used(const struct arena *a); /* backed blocks */

#endif
