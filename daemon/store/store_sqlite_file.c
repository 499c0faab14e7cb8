/* What is at a database's path, and making it what it should be.
 *
 *   nothing, or an empty file    made as PATH.new, whole, then renamed: a kill leaves
 *                                none or a whole one
 *   not ours                     left alone: ERR_FOREIGN
 *   ours, of a newer luotd       left alone: ERR_VERSION
 *   ours, damaged                PATH, -wal and -shm are renamed, a new one is made
 *   ours                         opened
 *
 * Ours is what has our application_id or our first table, so that one damaged byte of
 * the header does not make it foreign. Damaged is what SQLite says is damaged, and
 * what does not have exactly the tables that we make. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "store/store_sqlite.h"

enum {
    PATH_LIMIT = 1024,
    HEAD_BYTES = 64 << 10,        /* where our first table is looked for     */
    CHECK_MS = 3000,              /* a check that takes longer is left there */
    WAIT_MS = 5000,               /* for whoever holds the database          */
    CHECK_WHOLE_BYTES = 256 << 20 /* larger ones are checked by luotctl only */
};

/* WAL and FULL: after a commit a power cut loses nothing. */
static const char settings[] =
    "PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY;"
    "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0;"
    "PRAGMA journal_size_limit = 4194304;";

struct place {
    const char *path;
    char *sentence; /* 512 */
};

static int say(const struct place *p, int code, const char *what, const char *next)
{
    snprintf(p->sentence, 512, "%.200s: %.120s; %.160s", p->path, what, next);
    return code;
}

static int say_code(const struct place *p, int code, const char *what)
{
    const char *next = code == ERR_DENIED ? "give luotd's user the right to write there"
                       : code == ERR_NOSPACE ? "free some space on its disk"
                       : code == ERR_TIMEOUT
                           ? "end the program that holds it"
                           : "look at its disk, or choose another store";

    return say(p, code, what, next);
}

/* --- The file --- */

/* Makes the names in a file's directory outlive a power cut. Not all file systems can. */
static void sync_directory(const char *path)
{
    char dir[PATH_LIMIT];
    char *slash;
    int fd;

    snprintf(dir, sizeof dir, "%s", path);
    slash = strrchr(dir, '/');
    if (slash == NULL)
        strcpy(dir, ".");
    else
        slash[slash == dir] = '\0';
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* The name of the directory itself, which luotd may have made a moment ago: without it a
 * power cut takes all that is in it. */
static void sync_parent(const char *path)
{
    char dir[PATH_LIMIT];
    char *slash;

    snprintf(dir, sizeof dir, "%s", path);
    slash = strrchr(dir, '/');
    if (slash == NULL || slash == dir)
        return;
    *slash = '\0';
    sync_directory(dir);
}

static int make_directory(const char *path)
{
    char dir[PATH_LIMIT];
    int n = snprintf(dir, sizeof dir, "%s", path);

    if (n < 0 || (size_t)n >= sizeof dir)
        return ERR_TOO_LONG;
    for (char *slash = strchr(dir + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(dir, 0750) == 0)
            sync_directory(dir);
        else if (errno != EEXIST)
            return error_from_errno(errno);
        *slash = '/';
    }
    return 0;
}

enum finding { NOTHING, OURS, FOREIGN };

/* Through SQLite's own file: to close one of ours would let go of the locks of every
 * connection that this process has to the database, and the next `sqlite3 FILE` would take
 * its log away under us. */
static int read_head(const char *path, char *head, size_t *ret_length)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
    const char *name = sqlite3_create_filename(path, "", "", 0, NULL);
    sqlite3_file *file = vfs == NULL ? NULL : calloc(1, (size_t)vfs->szOsFile);
    sqlite3_int64 size = 0;
    int rv = file == NULL || name == NULL
                 ? SQLITE_NOMEM
                 : vfs->xOpen(vfs, name, file, SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB,
                              NULL);

    if (rv == SQLITE_OK)
        rv = file->pMethods->xFileSize(file, &size);
    if (size > HEAD_BYTES)
        size = HEAD_BYTES;
    if (rv == SQLITE_OK && size > 0)
        rv = file->pMethods->xRead(file, head, (int)size, 0);
    if (file != NULL && file->pMethods != NULL)
        file->pMethods->xClose(file);
    free(file);
    sqlite3_free_filename(name);
    if (rv != SQLITE_OK)
        return sqlite_error(NULL, rv);
    *ret_length = (size_t)size;
    return 0;
}

static int look(const char *path, enum finding *ret_finding)
{
    static const unsigned char mark[4] = {'l', 'u', 'o', 't'};
    struct stat st;
    char *head;
    size_t n = 0;
    int rv;

    *ret_finding = NOTHING;
    if (stat(path, &st) != 0)
        return errno == ENOENT ? 0 : error_from_errno(errno);
    if (!S_ISREG(st.st_mode)) { /* nobody may ever write to a fifo */
        *ret_finding = FOREIGN;
        return 0;
    }
    if (access(path, R_OK) != 0)
        return error_from_errno(errno);
    head = malloc(HEAD_BYTES);
    rv = head == NULL ? ERR_NOMEM : read_head(path, head, &n);
    if (rv == 0 && n > 0)
        *ret_finding = (n >= 72 && memcmp(head + 68, mark, sizeof mark) == 0) ||
                               sqlite_tables_are_in(head, n)
                           ? OURS
                           : FOREIGN;
    free(head);
    return rv;
}

