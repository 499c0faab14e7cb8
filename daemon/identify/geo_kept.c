/* A database as it was flattened, kept in a file beside the arena, so that the next start maps
 * it in place of 50 ms of making it anew. Happy path: the file is ours, whole, and of the same
 * source -> its places are read, its map is used where it is. Anything else is ERR_FOREIGN or
 * ERR_CORRUPT, and the source is read.
 *
 *      head    what it is, a checksum, of which source, how long its parts are, geo_info
 *      places  a length and its text each; padding to a page
 *      map     address_map_lay_out()
 *
 * It is written whole under another name, then renamed, and never changed: whoever maps it
 * keeps what it mapped. Nobody but us (and root) can change or cut it while it is mapped, as
 * with the arena beside it. */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "identify/geo_inner.h"
#include "identify/geo_places.h"

enum {
    FORM = 1, /* another one whenever a part changes, or what is made of a database */
    PAGE = 4096,
    ROOM_TIMES = 16 /* a file system that has less room is left to the arena */
};

static const char MAGIC[8] = "luot geo";

struct source {
    uint64_t device, inode, bytes;
    int64_t modified_ns, changed_ns;
};

struct head {
    char magic[sizeof MAGIC];
    uint64_t check; /* of all that follows, to the file's end */
    uint32_t form, map_form;
    struct source source;
    uint64_t before_bytes; /* of the head, places and padding */
    uint64_t map_bytes, places_bytes;
    struct geo_info info;
};

static int64_t ns(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int source_of(struct source *ret_source, const char *path)
{
    struct stat about;

    if (stat(path, &about) != 0)
        return ERR_NOT_FOUND;
    *ret_source =
        (struct source){(uint64_t)about.st_dev, (uint64_t)about.st_ino,
                        (uint64_t)about.st_size, ns(about.st_mtim), ns(about.st_ctim)};
    return 0;
}

static uint64_t check_of(const char *at, size_t length)
{
    const size_t from = offsetof(struct head, form);

    return hash_fast(at + from, length - from);
}

/* --- Read --- */

/* All of it, changeable for us alone; MAP_FAILED. A file that others may write is none. */
static char *map_ours(const char *kept, size_t *ret_length)
{
    int fd = open(kept, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char *at = MAP_FAILED;
    struct stat about;

    if (fd < 0)
        return at;
    if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
        (about.st_mode & 022) == 0 && about.st_size >= (off_t)sizeof(struct head)) {
        *ret_length = (size_t)about.st_size;
        at = mmap(NULL, *ret_length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    }
    close(fd);
    return at;
}

static int check(const char *at, size_t length, const struct source *source)
{
    const struct head *head = (const struct head *)(const void *)at;

    if (memcmp(head->magic, MAGIC, sizeof MAGIC) != 0 || head->form != FORM ||
        head->map_form != address_map_form() ||
        memcmp(&head->source, source, sizeof *source) != 0)
        return ERR_FOREIGN;
    if (head->before_bytes < sizeof *head || head->before_bytes > length ||
        head->before_bytes % PAGE != 0 ||
        head->map_bytes != length - head->before_bytes ||
        head->places_bytes > head->before_bytes - sizeof *head ||
        head->check != check_of(at, length))
        return ERR_CORRUPT;
    return 0;
}

static int use(struct geo *g, char *at)
{
    const struct head *head = (const struct head *)(const void *)at;
    struct slice places = {at + sizeof *head, head->places_bytes};

    g->info = head->info;
    g->places = places_read(places);
    if (g->places == NULL)
        return ERR_CORRUPT;
    return address_map_use(&g->map, at + head->before_bytes, head->map_bytes);
}

static int read_kept(struct geo **ret_geo, const char *kept, const struct source *source)
{
    struct geo *g = calloc(1, sizeof *g);
    size_t length = 0;
    char *at = map_ours(kept, &length);
    int rv = g == NULL          ? ERR_NOMEM
             : at == MAP_FAILED ? ERR_NOT_FOUND
                                : check(at, length, source);

    if (rv == 0)
        rv = use(g, at);
    if (rv != 0) {
        if (at != MAP_FAILED)
            munmap(at, length);
        if (g != NULL)
            places_free(g->places);
        free(g);
        return rv;
    }
    (void)mprotect(at, length, PROT_READ);
    g->mapping = at;
    g->mapped = length;
    *ret_geo = g;
    return 0;
}

/* --- Written --- */

/* The file's bytes in memory of ours; NULL: there is none. */
static char *lay_out(const struct geo *g, const struct source *source, size_t *ret_length)
{
    size_t places = places_written_bytes(g->places),
           before = (sizeof(struct head) + places + PAGE - 1) / PAGE * PAGE,
           map = address_map_image_bytes(g->map);
    char *at = calloc(1, before + map);
    struct head head;

    if (at == NULL)
        return NULL;
    memset(&head, 0, sizeof head); /* padding too: it is written */
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    head.form = FORM;
    head.map_form = address_map_form();
    head.source = *source;
    head.before_bytes = before;
    head.map_bytes = map;
    head.places_bytes = places;
    head.info = g->info;
    places_write(g->places, at + sizeof head);
    address_map_lay_out(g->map, at + before);
    memcpy(at, &head, sizeof head);
    head.check = check_of(at, before + map);
    memcpy(at, &head, sizeof head);
    *ret_length = before + map;
    return at;
}

static bool has_room(int fd, size_t length)
{
    struct statvfs about;

    return fstatvfs(fd, &about) == 0 &&
           (uint64_t)about.f_bavail * about.f_frsize / ROOM_TIMES >= length;
}

static bool write_whole(int fd, const char *at, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, at, length);

        if (n <= 0)
            return false;
        at += n;
        length -= (size_t)n;
    }
    return true;
}

/* Under its name only when it is whole. */
static bool put_there(const char *kept, const char *at, size_t length)
{
    char new[4096];
    int fd;
    bool done;

    if (snprintf(new, sizeof new, "%s.new", kept) >= (int)sizeof new)
        return false;
    (void)unlink(new);
    fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    done = has_room(fd, length) && write_whole(fd, at, length);
    if (close(fd) != 0 || !done || rename(new, kept) != 0) {
        (void)unlink(new);
        return false;
    }
    return true;
}

/* What is written is used from then on: once in memory and not twice. */
static void keep(struct geo **geo, const char *kept, const struct source *source)
{
    struct geo *same;
    size_t length;
    char *at = lay_out(*geo, source, &length);
    bool there = at != NULL && put_there(kept, at, length);

    free(at);
    if (!there || read_kept(&same, kept, source) != 0)
        return;
    geo_free(*geo);
    *geo = same;
}

int geo_open_kept(struct geo **ret_geo, const char *path, const char *kept,
                  char ret_sentence[GEO_SENTENCE])
{
    struct source before, after;
    int rv;

    memset(&before, 0, sizeof before);
    memset(&after, 0, sizeof after);
    if (source_of(&before, path) == 0 && read_kept(ret_geo, kept, &before) == 0) {
        geo_read_credit(*ret_geo, path);
        return 0;
    }
    rv = geo_make(ret_geo, path, ret_sentence);
    if (rv != 0)
        return rv;
    if (source_of(&after, path) == 0 && memcmp(&before, &after, sizeof before) == 0)
        keep(ret_geo, kept, &after);
    geo_read_credit(*ret_geo, path);
    return 0;
}
