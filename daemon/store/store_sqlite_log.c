/* What SQLite does not say of a log (PATH-wal): it ends one at its first frame that fails its
 * check, as after a power cut, and all that was committed behind it is gone without a word.
 *
 *      header 32   magic, version, page size, sequence, two salts, checksum (two words)
 *      frame  24   page number, pages after a commit or 0, the two salts, checksum
 *             page
 *
 * A checksum goes on from the one of the frame before. So behind the end a frame that fits
 * the frame before it was written after that one; and where that was a commit, it had been
 * confirmed by then, and a power cut takes nothing that was confirmed. What a failed write,
 * a cut or an earlier log leaves there does not fit so: nothing is written after a commit
 * that failed, but over it.
 *
 * Not seen here: damage in the last commit alone, which may be a cut's, and a log that was
 * cut off: nothing is left in the log that could tell. After a kill the arena can, which has
 * what was confirmed last (count_head_confirm), and what was counted too; after a power cut
 * nobody can. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "store/store_sqlite.h"

enum {
    HEADER_BYTES = 32,
    FRAME_BYTES = 24,
    PAGE_BYTES = 4096, /* of our databases, where the header does not tell */
    PAGE_MIN = 512,
    PAGE_MAX = 65536,
    MAGIC = 0x377f0682 /* | 1: checksums of big-endian words */
};

struct sum {
    uint32_t a, b;
};

struct log {
    int fd;
    bool is_whole; /* the header */
    bool big;      /* words of checksums */
    size_t page_bytes;
    unsigned char salt[8];
    struct sum sum; /* of what was read last, as it is written there */
};

static uint32_t big(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t little(const unsigned char *at)
{
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static struct sum sum_of(const struct log *l, struct sum s, const unsigned char *at,
                         size_t n)
{
    for (size_t i = 0; i + 8 <= n; i += 8) {
        s.a += (l->big ? big(at + i) : little(at + i)) + s.b;
        s.b += (l->big ? big(at + i + 4) : little(at + i + 4)) + s.a;
    }
    return s;
}

static bool is_same(struct sum x, struct sum y)
{
    return x.a == y.a && x.b == y.b;
}

static struct sum written(const unsigned char *at)
{
    return (struct sum){big(at), big(at + 4)};
}

/* Of one that is damaged itself SQLite believes nothing: its frames are looked at alone. */
static bool read_header(struct log *l)
{
    unsigned char h[HEADER_BYTES + FRAME_BYTES];

    if (pread(l->fd, h, sizeof h, 0) != (ssize_t)sizeof h)
        return false;
    l->big = (big(h) & 1) != 0;
    l->page_bytes = big(h + 8);
    l->sum = written(h + 24);
    l->is_whole = (big(h) | 1) == (MAGIC | 1) && l->page_bytes >= PAGE_MIN &&
                  l->page_bytes <= PAGE_MAX &&
                  is_same(sum_of(l, (struct sum){0}, h, 24), l->sum);
    if (!l->is_whole) {
        l->big = false;
        l->page_bytes = PAGE_BYTES;
    }
    memcpy(l->salt, l->is_whole ? h + 16 : h + HEADER_BYTES + 8, sizeof l->salt);
    return true;
}

/* True: it was written after the one before it. */
static bool take_frame(struct log *l, const unsigned char *frame, bool *ret_is_commit)
{
    const struct sum before = l->sum, is = written(frame + 16);
    struct sum s;

    l->sum = is;
    *ret_is_commit = big(frame + 4) != 0;
    if (memcmp(frame + 8, l->salt, sizeof l->salt) != 0)
        return false;
    s = sum_of(l, before, frame, 8);
    return is_same(sum_of(l, s, frame + FRAME_BYTES, l->page_bytes), is);
}

/* Commits from the end on that another frame was written after. */
static unsigned count_lost(struct log *l, unsigned char *frame)
{
    const size_t bytes = FRAME_BYTES + l->page_bytes;
    off_t at = HEADER_BYTES;
    unsigned lost = 0;
    bool is_end = !l->is_whole, is_commit, was_lost = false;

    for (; pread(l->fd, frame, bytes, at) == (ssize_t)bytes; at += (off_t)bytes) {
        if (take_frame(l, frame, &is_commit))
            lost += was_lost;
        else
            is_end = true;
        was_lost = is_end && is_commit;
    }
    return lost;
}

unsigned sqlite_log_lost(const char *log)
{
    struct log l = {.fd = open(log, O_RDONLY | O_CLOEXEC)};
    unsigned char again[8], *frame;
    unsigned lost = 0;

    if (l.fd < 0)
        return 0;
    if (read_header(&l) && (frame = malloc(FRAME_BYTES + l.page_bytes)) != NULL) {
        lost = count_lost(&l, frame);
        free(frame);
        /* Begun again meanwhile, by who has it open: what was read is of two logs. */
        if (l.is_whole && pread(l.fd, again, sizeof again, 16) == (ssize_t)sizeof again &&
            memcmp(again, l.salt, sizeof again) != 0)
            lost = 0;
    }
    close(l.fd);
    return lost;
}
