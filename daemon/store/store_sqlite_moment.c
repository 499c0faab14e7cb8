/* Many sites read as of one moment: at start, a thousand of them before the first answer.
 *
 * Outside a transaction each question takes SQLite's locks and looks at the file: some 10
 * us, twenty-five times a site. And most of what a site could have, imports, adjustments,
 * seeds, other runs, it has not. So a moment is one transaction that only reads, and at its
 * beginning, and of each site once, it asks what there is at all; what there is not is not
 * asked for. Nothing can come to be while the moment lasts. */
#include <string.h>

#include "base/error.h"
#include "store/store_sqlite.h"

static int read_others(struct sqlite_store *s, bool *ret_others)
{
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_MOMENT_RUNS, 0);
    int rv = sqlite_run(s, false);

    sqlite3_bind_int64(st, 4, s->run);
    if (rv == 0)
        rv = sqlite_one(s, st);
    if (rv != 0)
        return rv;
    *ret_others = sqlite3_column_int(st, 0) != 0;
    sqlite3_reset(st);
    return 0;
}

/* Without it each question stands alone, as ever. */
void sqlite_moment(struct store *store, bool begins)
{
    struct sqlite_store *s = sqlite_store_of(store);
    bool others = true;
    int rv;

    if (begins == s->moment.lasts)
        return;
    sqlite_patience(s, (struct deadline){0});
    if (!begins) {
        s->moment.lasts = false;
        (void)sqlite_do(s, sqlite_take(s, STATEMENT_ROLLBACK, 0));
        return;
    }
    rv = sqlite_do(s, sqlite_take(s, STATEMENT_MOMENT_BEGIN, 0));
    if (rv == 0 && (rv = read_others(s, &others)) != 0)
        (void)sqlite_do(s, sqlite_take(s, STATEMENT_ROLLBACK, 0));
    if (rv == 0)
        s->moment = (struct sqlite_moment){.lasts = true, .others = others};
}

static int look_at(struct sqlite_store *s, struct slice key, struct sqlite_moment *m)
{
    sqlite3_stmt *st = sqlite_take(s, STATEMENT_MOMENT_SITE, 0);
    int rv;

    sqlite_bind_slice(st, 1, key);
    rv = sqlite_one(s, st);
    m->site = 0;
    m->parts = 0;
    m->seeded = m->pages = false;
    if (rv == 0) {
        m->site = sqlite3_column_int64(st, 0);
        m->parts = HISTORY_LIVE_OWN | (m->others ? HISTORY_LIVE_OTHER : 0u) |
                   (sqlite3_column_int(st, 1) != 0 ? HISTORY_IMPORTED : 0u) |
                   (sqlite3_column_int(st, 2) != 0 ? HISTORY_ADJUSTED : 0u);
        m->seeded = sqlite3_column_int(st, 3) != 0;
        m->pages = m->others || sqlite3_column_int(st, 4) != 0;
        sqlite3_reset(st);
    }
    if (rv != 0 && rv != ERR_NOT_FOUND)
        return rv;
    memcpy(m->key, key.at, key.length);
    m->key_length = key.length;
    return 0;
}

int sqlite_moment_site(struct sqlite_store *s, struct slice key,
                       const struct sqlite_moment **ret_moment)
{
    struct sqlite_moment *m = &s->moment;
    int rv = 0;

    *ret_moment = NULL;
    if (!m->lasts)
        return 0;
    if (key.length == 0 ||
        key.length > sizeof m->key) { /* no site's: looked up plainly */
        m->key_length = 0;
        m->parts = HISTORY_ALL;
        m->seeded = m->pages = true;
        return 0;
    }
    if (!slice_equal((struct slice){m->key, m->key_length}, key)) {
        m->key_length = 0;
        rv = look_at(s, key, m);
    }
    if (rv == 0)
        *ret_moment = m;
    return rv;
}

unsigned sqlite_moment_parts(const struct sqlite_store *s, unsigned parts)
{
    const struct sqlite_moment *m = &s->moment;

    return m->lasts ? parts & m->parts : parts;
}
