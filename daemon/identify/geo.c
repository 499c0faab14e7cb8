#include "identify/geo.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"
#include "identify/geo_inner.h"
#include "identify/geo_places.h"

__attribute__((format(printf, 4, 5))) static int
refuse(char ret_sentence[GEO_SENTENCE], int rv, const char *name, const char *format, ...)
{
    char what[512];
    va_list words;

    va_start(words, format);
    vsnprintf(what, sizeof what, format, words);
    va_end(words);
    snprintf(ret_sentence, GEO_SENTENCE,
             "geo_db %.300s: %s; give a country database (.mmdb), or geo_db = none", name,
             what);
    return rv;
}

/* --- The database --- */

static void copy_clean(char *ret_text, size_t size, struct slice text)
{
    ret_text[0] = '\0';
    if (text.length > 0 && text.length < size && text_is_clean(text))
        snprintf(ret_text, size, "%.*s", (int)text.length, text.at);
}

static void describe(struct geo *g, const MMDB_s *db)
{
    const MMDB_metadata_s *m = &db->metadata;

    copy_clean(g->info.type, sizeof g->info.type, slice_of(m->database_type));
    if (g->info.type[0] == '\0')
        snprintf(g->info.type, sizeof g->info.type, "unnamed");
    if (m->description.count > 0)
        copy_clean(g->info.credit, sizeof g->info.credit,
                   slice_of(m->description.descriptions[0]->description));
    g->info.built_s = m->build_epoch < INT64_MAX / 1000 ? (int64_t)m->build_epoch : 0;
    places_count(g->places, &g->info.countries, &g->info.regions);
    g->info.bytes = sizeof *g + address_map_bytes(g->map) + places_bytes(g->places);
}

static int read_all(struct geo *g, const MMDB_s *db, const char *name,
                    char ret_sentence[GEO_SENTENCE])
{
    int rv = geo_tree_read(g, db);

    if (rv == ERR_CORRUPT)
        return refuse(ret_sentence, rv, name, "is damaged (a node or a record is wrong)");
    if (rv == ERR_FULL)
        return refuse(ret_sentence, rv, name,
                      "has more networks, records or places than there is room for (%d "
                      "networks, %d places)",
                      ADDRESS_MAP_BOUNDARIES, GEO_PLACES_MAX);
    if (rv != 0)
        return refuse(ret_sentence, rv, name, "%s", error_text(rv));
    describe(g, db);
    if (g->info.countries == 0)
        return refuse(ret_sentence, ERR_FOREIGN, name,
                      "has no countries in it (it is a %s)", g->info.type);
    return 0;
}

static int from_copy(struct geo **ret_geo, const struct geo_copy *copy, const char *name,
                     char ret_sentence[GEO_SENTENCE])
{
    int rv = geo_metadata_check(copy->bytes), error;
    struct geo *g;
    char path[32];
    MMDB_s db;

    if (rv == ERR_FOREIGN)
        return refuse(ret_sentence, rv, name, "is no MaxMind DB file");
    if (rv != 0)
        return refuse(ret_sentence, rv, name,
                      "is damaged (its metadata are wrong, or do not fit the file)");
    snprintf(path, sizeof path, "/proc/self/fd/%d", copy->fd);
    error = MMDB_open(path, MMDB_MODE_MMAP, &db);
    if (error == MMDB_OUT_OF_MEMORY_ERROR)
        return refuse(ret_sentence, ERR_NOMEM, name, "%s", error_text(ERR_NOMEM));
    if (error == MMDB_FILE_OPEN_ERROR)
        return refuse(ret_sentence, ERR_IO, name, "needs /proc, which is not there");
    if (error != MMDB_SUCCESS)
        return refuse(ret_sentence, ERR_CORRUPT, name, "is damaged (%s)",
                      MMDB_strerror(error));
    g = calloc(1, sizeof *g);
    if (g != NULL)
        g->places = places_new();
    rv = g == NULL || g->places == NULL
             ? refuse(ret_sentence, ERR_NOMEM, name, "%s", error_text(ERR_NOMEM))
             : read_all(g, &db, name, ret_sentence);
    MMDB_close(&db);
    if (rv == 0)
        *ret_geo = g;
    else
        geo_free(g);
    return rv;
}

/* --- Files --- */

