/* The bytes of a file as memory of ours. libmaxminddb maps the file it is given, and a
 * mapped file that somebody truncates is a SIGBUS; so it is given a sealed memfd. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identify/geo_inner.h"

enum { PIECE = 1 << 16 };

static int write_all(int to, const char *at, size_t length)
{
    while (length > 0) {
        ssize_t n = write(to, at, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? EIO : errno;
        at += n;
        length -= (size_t)n;
    }
    return 0;
}

static int copy_all(int to, int from, size_t length)
{
    char piece[PIECE];

    while (length > 0) {
        ssize_t n = read(from, piece, length < PIECE ? length : PIECE);
        int error;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? ESTALE : errno;
        error = write_all(to, piece, (size_t)n);
        if (error != 0)
            return error;
        length -= (size_t)n;
    }
    return read(from, piece, 1) == 0 ? 0 : ESTALE;
}

/* Sealed and mapped; the fd is closed when that fails. */
static int finish(struct geo_copy *ret_copy, int fd, size_t length)
{
    void *at = MAP_FAILED;
    int error;

    if (fcntl(fd, F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
        at = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
    error = errno;
    if (at == MAP_FAILED) {
        close(fd);
        return error;
    }
    *ret_copy = (struct geo_copy){fd, {at, length}};
    return 0;
}

static int copy_open_file(struct geo_copy *ret_copy, int from)
{
    struct stat about;
    int to, error;

    if (fstat(from, &about) != 0)
        return errno;
    if (!S_ISREG(about.st_mode) || about.st_size == 0)
        return EINVAL;
    if (about.st_size > GEO_FILE_MAX)
        return EFBIG;
    to = memfd_create("geo_db", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (to < 0)
        return errno;
    error = copy_all(to, from, (size_t)about.st_size);
    if (error == 0)
        return finish(ret_copy, to, (size_t)about.st_size);
    close(to);
    return error;
}

int geo_copy_file(struct geo_copy *ret_copy, const char *path)
{
    int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe: do not wait */
    int error;

    if (from < 0)
        return errno;
    error = copy_open_file(ret_copy, from);
    close(from);
    return error;
}

int geo_copy_bytes(struct geo_copy *ret_copy, struct slice bytes)
{
    int to, error;

    if (bytes.length == 0)
        return EINVAL;
    if (bytes.length > GEO_FILE_MAX)
        return EFBIG;
    to = memfd_create("geo_db", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (to < 0)
        return errno;
    error = write_all(to, bytes.at, bytes.length);
    if (error == 0)
        return finish(ret_copy, to, bytes.length);
    close(to);
    return error;
}

void geo_copy_release(struct geo_copy *c)
{
    union { /* munmap is not const */
        const char *ours;
        void *theirs;
    } at = {c->bytes.at};

    munmap(at.theirs, c->bytes.length);
    close(c->fd);
}
