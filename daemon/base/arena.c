/* Using an arena that is open; arena_open.c tells how one is opened. */
#include "base/arena.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena_file.h"

void arena_close(struct arena *a)
{
    if (a == NULL)
        return;
    arena_word_set(a->header, ARENA_CLEAN, 1);
    arena_file_drop(a);
    free(a);
}

void *arena_head(const struct arena *a)
{
    return (char *)a->header + ARENA_HEADER_BYTES;
}

void *arena_range(const struct arena *a, size_t index)
{
    assert(index < a->ranges);
    return (char *)a->header + arena_ranges_at(&a->layout) +
           index * a->layout.range_bytes;
}

static uint64_t offset_of(const struct arena *a, const void *at, size_t length)
{
    uint64_t offset = (uint64_t)((const char *)at - (const char *)a->header);

    assert((const char *)at >= (const char *)a->header && length > 0 &&
           length <= a->bytes && offset <= a->bytes - length);
    return offset;
}

int arena_back(struct arena *a, void *at, size_t length)
{
    return arena_file_back(a, offset_of(a, at, length), length);
}

size_t arena_unwritten(const struct arena *a, const void *at, size_t length)
{
    uint64_t offset = offset_of(a, at, length);
    off_t data = lseek(a->fd, (off_t)offset, SEEK_DATA);

    if (data < 0) /* ENXIO: there is none from there to the end of the file */
        return errno == ENXIO ? length : 0;
    return (uint64_t)data < offset + length ? (size_t)((uint64_t)data - offset) : length;
}

bool arena_is_written(const struct arena *a, const void *at, size_t length)
{
    return arena_unwritten(a, at, length) < length;
}

void arena_punch(struct arena *a, void *at, size_t length)
{
    off_t offset = (off_t)offset_of(a, at, length);
    const int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    int rv;

    do {
        rv = a->calls->fallocate(a->fd, hole, offset, (off_t)length);
    } while (rv != 0 && errno == EINTR);
    /* Where the file system cannot make holes the bytes must go all the same: keys are
     * erased so. */
    if (rv != 0 && arena_file_back(a, (uint64_t)offset, length) == 0)
        memset(at, 0, length);
}

void arena_beat(struct arena *a, int64_t now_ms)
{
    arena_word_set(a->header, ARENA_ALIVE_MS, now_ms > 0 ? (uint64_t)now_ms : 0);
}

int64_t arena_alive_ms(const struct arena *a)
{
    uint64_t ms;

    return arena_word_read(a->header, ARENA_ALIVE_MS, &ms) ? (int64_t)ms : 0;
}

size_t arena_ranges(const struct arena *a)
{
    return a->ranges;
}

uint64_t arena_incarnation(const struct arena *a)
{
    return a->header->incarnation;
}

const char *arena_fs_name(const struct arena *a)
{
    return a->fs_name;
}

uint64_t arena_bytes_used(const struct arena *a)
{
    struct stat st;

    return fstat(a->fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}
