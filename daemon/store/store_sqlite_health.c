/* How the database is: its size, how it grows, the room on its disk, and whether its pages
 * are whole. */
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <stdio.h>

#include "base/error.h"
#include "store/store_sqlite.h"

enum { CHECK_MS = 8000 }; /* a longer look is an operator's, with luotd stopped */

static uint64_t file_bytes(const char *path, const char *end)
{
    char name[1100];
    struct stat st;

    snprintf(name, sizeof name, "%s%s", path, end);
    return stat(name, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int read_growth(struct sqlite_store *s, struct store_health *h)
{
    static const char sql[] =
        "SELECT a.day, a.bytes, b.day, b.bytes FROM growth AS a, growth AS b WHERE "
        "a.day = (SELECT min(day) FROM growth) AND b.day = (SELECT max(day) FROM growth)";
    sqlite3_stmt *st = NULL;
    int64_t days, bytes;
    int rv = sqlite_error(s->db, sqlite3_prepare_v2(s->db, sql, -1, &st, NULL));

    if (rv == 0)
        rv = sqlite_one(s, st);
    if (rv == 0) {
        days = sqlite3_column_int64(st, 2) - sqlite3_column_int64(st, 0);
        bytes = sqlite3_column_int64(st, 3) - sqlite3_column_int64(st, 1);
        h->growth_known = days > 0;
        if (days > 0 && bytes > 0)
            h->bytes_a_day = (uint64_t)(bytes / days);
    }
    sqlite3_finalize(st);
    return rv == ERR_NOT_FOUND ? 0 : rv;
}

static int check_pages(struct sqlite_store *s, struct store_health *h)
{
    sqlite3_stmt *st = NULL;
    int rv;

    sqlite_patience(s, deadline_in(CHECK_MS));
    rv = sqlite_error(s->db,
                      sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &st, NULL));
    if (rv == 0)
        rv = sqlite_one(s, st);
    if (rv == 0) {
        const char *said = (const char *)sqlite3_column_text(st, 0);
        h->looked_at = true;
        h->whole = said != NULL && strcmp(said, "ok") == 0;
        if (!h->whole)
            snprintf(h->trouble, sizeof h->trouble, "%s",
                     said == NULL ? "damaged" : said);
    } else if (rv == ERR_TIMEOUT) {
        rv = 0;
    }
    sqlite3_finalize(st);
    return rv;
}

int sqlite_health(struct store *store, struct store_health *ret_health)
{
    struct sqlite_store *s = sqlite_store_of(store);
    const char *path = sqlite3_db_filename(s->db, "main");
    struct store_health h = {.bytes = 0};
    struct statvfs disk;
    int rv;

    sqlite_patience(s, (struct deadline){0});
    snprintf(h.place, sizeof h.place, "%s", path);
    h.bytes = file_bytes(path, "") + file_bytes(path, "-wal");
    if (statvfs(path, &disk) == 0)
        h.free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    rv = read_growth(s, &h);
    if (rv == 0)
        rv = check_pages(s, &h);
    if (rv == ERR_CORRUPT || rv == ERR_IO) {
        h.looked_at = true;
        snprintf(h.trouble, sizeof h.trouble, "%s", error_text(rv));
        rv = 0;
    }
    if (rv == 0)
        *ret_health = h;
    return rv;
}
