/* Configuration files and the files they include. */
#include "base/config_read.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* Remembers a file that is open. ERR_EXISTS: it has been read. */
static int remember_file(struct parsed *p, const char *name, const struct stat *status)
{
    for (size_t i = 0; i < p->file_count; i++)
        if (p->files[i].dev == status->st_dev && p->files[i].inode == status->st_ino)
            return ERR_EXISTS;
    if (p->file_count == p->file_room) {
        size_t room = p->file_room == 0 ? 16 : p->file_room * 2;
        struct seen_file *files = realloc(p->files, room * sizeof(*files));
        if (files == NULL)
            return ERR_NOMEM;
        p->files = files;
        p->file_room = room;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return ERR_NOMEM;
    p->files[p->file_count++] = (struct seen_file){copy, status->st_dev, status->st_ino};
    return 0;
}

/* All of a file that may grow or shrink meanwhile: at most `room` bytes. */
static int read_bytes(int fd, char *at, size_t room, size_t *ret_length)
{
    size_t length = 0;
    while (length < room) {
        ssize_t n = read(fd, at + length, room - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            break;
        length += (size_t)n;
    }
    *ret_length = length;
    return 0;
}

static int say_unreadable(const struct reading *from, const char *file,
                          const char *reason, struct config_error *ret_error)
{
    if (from == NULL)
        return config_say(ret_error, ERR_IO, "%.300s: cannot be read: %s", file, reason);
    return config_say(ret_error, ERR_IO, "%.300s:%u: include: %.300s cannot be read: %s",
                      from->place.file, from->place.line, file, reason);
}

static int read_open_file(struct parsed *p, int fd, const char *file,
                          const struct reading *from, struct config_error *ret_error)
{
    struct reading r = {.parsed = p, .ret_error = ret_error};
    struct stat status;
    char *text;
    int rv;
    if (fstat(fd, &status) != 0)
        return say_unreadable(from, file, strerror(errno), ret_error);
    if (!S_ISREG(status.st_mode))
        return say_unreadable(from, file, "it is not a regular file", ret_error);
    rv = remember_file(p, file, &status);
    if (rv != 0) /* a file that includes itself, or is included twice, is read once */
        return rv == ERR_EXISTS ? 0 : config_say(ret_error, rv, "%s", error_text(rv));
    text = malloc(CONFIG_FILE_MAX + 1);
    if (text == NULL)
        return config_say(ret_error, ERR_NOMEM, "%s", error_text(ERR_NOMEM));
    r.place = (struct place){PLACE_FILE, p->files[p->file_count - 1].name, 0};
    r.rest.at = text;
    r.depth = from == NULL ? 0 : from->depth + 1;
    rv = read_bytes(fd, text, CONFIG_FILE_MAX + 1, &r.rest.length);
    if (rv != 0)
        rv = say_unreadable(from, file, strerror(rv), ret_error);
    else if (r.rest.length > CONFIG_FILE_MAX)
        rv = say_unreadable(from, file, "it is larger than 1 MiB", ret_error);
    else
        rv = reading_run(&r);
    free(text);
    return rv;
}

static int read_file(struct parsed *p, const char *file, const struct reading *from,
                     struct config_error *ret_error)
{
    /* O_NONBLOCK: a FIFO must not stop us before we can say that it is one. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int rv;
    if (fd < 0)
        return say_unreadable(from, file, strerror(errno), ret_error);
    rv = read_open_file(p, fd, file, from, ret_error);
    close(fd);
    return rv;
}

/* The included path beside the including file. In a pattern the folder's own stars are
 * escaped. ERR_TOO_LONG. */
static int include_path(struct buffer *b, const char *beside, struct slice value,
                        bool is_pattern)
{
    const char *slash = strrchr(beside, '/');
    if (value.at[0] != '/' && slash != NULL) {
        for (const char *c = beside; c <= slash; c++) {
            if (is_pattern && strchr("*?[\\", *c) != NULL)
                buffer_byte(b, '\\');
            buffer_byte(b, *c);
        }
    }
    buffer_slice(b, value);
    buffer_byte(b, '\0');
    return buffer_error(b) == 0 ? 0 : ERR_TOO_LONG;
}

static void include_pattern(struct reading *r, const char *pattern)
{
    glob_t found;
    int rv = glob(pattern, 0, NULL, &found);
    if (rv == GLOB_NOMATCH) /* an empty sites.d is fine */
        return;
    if (rv != 0) {
        reading_fail(r, "include: the folder cannot be read");
        return;
    }
    for (size_t i = 0; i < found.gl_pathc && r->error == 0; i++)
        r->error = read_file(r->parsed, found.gl_pathv[i], r, r->ret_error);
    globfree(&found);
}

void reading_include(struct reading *r, struct slice value)
{
    bool is_pattern = slice_find(value, '*') < value.length ||
                      slice_find(value, '?') < value.length ||
                      slice_find(value, '[') < value.length;
    char path[2 * CONFIG_LINE_MAX];
    struct buffer b;
    buffer_init(&b, path, sizeof(path));
    if (r->from_memory)
        reading_fail(r, "include works in a file only");
    else if (r->section != SECTION_NONE)
        reading_fail(r, "include belongs above the first [site KEY] and [reader NAME]");
    else if (r->depth == CONFIG_INCLUDES_MAX)
        reading_fail(r, "includes are more than 8 deep");
    else if (value.length == 0 || !text_is_clean(value))
        reading_fail(
            r, "include: must be the path of a file or a pattern like sites.d/*.conf");
    else if (include_path(&b, r->place.file, value, is_pattern) != 0)
        reading_fail(r, "include: the path is too long");
    else if (is_pattern)
        include_pattern(r, path);
    else
        r->error = read_file(r->parsed, path, r, r->ret_error);
}

int parsed_file(struct parsed *p, const char *file, struct config_error *ret_error)
{
    return read_file(p, file, NULL, ret_error);
}

void parsed_release(struct parsed *p)
{
    for (size_t i = 0; i < p->file_count; i++)
        free(p->files[i].name);
    free(p->files);
    free(p->sites);
    free(p->rules);
    free(p->readers);
    memset(p, 0, sizeof(*p));
}
