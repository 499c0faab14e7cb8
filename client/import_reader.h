/* The lines of a log file, plain or gzip (told apart by their first bytes, not by their
 * names), of any size, read once from the beginning to the end. */
#ifndef LUOT_IMPORT_READER_H
#define LUOT_IMPORT_READER_H

#include <stdbool.h>

#include "base/slice.h"

enum { IMPORT_LINE_MAX = 1 << 20 };

struct import_line {
    struct slice bytes;   /* without its LF; until the next call                 */
    uint64_t number;      /* from 1                                              */
    uint64_t from, until; /* where it is in the (uncompressed) file, with its LF */
    bool ended;           /* false: the file's last line, which has no LF        */
    bool too_long;        /* over IMPORT_LINE_MAX: bytes are its beginning       */
};

struct import_reader; /* opaque: zlib's file and the bytes read ahead */

/* "-" is standard input. ERR_NOMEM, or ERR_IO and others with *ret_errno. */
int import_reader_open(struct import_reader **ret_reader, const char *path,
                       int *ret_errno);
void import_reader_close(struct import_reader *r); /* NULL is a no-op */
/* The first line again and again, until import_reader_next; false: there is none, or
 * reading failed. */
bool import_reader_first(struct import_reader *r, struct import_line *ret_line);
/* false: the end, or reading failed. */
bool import_reader_next(struct import_reader *r, struct import_line *ret_line);
/* NULL, or what went wrong, in words. */
const char *import_reader_error(const struct import_reader *r);
/* How much of the file is read, 0 to 1; below 0 when nobody knows (a pipe). */
double import_reader_progress(const struct import_reader *r);

#endif
