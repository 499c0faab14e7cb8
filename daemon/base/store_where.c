#include "base/store_where.h"

#include "base/error.h"

#define REDIS_TCP      SLICE("redis://")
#define REDIS_UNIX     SLICE("redis+unix://")
#define REDIS_SENTINEL SLICE("redis+sentinel://")
#define OF_SENTINELS   SLICE("sentinel=")

/* --- A list --- */

static bool begins_a_store(struct slice text)
{
    static const char *const begins[] = {"sqlite", "redis", "none"};

    text = slice_trim(text);
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
        if (slice_starts(text, slice_of(begins[i])))
            return true;
    return false;
}

/* Where a comma may end what begins here: the hosts of sentinels may be called anything. */
static size_t whole_of(struct slice all)
{
    struct slice one = slice_trim(all);
    size_t skip;

    if (!slice_starts(one, REDIS_SENTINEL))
        return 0;
    skip = (size_t)(one.at - all.at) + REDIS_SENTINEL.length;
    return skip + slice_find((struct slice){all.at + skip, all.length - skip}, '/');
}

struct slice store_where_next(struct slice *rest)
{
    struct slice all = *rest;

    for (size_t i = whole_of(all); i < all.length; i++) {
        struct slice behind = {all.at + i + 1, all.length - i - 1};
        if (all.at[i] != ',' || !begins_a_store(behind))
            continue;
        *rest = behind;
        return slice_trim((struct slice){all.at, i});
    }
    *rest = (struct slice){NULL, 0};
    return slice_trim(all);
}

static bool is_one(struct slice one)
{
    struct redis_where where;

    if (redis_where_is(one))
        return redis_where_parse(&where, one) == 0;
    return slice_equal(one, SLICE("sqlite")) ||
           (slice_starts(one, SLICE("sqlite:")) && one.length > 7);
}

bool store_where_is_valid(struct slice list)
{
    struct slice seen[STORES_MAX];
    size_t n = 0;

    if (slice_equal(list, SLICE("none")))
        return true;
    while (list.at != NULL) {
        struct slice one = store_where_next(&list);
        if (n == STORES_MAX || !is_one(one))
            return false;
        for (size_t i = 0; i < n; i++)
            if (slice_equal(seen[i], one))
                return false;
        seen[n++] = one;
    }
    return true;
}

/* --- Redis --- */