void geo_read_credit(struct geo *g, const char *path)
{
    char beside[4096], line[sizeof g->info.credit];
    FILE *file;

    if (snprintf(beside, sizeof beside, "%s.credit", path) >= (int)sizeof beside)
        return;
    file = fopen(beside, "re");
    if (file == NULL)
        return;
    if (fgets(line, sizeof line, file) != NULL) {
        struct slice text = slice_trim(slice_of(line));
        if (text.length > 0 && text_is_clean(text))
            copy_clean(g->info.credit, sizeof g->info.credit, text);
    }
    fclose(file);
}

static int refuse_file(char ret_sentence[GEO_SENTENCE], const char *path, int error)
{
    switch (error) {
    case ENOENT:
        return refuse(ret_sentence, ERR_NOT_FOUND, path, "is not there");
    case EINVAL:
        return refuse(ret_sentence, ERR_FOREIGN, path, "is empty, or no regular file");
    case EFBIG:
        return refuse(ret_sentence, ERR_TOO_LONG, path, "is larger than %d MiB",
                      GEO_FILE_MAX >> 20);
    case ESTALE:
        return refuse(ret_sentence, ERR_IN_USE, path,
                      "changed while it was read (rename a finished file to this name)");
    case EACCES:
        return refuse(ret_sentence, ERR_DENIED, path,
                      "cannot be read by this user (make it readable)");
    default:
        return refuse(ret_sentence, error_from_errno(error), path, "cannot be read (%s)",
                      strerror(error));
    }
}

int geo_installed(char ret_path[GEO_PATH_MAX])
{
    static const char share[] = "/share/luot/country.mmdb";
    char path[GEO_PATH_MAX], *cut;
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof share);

    if (length <= 0)
        return ERR_NOT_FOUND;
    path[length] = '\0';
    for (unsigned up = 0; up < 2; up++) { /* PREFIX/bin/luotd */
        cut = strrchr(path, '/');
        if (cut == NULL)
            return ERR_NOT_FOUND;
        *cut = '\0';
    }
    memcpy(cut, share, sizeof share);
    if (access(path, F_OK) != 0)
        return ERR_NOT_FOUND;
    memcpy(ret_path, path, strlen(path) + 1);
    return 0;
}

int geo_make(struct geo **ret_geo, const char *path, char ret_sentence[GEO_SENTENCE])
{
    struct geo_copy copy;
    int error = geo_copy_file(&copy, path), rv;

    if (error != 0)
        return refuse_file(ret_sentence, path, error);
    rv = from_copy(ret_geo, &copy, path, ret_sentence);
    geo_copy_release(&copy);
    return rv;
}

int geo_open(struct geo **ret_geo, const char *path, char ret_sentence[GEO_SENTENCE])
{
    int rv = geo_make(ret_geo, path, ret_sentence);

    if (rv == 0)
        geo_read_credit(*ret_geo, path);
    return rv;
}

int geo_from_memory(struct geo **ret_geo, struct slice bytes, const char *name,
                    char ret_sentence[GEO_SENTENCE])
{
    struct geo_copy copy;
    int error = geo_copy_bytes(&copy, bytes), rv;

    if (error != 0)
        return refuse_file(ret_sentence, name, error);
    rv = from_copy(ret_geo, &copy, name, ret_sentence);
    geo_copy_release(&copy);
    return rv;
}

void geo_free(struct geo *g)
{
    if (g == NULL)
        return;
    address_map_free(g->map);
    places_free(g->places);
    if (g->mapping != NULL)
        munmap(g->mapping, g->mapped);
    free(g);
}

/* --- Asked --- */

struct geo_place geo_find(const struct geo *g, const struct address *a)
{
    uint16_t found = address_map_find(g->map, a);

    if (found >= GEO_ALIAS) { /* the four bytes behind the door's bits */
        const uint8_t *b = a->bytes + (found - GEO_ALIAS) / 8;
        unsigned shift = (found - GEO_ALIAS) % 8;
        uint64_t five = (uint64_t)b[0] << 32 | (uint64_t)b[1] << 24 |
                        (uint64_t)b[2] << 16 | (uint64_t)b[3] << 8 |
                        (shift > 0 ? b[4] : 0);
        found = address_map_find_v4(g->map, (uint32_t)(five >> (8 - shift)));
    }
    return places_at(g->places, found);
}

void geo_expect(const struct geo *g, const struct address *a)
{
    address_map_expect(g->map, a);
}

const struct geo_info *geo_info(const struct geo *g)
{
    return &g->info;
}
