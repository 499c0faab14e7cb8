/* `luotctl import`: access logs into the history of a site, exactly once.
 *
 * A source is the hash of its first line and the bytes used up so far; luotd keeps both.
 * So a file may be imported again, may have grown, or have been rotated to another name:
 * only what is new is read, and nothing is counted twice. A file is cut into pieces; each
 * is one document and one transaction, so an import that is interrupted goes on where it
 * was.
 *
 * The last line. A line without LF at the end of a file may be one that a server is still
 * writing. It is used up if it is a whole record; what is written behind it later, up to
 * the next LF, is the rest of that line and no line of its own. If it is no record, or
 * one in the common format where the file's lines are combined, it is told about but left
 * for next time. (Only a file of one single unfinished line has another first line when
 * it has grown.) */
#ifndef LUOT_IMPORT_H
#define LUOT_IMPORT_H

#include "import_piece.h"
#include "import_reader.h"
#include "import_tally.h"

/* What luotd knows of a source. */
struct import_known {
    uint64_t bytes; /* used up; 0: nothing is known */
    char name[256]; /* the file's base name then    */
};

/* Who an import talks to: luotd, or a test. */
struct import_peer {
    void *context;
    int (*source)(void *context, uint64_t first_line, struct import_known *ret_known);
    /* ERR_EXISTS: it has this piece already. */
    int (*load)(void *context, struct slice document);
    /* A line that is no record; reason: "empty", "no_match", "bad_time", "too_long". */
    void (*malformed)(void *context, const struct import_line *line, const char *reason);
    /* Now and then. */
    void (*progress)(void *context, const struct import_reader *r, uint64_t lines);
};

struct import_result {
    struct import_numbers numbers; /* of what is new in the file                   */
    struct import_tally tally;     /* likewise                                     */
    uint64_t visitors;             /* likewise                                     */
    uint64_t file_bytes;           /* of the file, unpacked                        */
    struct import_known known;     /* before                                       */
    bool already_imported;         /* there was nothing new in it; nothing changed */
};

/* With dry_run nothing is loaded. ERR_IO: reading failed, see import_reader_error; other
 * codes are the peer's, or ERR_NOMEM. The result is filled in either way, as far as it
 * came; release it. */
int import_file(struct import_result *ret_result, struct import_reader *reader,
                const struct import_site *site, struct slice name, enum page_rule rule,
                bool dry_run, const struct import_peer *peer);
void import_result_release(struct import_result *result);

#endif
