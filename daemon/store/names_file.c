/* What people said of sites, in a file beside the arena: a whole small dump, so that one
 * that was cut or changed is known. It is on tmpfs as a rule, and only a copy. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "store/names.h"
#include "store/names_rows.h"

enum { PATH_BYTES = 4096, FACT_BYTES = 1024, FILE_MAX = 64 << 20 };

static int path_of(char path[PATH_BYTES], const char *run_dir, const char *file)
{
    return snprintf(path, PATH_BYTES, "%s/%s", run_dir, file) < PATH_BYTES ? 0
                                                                           : ERR_TOO_LONG;
}

static int read_lines(FILE *file, struct names_facts *all)
{
    struct dump_reader *r = malloc(sizeof *r);
    char *line = NULL, sentence[256];
    size_t size = 0;
    ssize_t n;
    int rv = r == NULL ? ERR_NOMEM : 0;

    if (rv == 0)
        dump_reader_init(r);
    while (rv == 0 && (n = getline(&line, &size, file)) > 0) {
        rv = dump_reader_line(r, (struct slice){line, (size_t)n}, sentence);
        if (rv == 0)
            rv = names_facts_add(all, &r->row);
    }
    if (rv == 0)
        rv = ferror(file) ? error_from_errno(errno) : dump_reader_end(r, sentence);
    if (rv == ERR_MALFORMED || rv == ERR_PARTIAL || rv == ERR_VERSION)
        rv = ERR_CORRUPT;
    free(line);
    free(r);
    return rv;
}

int names_file_read(const char *run_dir, struct site_names **ret_names)
{
    struct names_facts all = {.count = 0};
    char path[PATH_BYTES];
    int rv = path_of(path, run_dir, "names");
    FILE *file = rv == 0 ? fopen(path, "re") : NULL;

    if (rv == 0 && file == NULL)
        return errno == ENOENT ? ERR_NOT_FOUND : error_from_errno(errno);
    if (rv == 0)
        rv = read_lines(file, &all);
    if (file != NULL)
        (void)fclose(file);
    return names_facts_finish(&all, rv, ret_names);
}

static int write_all(const char *path, struct slice bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    int rv = 0;

    if (fd < 0)
        return error_from_errno(errno);
    errno = ENOSPC;
    if (write(fd, bytes.at, bytes.length) != (ssize_t)bytes.length)
        rv = error_from_errno(errno);
    (void)close(fd);
    return rv;
}

int names_file_write(const char *run_dir, const struct site_names *names)
{
    char path[PATH_BYTES], next[PATH_BYTES];
    size_t count = names == NULL ? 0 : names->count, room = (count + 2) * FACT_BYTES;
    char *memory = room > FILE_MAX ? NULL : malloc(room);
    struct dump_tally tally;
    struct buffer b;
    int rv = memory == NULL ? ERR_NOMEM : path_of(path, run_dir, "names");

    if (rv == 0)
        rv = path_of(next, run_dir, "names.new");
    buffer_init(&b, memory, memory == NULL ? 0 : room);
    dump_tally_init(&tally);
    dump_write_first(&b, &tally, "names", "names", 0);
    for (size_t i = 0; i < count; i++) {
        struct dump_row row;
        names_row_of(&names->fact[i], &row);
        dump_write_row(&b, &tally, &row);
    }
    dump_write_last(&b, &tally, (struct dump_place){DUMP_NONE, 0}, 0);
    if (rv == 0)
        rv = buffer_error(&b);
    if (rv == 0)
        rv = write_all(next, buffer_written(&b));
    if (rv == 0 && rename(next, path) != 0)
        rv = error_from_errno(errno);
    free(memory);
    return rv;
}