/* --- A new one --- */

static int fill_new(const char *path)
{
    sqlite3 *db = NULL;
    int rv = sqlite_error(
        NULL,
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));

    if (rv == 0)
        rv = sqlite_tables_make(db);
    if (sqlite3_close(db) != SQLITE_OK && rv == 0)
        rv = ERR_IO;
    return rv;
}

static int make_new(const struct place *p)
{
    char name[PATH_LIMIT + 16], journal[PATH_LIMIT + 32];
    int fd, rv;

    snprintf(name, sizeof name, "%s.new", p->path);
    snprintf(journal, sizeof journal, "%s-journal", name);
    unlink(name); /* of a luotd that was killed here */
    unlink(journal);
    fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0)
        return say_code(p, error_from_errno(errno), strerror(errno));
    (void)fchmod(fd, 0640);
    close(fd);
    rv = fill_new(name);
    if (rv == 0 && rename(name, p->path) != 0)
        rv = error_from_errno(errno);
    if (rv != 0) {
        unlink(name);
        unlink(journal);
        return say_code(p, rv, error_text(rv));
    }
    sync_directory(p->path);
    sync_parent(p->path);
    return 0;
}

/* --- Checking --- */

struct watch { /* ends a check that takes too long */
    int64_t until_ms;
    bool ended;
};

static int on_watch(void *context)
{
    struct watch *w = context;

    w->ended = w->ended || sqlite_now_ms() > w->until_ms;
    return w->ended;
}

static int64_t read_number(sqlite3 *db, const char *sql, int *rv)
{
    sqlite3_stmt *st = NULL;
    int64_t number = 0;
    int result = *rv != 0 ? SQLITE_OK : sqlite3_prepare_v2(db, sql, -1, &st, NULL);

    if (*rv == 0 && result == SQLITE_OK)
        result = sqlite3_step(st);
    if (*rv == 0 && result == SQLITE_ROW)
        number = sqlite3_column_int64(st, 0);
    else if (*rv == 0)
        *rv = result == SQLITE_DONE || (result & 0xff) == SQLITE_ERROR ||
                      result == SQLITE_IOERR_SHORT_READ
                  ? ERR_CORRUPT
                  : sqlite_error(db, result);
    sqlite3_finalize(st);
    return number;
}

static int check_pages(sqlite3 *db, const struct place *p)
{
    struct watch watch = {.until_ms = sqlite_now_ms() + CHECK_MS};
    struct stat st;
    sqlite3_stmt *check = NULL;
    int result, rv = 0;

    if (stat(p->path, &st) != 0 || st.st_size > CHECK_WHOLE_BYTES)
        return 0;
    sqlite3_progress_handler(db, 1000, on_watch, &watch);
    result = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &check, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_step(check);
    if (result == SQLITE_ROW) {
        const char *said = (const char *)sqlite3_column_text(check, 0);
        if (said == NULL || strcmp(said, "ok") != 0)
            rv = say(p, ERR_CORRUPT, said == NULL ? "damaged" : said, "");
    } else if (!watch.ended) {
        rv = sqlite_error(db, result);
    }
    sqlite3_finalize(check);
    sqlite3_progress_handler(db, 0, NULL, NULL);
    return rv;
}

static int check(sqlite3 *db, const struct place *p)
{
    int rv = 0;
    int64_t application = read_number(db, "PRAGMA application_id", &rv);
    int64_t version = read_number(db, "PRAGMA user_version", &rv);
    int64_t tables = read_number(db, "SELECT version FROM luot", &rv);

    if (rv == 0 && version > STORE_VERSION && tables > STORE_VERSION)
        return say(p, ERR_VERSION, "a newer luotd made this database",
                   "start that version, or move the database away");
    if (rv == 0 && sqlite3_db_readonly(db, "main") != 0)
        rv = access(p->path, W_OK) == 0 ? ERR_CORRUPT : ERR_DENIED;
    if (rv == 0)
        rv = sqlite_tables_check(db);
    if (rv == 0)
        rv = check_pages(db, p);
    if (rv == 0)
        rv = sqlite_tables_mend(db, application, version, tables);
    return rv;
}

static int use_wal(sqlite3 *db)
{
    sqlite3_stmt *st = NULL;
    int result = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &st, NULL);
    const char *mode = NULL;
    int rv;

    if (result == SQLITE_OK && (result = sqlite3_step(st)) == SQLITE_ROW)
        mode = (const char *)sqlite3_column_text(st, 0);
    rv = sqlite_error(db, result);
    if (rv == 0 && (mode == NULL || strcmp(mode, "wal") != 0))
        rv = ERR_IO; /* no shared memory on this file system */
    sqlite3_finalize(st);
    return rv;
}

