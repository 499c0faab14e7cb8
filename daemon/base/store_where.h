/* Floor 0 (base). Where numbers are kept, as one writes it: `sqlite`, `sqlite:PATH`,
 * `none`, `redis://[user:pass@]host:port/db`, `redis+unix://[user:pass@]PATH[?db=N]`,
 * `redis+sentinel://[user:pass@]HOST[:port],HOST.../NAME[/db][?sentinel=user:pass]`, or a
 * comma list of them. In user and pass %XX stands for a byte, so that they may hold any.
 * Pure. */
#ifndef LUOT_BASE_STORE_WHERE_H
#define LUOT_BASE_STORE_WHERE_H

#include "base/buffer.h"

enum {
    STORES_MAX = 4,
    REDIS_PORT = 6379,
    REDIS_DB_MAX = 9999,
    SENTINEL_PORT = 26379,
    SENTINELS_MAX = 8
};

struct redis_host {
    char name[256]; /* or an address, without brackets */
    unsigned port;
};

struct redis_where {
    char user[128], pass[256]; /* "": none                           */
    char host[256];            /* a name or an address; "": see path, master */
    char path[108];            /* of a unix socket; "": see host     */
    unsigned port, db;
    /* Where `host` is not known but asked for; user, pass and db are the master's. */
    char master[64]; /* its name; "": no sentinels */
    struct redis_host sentinel[SENTINELS_MAX];
    size_t sentinels;
    char sentinel_user[128], sentinel_pass[256]; /* one login for all of them */
};

/* Cuts the next store off a comma list, as slice_cut does. A comma that no store follows
 * belongs to the path it stands in, and one before the first / of a sentinel URL to its
 * hosts. */
struct slice store_where_next(struct slice *rest);
/* A list of at most STORES_MAX different stores, or `none` alone? */
bool store_where_is_valid(struct slice list);
/* Does it begin like one? */
bool redis_where_is(struct slice one);
/* ERR_MALFORMED or ERR_RANGE (a port, a number, a length). */
int redis_where_parse(struct redis_where *ret_where, struct slice one);
/* The list as it stands, with *** for each password; where one may be in what cannot be
 * read, *** for all of it. */
void store_where_write(struct buffer *b, struct slice list);

#endif
