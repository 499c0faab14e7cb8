#include "node_name.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/slice.h"

enum { PATH_BYTES = 4096, LINE_BYTES = NODE_NAME_BYTES + 18 };

static bool write_path(char path[PATH_BYTES], const char *run_dir, const char *file)
{
    return snprintf(path, PATH_BYTES, "%s/%s", run_dir, file) < PATH_BYTES;
}

/* NAME INCARNATION; false: there is none, or it is of another arena. */
static bool read_name(const char *path, uint64_t incarnation, char name[NODE_NAME_BYTES])
{
    char text[LINE_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    struct slice rest, word;
    uint64_t of;

    if (fd >= 0)
        (void)close(fd);
    if (n <= 0)
        return false;
    rest = (struct slice){text, (size_t)n};
    word = slice_cut(&rest, ' ');
    if (word.length == 0 || word.length >= NODE_NAME_BYTES || rest.at == NULL ||
        slice_hex(slice_cut(&rest, '\n'), &of) != 0 || of != incarnation)
        return false;
    snprintf(name, NODE_NAME_BYTES, "%.*s", (int)word.length, word.at);
    return true;
}

/* Whole or not at all: a start that is killed here is followed by another one. */
static int write_name(const char *path, const char *next, uint64_t incarnation,
                      const char *name)
{
    char text[LINE_BYTES];
    int n = snprintf(text, sizeof text, "%s %016" PRIx64 "\n", name, incarnation);
    int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    int rv = 0;

    if (fd < 0)
        return error_from_errno(errno);
    errno = ENOSPC;
    if (write(fd, text, (size_t)n) != n)
        rv = error_from_errno(errno);
    (void)close(fd);
    if (rv == 0 && rename(next, path) != 0)
        rv = error_from_errno(errno);
    if (rv != 0)
        (void)unlink(next);
    return rv;
}

int node_name_keep(const char *run_dir, uint64_t incarnation, char name[NODE_NAME_BYTES])
{
    char path[PATH_BYTES], next[PATH_BYTES];

    if (!write_path(path, run_dir, "node") || !write_path(next, run_dir, "node.new"))
        return ERR_TOO_LONG;
    if (read_name(path, incarnation, name))
        return 0;
    return write_name(path, next, incarnation, name);
}
