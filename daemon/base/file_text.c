#include "base/file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* One byte more than the limit is asked for: then it was longer. */
static int read_all(int fd, char *text, size_t limit, size_t *ret_length)
{
    size_t length = 0;

    for (;;) {
        ssize_t n = read(fd, text + length, limit + 1 - length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_from_errno(errno);
        length += (size_t)n;
        if (length > limit)
            return ERR_TOO_LONG;
        if (n == 0)
            break;
    }
    *ret_length = length;
    return 0;
}

static int read_fd(int fd, struct slice *ret_text, size_t limit)
{
    struct stat st;
    size_t length = 0;
    char *text;
    int rv;

    if (fstat(fd, &st) != 0)
        return error_from_errno(errno);
    if (!S_ISREG(st.st_mode))
        return ERR_FOREIGN;
    text = malloc(limit + 1);
    if (text == NULL)
        return ERR_NOMEM;
    rv = read_all(fd, text, limit, &length);
    if (rv != 0) {
        free(text);
        return rv;
    }
    *ret_text = (struct slice){text, length};
    return 0;
}

int file_text_read(struct slice *ret_text, const char *path, size_t limit)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rv;

    if (fd < 0)
        return error_from_errno(errno);
    rv = read_fd(fd, ret_text, limit);
    close(fd);
    return rv;
}
