#include "import_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"

enum { BUFFER_BYTES = 2 * IMPORT_LINE_MAX, ZLIB_BYTES = 256 * 1024 };

struct import_reader {
    gzFile file;
    int64_t file_bytes; /* on the disk; 0: nobody knows     */
    size_t begin, end;  /* bytes of the buffer not yet used */
    uint64_t at;        /* where `begin` is in the file     */
    uint64_t lines;     /* given out                        */
    bool at_end, failed;
    char error[128];
    char buffer[BUFFER_BYTES];
};

int import_reader_open(struct import_reader **ret_reader, const char *path,
                       int *ret_errno)
{
    struct stat found;
    int fd =
        strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &found) == 0 && S_ISDIR(found.st_mode)) {
        close(fd);
        fd = -1;
        errno = EISDIR;
    }
    if (fd < 0) {
        *ret_errno = errno;
        return error_from_errno(errno);
    }
    struct import_reader *r = calloc(1, sizeof *r);
    if (r != NULL)
        r->file = gzdopen(fd, "rb");
    if (r == NULL || r->file == NULL) {
        free(r);
        close(fd);
        *ret_errno = ENOMEM;
        return ERR_NOMEM;
    }
    (void)gzbuffer(r->file, ZLIB_BYTES); /* only makes it faster */
    r->file_bytes = S_ISREG(found.st_mode) ? found.st_size : 0;
    *ret_reader = r;
    return 0;
}

void import_reader_close(struct import_reader *r)
{
    if (r == NULL)
        return;
    (void)gzclose_r(r->file); /* nothing was written */
    free(r);
}

static void fail(struct import_reader *r)
{
    int code = Z_OK;
    const char *text = gzerror(r->file, &code);
    r->failed = true;
    snprintf(r->error, sizeof r->error, "%s",
             code == Z_ERRNO        ? strerror(errno)
             : code == Z_BUF_ERROR  ? "the gzip file ends before its end"
             : code == Z_DATA_ERROR ? "the gzip file is damaged"
                                    : text);
}

/* Reads into the room behind `end`; false: there is nothing more. */
static bool fill(struct import_reader *r)
{
    if (r->at_end || r->failed)
        return false;
    int got = gzread(r->file, r->buffer + r->end, (unsigned)(BUFFER_BYTES - r->end));
    int code = Z_OK;
    (void)gzerror(r->file, &code);
    if (got > 0)
        r->end += (size_t)got;
    else if (got < 0 || code != Z_OK)
        fail(r);
    else
        r->at_end = true;
    return got > 0;
}

/* The same with as much room as there is. */
static bool read_more(struct import_reader *r)
{
    memmove(r->buffer, r->buffer + r->begin, r->end - r->begin);
    r->end -= r->begin;
    r->begin = 0;
    return fill(r);
}

/* Length of the line at `begin`, as far as it is in the buffer; *ret_ended: its LF is
 * there. */
static size_t look_for_end(struct import_reader *r, bool *ret_ended)
{
    size_t length = 0;
    for (;;) {
        struct slice ahead = {r->buffer + r->begin + length, r->end - r->begin - length};
        size_t found = slice_find(ahead, '\n');
        length += found;
        *ret_ended = found < ahead.length;
        if (*ret_ended || length > IMPORT_LINE_MAX || !read_more(r))
            return length;
    }
}

bool import_reader_first(struct import_reader *r, struct import_line *ret_line)
{
    bool ended;
    size_t length = look_for_end(r, &ended);
    if (r->failed || (length == 0 && !ended))
        return false;
    *ret_line = (struct import_line){
        .bytes = {r->buffer + r->begin,
                  length < IMPORT_LINE_MAX ? length : IMPORT_LINE_MAX},
        .number = r->lines + 1,
        .from = r->at,
        .until = r->at + length + (ended ? 1 : 0),
        .ended = ended,
        .too_long = length > IMPORT_LINE_MAX,
    };
    return true;
}

static void use(struct import_reader *r, size_t bytes)
{
    r->begin += bytes;
    r->at += bytes;
}

/* Of a line that is too long, everything but its beginning. That is moved to the front
 * of the buffer, and the rest is read behind it. */
static bool skip_rest(struct import_reader *r, struct import_line *line)
{
    memmove(r->buffer, line->bytes.at, IMPORT_LINE_MAX);
    line->bytes.at = r->buffer;
    use(r, (size_t)(line->until - line->from));
    while (!line->ended) {
        r->begin = r->end = IMPORT_LINE_MAX;
        if (!fill(r))
            break;
        struct slice ahead = {r->buffer + r->begin, r->end - r->begin};
        size_t length = slice_find(ahead, '\n');
        line->ended = length < ahead.length;
        use(r, length + (line->ended ? 1 : 0));
    }
    line->until = r->at;
    return !r->failed;
}

bool import_reader_next(struct import_reader *r, struct import_line *ret_line)
{
    struct import_line line;
    if (!import_reader_first(r, &line))
        return false;
    if (line.too_long && !skip_rest(r, &line))
        return false;
    if (!line.too_long)
        use(r, (size_t)(line.until - line.from));
    r->lines++;
    *ret_line = line;
    return true;
}

const char *import_reader_error(const struct import_reader *r)
{
    return r->failed ? r->error : NULL;
}

double import_reader_progress(const struct import_reader *r)
{
    if (r->file_bytes <= 0)
        return -1;
    double share = (double)gzoffset(r->file) / (double)r->file_bytes;
    return share > 1 ? 1 : share;
}
