/* What is at a database's path, and making it what it should be.
 *
 *   nothing, or an empty file    made as PATH.new, whole, then renamed: a kill leaves
 * none or a whole one not ours                     left alone: ERR_FOREIGN ours, of a
 * newer luotd       left alone: ERR_VERSION ours, damaged                PATH, -wal and
 * -shm are renamed, a new one is made ours                         opened
 *
 * Ours is what has our application_id or our first table, so that one damaged byte of the
 * header does not make it foreign. Damaged is what SQLite says is damaged, and what does
 * not have exactly the tables that we make. */
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

/* Numbers of days, quarters (900 s), weeks and months count from 1970; days, weeks and
 * months in the site's zone. A run is one life of the counters on one node. */
static const char schema[] =
    "CREATE TABLE luot(version INTEGER NOT NULL) STRICT;"
    "CREATE TABLE site(id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,"
    " host TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL DEFAULT 0,"
    " first_live INTEGER NOT NULL DEFAULT 0, last_view INTEGER NOT NULL DEFAULT 0) "
    "STRICT;"
    "CREATE TABLE run(id INTEGER PRIMARY KEY, node TEXT NOT NULL, incarnation TEXT NOT "
    "NULL, UNIQUE(node, incarnation)) STRICT;"
    "CREATE TABLE total(site INTEGER NOT NULL, run INTEGER NOT NULL,"
    " views INTEGER NOT NULL, visits INTEGER NOT NULL,"
    " PRIMARY KEY(site, run)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE day(site INTEGER NOT NULL, day INTEGER NOT NULL, run INTEGER NOT NULL,"
    " views INTEGER NOT NULL, visits INTEGER NOT NULL, visitors INTEGER NOT NULL,"
    " exact INTEGER NOT NULL, PRIMARY KEY(site, day, run)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE quarter(site INTEGER NOT NULL, quarter INTEGER NOT NULL,"
    " run INTEGER NOT NULL, views INTEGER NOT NULL, visits INTEGER NOT NULL,"
    " PRIMARY KEY(site, quarter, run)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE week(site INTEGER NOT NULL, week INTEGER NOT NULL, run INTEGER NOT "
    "NULL,"
    " visitors INTEGER NOT NULL, exact INTEGER NOT NULL,"
    " PRIMARY KEY(site, week, run)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE month(site INTEGER NOT NULL, month INTEGER NOT NULL,"
    " run INTEGER NOT NULL, visitors INTEGER NOT NULL, exact INTEGER NOT NULL,"
    " PRIMARY KEY(site, month, run)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE sketch(site INTEGER NOT NULL, day INTEGER NOT NULL, run INTEGER NOT "
    "NULL,"
    " visitors BLOB NOT NULL, PRIMARY KEY(site, day, run)) STRICT;"
    "CREATE TABLE alive(run INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;"
    "CREATE TABLE gap(node TEXT NOT NULL, begins INTEGER NOT NULL, ends INTEGER NOT NULL,"
    " PRIMARY KEY(begins, node)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE seed(id INTEGER PRIMARY KEY, site INTEGER NOT NULL,"
    " metric INTEGER NOT NULL, at INTEGER NOT NULL, uid INTEGER NOT NULL,"
    " as_of INTEGER NOT NULL, total INTEGER NOT NULL, today INTEGER, week INTEGER,"
    " month INTEGER, offset_total INTEGER NOT NULL, offset_today INTEGER NOT NULL,"
    " offset_week INTEGER NOT NULL, offset_month INTEGER NOT NULL, note TEXT NOT NULL,"
    " adjusted INTEGER NOT NULL) STRICT;"
    "CREATE INDEX seed_of_site ON seed(site, metric);"
    "CREATE TABLE adjust(id INTEGER PRIMARY KEY AUTOINCREMENT, site INTEGER NOT NULL,"
    " metric INTEGER NOT NULL, day INTEGER NOT NULL, change INTEGER NOT NULL,"
    " at INTEGER NOT NULL, uid INTEGER NOT NULL, note TEXT NOT NULL) STRICT;"
    "CREATE INDEX adjust_of_day ON adjust(site, day);"
    "CREATE TABLE audit(id INTEGER PRIMARY KEY, site INTEGER NOT NULL,"
    " at INTEGER NOT NULL, uid INTEGER NOT NULL, what TEXT NOT NULL) STRICT;"
    "CREATE INDEX audit_of_site ON audit(site);"
    "CREATE TABLE source(id INTEGER PRIMARY KEY, site INTEGER NOT NULL,"
    " first_line TEXT NOT NULL, bytes INTEGER NOT NULL, lines INTEGER NOT NULL,"
    " parsed INTEGER NOT NULL, malformed INTEGER NOT NULL, views INTEGER NOT NULL,"
    " skipped INTEGER NOT NULL, begins INTEGER NOT NULL, ends INTEGER NOT NULL,"
    " name TEXT NOT NULL, UNIQUE(site, first_line)) STRICT;"
    "CREATE TABLE imported_day(site INTEGER NOT NULL, day INTEGER NOT NULL,"
    " source INTEGER NOT NULL, views INTEGER NOT NULL, visits INTEGER NOT NULL,"
    " visitors INTEGER NOT NULL, PRIMARY KEY(site, day, source)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE imported_hour(site INTEGER NOT NULL, hour INTEGER NOT NULL,"
    " source INTEGER NOT NULL, views INTEGER NOT NULL, visits INTEGER NOT NULL,"
    " visitors INTEGER NOT NULL, PRIMARY KEY(site, hour, source)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE imported_week(site INTEGER NOT NULL, week INTEGER NOT NULL,"
    " source INTEGER NOT NULL, visits INTEGER NOT NULL, visitors INTEGER NOT NULL,"
    " PRIMARY KEY(site, week, source)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE imported_month(site INTEGER NOT NULL, month INTEGER NOT NULL,"
    " source INTEGER NOT NULL, visits INTEGER NOT NULL, visitors INTEGER NOT NULL,"
    " PRIMARY KEY(site, month, source)) STRICT, WITHOUT ROWID;"
    "CREATE VIEW days(site, day, views, visits, visitors) AS"
    " SELECT site.key, date(kept.day * 86400, 'unixepoch'), sum(kept.views),"
    " sum(kept.visits), sum(kept.visitors) FROM"
    " (SELECT site, day, views, visits, visitors FROM day"
    " UNION ALL SELECT site, day, views, visits, visitors FROM imported_day"
    " UNION ALL SELECT site, day, iif(metric = 0, change, 0), iif(metric = 1, change, 0),"
    " iif(metric = 2, change, 0) FROM adjust) AS kept JOIN site ON site.id = kept.site"
    " GROUP BY kept.site, kept.day ORDER BY site.key, kept.day;";