bool redis_where_is(struct slice one)
{
    return slice_starts(one, REDIS_TCP) || slice_starts(one, REDIS_UNIX) ||
           slice_starts(one, REDIS_SENTINEL);
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int decode(char *text, size_t size, struct slice from)
{
    size_t n = 0;

    for (size_t i = 0; i < from.length; i++) {
        int c = (unsigned char)from.at[i];
        if (c == '%') {
            int high = i + 2 < from.length ? hex_of(from.at[i + 1]) : -1;
            int low = i + 2 < from.length ? hex_of(from.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return ERR_MALFORMED;
            c = high * 16 + low;
            i += 2;
        }
        if (c == 0)
            return ERR_MALFORMED;
        if (n + 1 == size)
            return ERR_RANGE;
        text[n++] = (char)c;
    }
    text[n] = '\0';
    return 0;
}

static int copy(char *text, size_t size, struct slice from)
{
    if (from.length == 0)
        return ERR_MALFORMED;
    if (from.length >= size)
        return ERR_RANGE;
    memcpy(text, from.at, from.length);
    text[from.length] = '\0';
    return 0;
}

/* What stands before the last @, if there is one; the rest stays in *at. */
static bool cut_login(struct slice *at, struct slice *ret_login)
{
    size_t i = at->length;

    while (i > 0 && at->at[i - 1] != '@')
        i--;
    if (i == 0)
        return false;
    *ret_login = (struct slice){at->at, i - 1};
    *at = (struct slice){at->at + i, at->length - i};
    return true;
}

/* user:pass, or :pass; a password alone is not taken for a name. */
static int parse_login(struct slice login, char ret_user[128], char ret_pass[256])
{
    struct slice user = slice_cut(&login, ':');
    int rv = decode(ret_user, 128, user);

    if (rv == 0 && login.length == 0)
        rv = ERR_MALFORMED;
    return rv != 0 ? rv : decode(ret_pass, 256, login);
}

static int parse_number(struct slice text, unsigned low, unsigned high, unsigned *ret)
{
    uint64_t number;
    int rv = slice_number(text, &number);

    if (rv == 0 && (number < low || number > high))
        rv = ERR_RANGE;
    if (rv == 0)
        *ret = (unsigned)number;
    return rv;
}

/* host, host:port or [address]:port; without one *ret_port stays as it is. */
static int parse_host(struct slice text, char ret_host[256], unsigned *ret_port)
{
    struct slice host = text, port = {NULL, 0};

    if (slice_starts(text, SLICE("["))) {
        size_t end = slice_find(text, ']');
        if (end == text.length)
            return ERR_MALFORMED;
        host = (struct slice){text.at + 1, end - 1};
        text = (struct slice){text.at + end + 1, text.length - end - 1};
        if (text.length > 0 && text.at[0] != ':')
            return ERR_MALFORMED;
        if (text.length > 0)
            port = (struct slice){text.at + 1, text.length - 1};
    } else {
        port = text;
        host = slice_cut(&port, ':');
    }
    for (size_t i = 0; i < host.length; i++)
        if (host.at[i] <= ' ' || host.at[i] == '/' || host.at[i] == '?')
            return ERR_MALFORMED;
    if (port.at != NULL && parse_number(port, 1, 65535, ret_port) != 0)
        return ERR_RANGE;
    return copy(ret_host, 256, host);
}

static int parse_tcp(struct redis_where *where, struct slice text)
{
    struct slice host = slice_cut(&text, '/');
    int rv;

    where->port = REDIS_PORT;
    rv = parse_host(host, where->host, &where->port);
    return rv != 0 || text.length == 0 ? rv
                                       : parse_number(text, 0, REDIS_DB_MAX, &where->db);
}

static int parse_unix(struct redis_where *where, struct slice text)
{
    struct slice path = slice_cut(&text, '?');
    int rv = slice_starts(path, SLICE("/")) ? copy(where->path, sizeof where->path, path)
                                            : ERR_MALFORMED;

    if (rv != 0 || text.at == NULL)
        return rv;
    if (!slice_starts(text, SLICE("db=")))
        return ERR_MALFORMED;
    text = (struct slice){text.at + 3, text.length - 3};
    return parse_number(text, 0, REDIS_DB_MAX, &where->db);
}

/* What Sentinel itself takes for a name. */
static bool is_master_name(struct slice name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!is_letter && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_')
            return false;
    }
    return name.length > 0;
}

/* HOST[:port],HOST.../NAME[/db] */
static int parse_sentinels(struct redis_where *where, struct slice text)
{
    struct slice hosts = slice_cut(&text, '/'), name = slice_cut(&text, '/');
    int rv = is_master_name(name) ? copy(where->master, sizeof where->master, name)
                                  : ERR_MALFORMED;

    if (rv == 0 && text.length > 0)
        rv = parse_number(text, 0, REDIS_DB_MAX, &where->db);
    while (rv == 0 && hosts.at != NULL) {
        struct redis_host *host = &where->sentinel[where->sentinels];
        if (where->sentinels++ == SENTINELS_MAX)
            return ERR_RANGE;
        host->port = SENTINEL_PORT;
        rv = parse_host(slice_cut(&hosts, ','), host->name, &host->port);
    }
    return rv;
}

/* What stands before the first ?; its login's special characters are %XX. */
static struct slice cut_query(struct slice *text)
{
    struct slice before = slice_cut(text, '?'), query = *text;

    *text = before;
    return query;
}

static int parse_sentinel_login(struct redis_where *where, struct slice query)
{
    const size_t skip = OF_SENTINELS.length;

    if (query.at == NULL)
        return 0;
    if (!slice_starts(query, OF_SENTINELS) || slice_find(query, '@') < query.length)
        return ERR_MALFORMED;
    return parse_login((struct slice){query.at + skip, query.length - skip},
                       where->sentinel_user, where->sentinel_pass);
}

static size_t scheme_length(struct slice one)
{
    return slice_starts(one, REDIS_UNIX)       ? REDIS_UNIX.length
           : slice_starts(one, REDIS_SENTINEL) ? REDIS_SENTINEL.length
                                               : REDIS_TCP.length;
}

int redis_where_parse(struct redis_where *ret_where, struct slice one)
{
    struct redis_where where = {.port = 0};
    size_t skip = scheme_length(one);
    struct slice text, login;
    int rv = 0;

    if (!redis_where_is(one))
        return ERR_MALFORMED;
    text = (struct slice){one.at + skip, one.length - skip};
    if (slice_starts(one, REDIS_SENTINEL))
        rv = parse_sentinel_login(&where, cut_query(&text));
    if (rv == 0 && cut_login(&text, &login))
        rv = parse_login(login, where.user, where.pass);
    if (rv == 0)
        rv = slice_starts(one, REDIS_UNIX)       ? parse_unix(&where, text)
             : slice_starts(one, REDIS_SENTINEL) ? parse_sentinels(&where, text)
                                                 : parse_tcp(&where, text);
    if (rv == 0)
        *ret_where = where;
    return rv;
}

/* --- Showing it --- */

static void write_login(struct buffer *b, struct slice login, const char *behind)
{
    buffer_slice(b, slice_cut(&login, ':'));
    buffer_text(b, ":***");
    buffer_text(b, behind);
}

static void write_one(struct buffer *b, struct slice one, bool has_login)
{
    struct redis_where where;
    size_t scheme = 0;
    struct slice text, login, query = {NULL, 0};

    while (scheme + 3 <= one.length && memcmp(one.at + scheme, "://", 3) != 0)
        scheme++;
    if (scheme + 3 > one.length || !has_login) {
        buffer_slice(b, one);
        return;
    }
    buffer_slice(b, (struct slice){one.at, scheme + 3});
    if (redis_where_parse(&where, one) != 0) {
        buffer_text(b, "***"); /* nobody knows where its password ends */
        return;
    }
    text = (struct slice){one.at + scheme + 3, one.length - scheme - 3};
    if (where.master[0] != '\0')
        query = cut_query(&text);
    if (cut_login(&text, &login))
        write_login(b, login, "@");
    buffer_slice(b, text);
    if (query.at != NULL) {
        buffer_text(b, "?sentinel=");
        write_login(b,
                    (struct slice){query.at + OF_SENTINELS.length,
                                   query.length - OF_SENTINELS.length},
                    "");
    }
}

void store_where_write(struct buffer *b, struct slice list)
{
    const struct slice mark = SLICE("?sentinel");
    bool has_login =
        slice_find(list, '@') < list.length ||
        (list.length > 0 && memmem(list.at, list.length, mark.at, mark.length) != NULL);
    bool first = true;

    while (list.at != NULL) {
        if (!first)
            buffer_text(b, ", ");
        first = false;
        write_one(b, store_where_next(&list), has_login);
    }
}
