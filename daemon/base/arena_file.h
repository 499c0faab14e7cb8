/* Private to base/arena: the arena as its files see it, and the steps of opening one that
 * touch the file system. Those that take a struct arena_opening leave a sentence for
 * people when they fail. */
#ifndef LUOT_BASE_ARENA_FILE_H
#define LUOT_BASE_ARENA_FILE_H

#include "base/arena.h"
#include "base/arena_calls.h"
#include "base/arena_header.h"

enum { ARENA_FS_NAME_MAX = 24 };

struct arena {
    struct arena_header *header;     /* the mapping begins here     */
    size_t bytes;                    /* of the mapping and the file */
    size_t ranges;                   /* that the file has room for  */
    struct arena_layout layout;      /* what the caller asked for   */
    const struct arena_calls *calls; /* the system, or a test       */
    int fd;                          /* holds the lock              */
    char fs_name[ARENA_FS_NAME_MAX]; /* of the file system          */
};

/* One arena_open: what its steps share. */
struct arena_opening {
    struct arena *a;             /* being filled                                     */
    struct arena_report *report; /* the caller's                                     */
    const char *dir;             /* its name, for sentences                          */
    int dir_fd;                  /* all names below are relative to it               */
    int64_t now_ms;              /* unix milliseconds                                */
    uint64_t boot;               /* this boot's mark, 48 bits; 0: unknown            */
    char found[200];             /* of a file that was not adopted: why, where it is */
};

/* Writes the report's sentence and returns `code`. */
int arena_say(struct arena_opening *o, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Opens what has the arena's name, if it is ours to open: 0, ERR_NOT_FOUND, ERR_DENIED,
 * ERR_IO. */
int arena_file_open(struct arena_opening *o);
/* ERR_IN_USE: another holds it; its pid is in the report. */
int arena_file_lock(struct arena_opening *o);
/* An empty file, locked, under a name of its own that arena_file_publish changes into the
 * arena's. */
int arena_file_make(struct arena_opening *o);
int arena_file_publish(struct arena_opening *o);
void arena_file_unmake(struct arena_opening *o);
/* Makes the file long enough for `ranges`; it stays sparse. */
int arena_file_set_length(struct arena_opening *o, uint64_t ranges);
int arena_file_back_head(struct arena_opening *o);
int arena_file_map(struct arena_opening *o);
/* Gives a file that was not adopted a name that nothing had; its bytes stay. `why` is the
 * error that judged it. */
int arena_file_move_aside(struct arena_opening *o, int why);
int arena_file_remove(struct arena_opening *o);

/* Of a file that may be anything. False: it is shorter than a header. */
bool arena_file_read_header(int fd, struct arena_header *ret_header);
/* fallocate(2): 0, ERR_NOSPACE, ERR_IO. */
int arena_file_back(const struct arena *a, uint64_t offset, uint64_t length);
/* Unmaps, closes and so unlocks. */
void arena_file_drop(struct arena *a);

#endif