/* A connection, open or not: *ret_db is to be closed. */
static int connect(sqlite3 **ret_db, const char *path)
{
    int result =
        sqlite3_open_v2(path, ret_db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (result == SQLITE_OK) {
        sqlite3_extended_result_codes(*ret_db, 1);
        sqlite3_busy_timeout(*ret_db, WAIT_MS);
        sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    }
    return sqlite_error(*ret_db, result);
}

static int open_checked(sqlite3 **ret_db, const struct place *p)
{
    sqlite3 *db = NULL;
    int rv = connect(&db, p->path);

    if (rv == 0) {
        /* Until we know that it is whole, its log stays beside it for who looks later. */
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        rv = sqlite_run_sql(db, settings);
        if (rv != 0 && (sqlite3_errcode(db) & 0xff) == SQLITE_ERROR)
            rv = ERR_CORRUPT; /* "unsupported file format" */
    }
    if (rv == 0)
        rv = check(db, p);
    if (rv == 0)
        rv = use_wal(db);
    if (rv == 0)
        rv = sqlite_tables_add(db);
    if (rv == 0)
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    if (rv != 0) {
        if (p->sentence[0] == '\0')
            say_code(p, rv, db == NULL ? error_text(rv) : sqlite3_errmsg(db));
        sqlite3_close(db);
        return rv;
    }
    *ret_db = db;
    return 0;
}

/* --- Aside --- */

static int move_aside(const struct place *p, char ret_to[PATH_LIMIT + 32])
{
    static const char *const ends[] = {"-wal", "-shm", "-journal", ""};
    char from[PATH_LIMIT + 16], to[PATH_LIMIT + 48];
    int64_t when = (int64_t)time(NULL);

    do
        snprintf(ret_to, PATH_LIMIT + 32, "%s.bad-%lld", p->path, (long long)when++);
    while (access(ret_to, F_OK) == 0);
    /* The database last: killed in between, it is found damaged again. */
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(from, sizeof from, "%s%s", p->path, ends[i]);
        snprintf(to, sizeof to, "%s%s", ret_to, ends[i]);
        if (rename(from, to) != 0 && (errno != ENOENT || ends[i][0] == '\0'))
            return error_from_errno(errno);
    }
    sync_directory(p->path);
    return 0;
}

static int replace_damaged(sqlite3 **ret_db, const struct place *p)
{
    char aside[PATH_LIMIT + 32], again[512] = "";
    const struct place fresh = {p->path, again};
    int rv = move_aside(p, aside);

    if (rv != 0)
        return say_code(p, rv, "damaged, and it could not be moved away");
    rv = make_new(&fresh);
    if (rv == 0)
        rv = open_checked(ret_db, &fresh);
    if (rv != 0) {
        snprintf(p->sentence, 512, "%s", again);
        return rv;
    }
    snprintf(
        p->sentence, 512,
        "%.150s was damaged and is now %.180s; counting goes on in a new one; put a "
        "copy from before in its place while luotd is stopped to have the old numbers",
        p->path, aside);
    return 0;
}

/* Once: the log begins anew, or what is behind its end would be found again. */
static void say_log(sqlite3 *db, const struct place *p, unsigned lost)
{
    (void)sqlite_run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    snprintf(p->sentence, 512,
             "%.200s-wal was damaged, so at least the last %u saves are gone from the "
             "database; counting goes on, and what the arena still has of them is saved "
             "again; look at that disk",
             p->path, lost);
}

int sqlite_file_open(sqlite3 **ret_db, const char *path, char ret_sentence[512])
{
    const struct place p = {path, ret_sentence};
    char log[PATH_LIMIT + 16];
    enum finding finding;
    unsigned lost;
    int rv = make_directory(path);

    ret_sentence[0] = '\0';
    if (rv != 0)
        return say_code(&p, rv, "its directory cannot be made");
    rv = look(path, &finding);
    if (rv != 0)
        return say_code(&p, rv, error_text(rv));
    if (finding == FOREIGN)
        return say(&p, ERR_FOREIGN, "not a database of luotd, so it was left as it is",
                   "choose another path for the store, or move it away");
    if (finding == NOTHING && (rv = make_new(&p)) != 0)
        return rv;
    snprintf(log, sizeof log, "%s-wal", path);
    lost = sqlite_log_lost(log);
    rv = open_checked(ret_db, &p);
    if (rv == 0 && lost > 0)
        say_log(*ret_db, &p, lost);
    return rv == ERR_CORRUPT ? replace_damaged(ret_db, &p) : rv;
}

int sqlite_file_again(sqlite3 **ret_db, sqlite3 *first, char ret_sentence[512])
{
    const struct place p = {sqlite3_db_filename(first, "main"), ret_sentence};
    sqlite3 *db = NULL;
    int rv = connect(&db, p.path);

    if (rv == 0)
        rv = sqlite_run_sql(db, settings);
    if (rv == 0) {
        *ret_db = db;
        return 0;
    }
    say_code(&p, rv, db == NULL ? error_text(rv) : sqlite3_errmsg(db));
    sqlite3_close(db);
    return rv;
}