static const char first_table[] = "CREATE TABLE luot(version";

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

int sqlite_run_sql(sqlite3 *db, const char *sql)
{
    return sqlite_error(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

/* --- The file --- */

static int make_directory(const char *path)
{
    char dir[PATH_LIMIT];
    int n = snprintf(dir, sizeof dir, "%s", path);

    if (n < 0 || (size_t)n >= sizeof dir)
        return ERR_TOO_LONG;
    for (char *slash = strchr(dir + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(dir, 0750) != 0 && errno != EEXIST)
            return error_from_errno(errno);
        *slash = '/';
    }
    return 0;
}

enum finding { NOTHING, OURS, FOREIGN };

static int look(const char *path, enum finding *ret_finding)
{
    static const unsigned char mark[4] = {'l', 'u', 'o', 't'};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char *head = malloc(HEAD_BYTES);
    ssize_t n = -1;
    int rv = 0;

    *ret_finding = NOTHING;
    if (fd < 0)
        rv = errno == ENOENT ? 0 : error_from_errno(errno);
    else if (head == NULL)
        rv = ERR_NOMEM;
    else if ((n = read(fd, head, HEAD_BYTES)) < 0)
        rv = error_from_errno(errno);
    if (n > 0)
        *ret_finding =
            (n >= 72 && memcmp(head + 68, mark, sizeof mark) == 0) ||
                    memmem(head, (size_t)n, first_table, sizeof first_table - 1) != NULL
                ? OURS
                : FOREIGN;
    if (fd >= 0)
        close(fd);
    free(head);
    return rv;
}

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

/* --- A new one --- */

static int fill_new(const char *path)
{
    char finish[128];
    sqlite3 *db = NULL;
    int rv = sqlite_error(
        NULL,
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));

    snprintf(
        finish, sizeof finish,
        "INSERT INTO luot VALUES(%d); PRAGMA application_id = %d; PRAGMA user_version "
        "= %d; COMMIT;",
        STORE_VERSION, STORE_APPLICATION_ID, STORE_VERSION);
    if (rv == 0)
        rv = sqlite_run_sql(db, "PRAGMA synchronous = FULL; BEGIN IMMEDIATE;");
    if (rv == 0)
        rv = sqlite_run_sql(db, schema);
    if (rv == 0)
        rv = sqlite_run_sql(db, finish);
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

/* Is everything that we make there, to the letter? */
static int check_schema(sqlite3 *db)
{
    static const char ask[] = "SELECT type, name, ifnull(sql, '') FROM sqlite_schema";
    static const char same[] = "SELECT count(*) FROM sqlite_schema WHERE type = ?1 AND "
                               "name = ?2 AND ifnull(sql, '') = ?3";
    sqlite3 *right = NULL;
    sqlite3_stmt *want = NULL, *have = NULL;
    int rv = sqlite_error(NULL, sqlite3_open(":memory:", &right)), result;

    if (rv == 0)
        rv = sqlite_run_sql(right, schema);
    if (rv == 0)
        rv = sqlite_error(right, sqlite3_prepare_v2(right, ask, -1, &want, NULL));
    if (rv == 0) {
        result = sqlite3_prepare_v2(db, same, -1, &have, NULL);
        rv = (result & 0xff) == SQLITE_ERROR ? ERR_CORRUPT : sqlite_error(db, result);
    }
    while (rv == 0 && sqlite3_step(want) == SQLITE_ROW) {
        for (int i = 0; i < 3; i++)
            sqlite3_bind_value(have, i + 1, sqlite3_column_value(want, i));
        result = sqlite3_step(have);
        if (result != SQLITE_ROW)
            rv = sqlite_error(db, result);
        else if (sqlite3_column_int(have, 0) != 1)
            rv = ERR_CORRUPT;
        sqlite3_reset(have);
    }
    sqlite3_finalize(want);
    sqlite3_finalize(have);
    sqlite3_close(right);
    return rv;
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

/* A damaged header that its tables set right again. */
static int mend_header(sqlite3 *db, int64_t application, int64_t version)
{
    char sql[128];

    if (application == STORE_APPLICATION_ID && version == STORE_VERSION)
        return 0;
    snprintf(sql, sizeof sql,
             "PRAGMA application_id = %d; PRAGMA user_version = %d; UPDATE luot SET "
             "version = %d;",
             STORE_APPLICATION_ID, STORE_VERSION, STORE_VERSION);
    return sqlite_run_sql(db, sql);
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
        rv = check_schema(db);
    if (rv == 0)
        rv = check_pages(db, p);
    if (rv == 0)
        rv = mend_header(db, application, version < tables ? version : tables);
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

static int open_checked(sqlite3 **ret_db, const struct place *p)
{
    sqlite3 *db = NULL;
    int result =
        sqlite3_open_v2(p->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    int rv = sqlite_error(db, result);

    if (rv == 0) {
        sqlite3_extended_result_codes(db, 1);
        sqlite3_busy_timeout(db, WAIT_MS);
        sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
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

int sqlite_file_open(sqlite3 **ret_db, const char *path, char ret_sentence[512])
{
    const struct place p = {path, ret_sentence};
    enum finding finding;
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
    rv = open_checked(ret_db, &p);
    return rv == ERR_CORRUPT ? replace_damaged(ret_db, &p) : rv;
}
