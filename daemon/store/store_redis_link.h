/* Floor 3 (store), private to store_redis*.c: one connection to one Redis server.
 *
 * It is ours from the socket up: non-blocking, poll, and one deadline for all that is
 * done in a call, so that a server which sends a byte a second is given up as one that
 * sends nothing. hiredis reads and writes the protocol. One pipeline is under way at a
 * time: what cannot be sent is not queued, because values are absolute and the next save
 * brings them again. A reply is at most REPLY_LIMIT bytes; a server that answers more than
 * it was asked, or anything that is no reply, is left at once.
 *
 * What fails is tried again after 1, 2, 4 ... 30 s, with jitter; until then every call
 * returns the same error at once. Where sentinels know the server, they are asked for each
 * connection: at once after the first failure, and every 2 s while they name one. One
 * thread. */
#ifndef LUOT_STORE_STORE_REDIS_LINK_H
#define LUOT_STORE_STORE_REDIS_LINK_H

#include <hiredis/hiredis.h>

#include "base/store_where.h"
#include "store/store.h"

enum {
    CONNECT_MS = 2000,         /* a name, a connection, a login: all of it together */
    REPLY_LIMIT = 64 * 1024,   /* bytes                                             */
    REPLY_ELEMENTS = 4 * 1024, /* of an array; each takes 70 bytes of a connection  */
    OUT_WINDOW = 64 * 1024,    /* bytes that wait to be sent: then nothing is added */
    SAY_MAX = 48 * 1024,       /* bytes of one command                              */
    SAY_AT_ONCE = 4,           /* commands that one `ask` may say                   */
    BACK_OFF_MS = 1000,
    BACK_OFF_MAX_MS = 30000,
    BACK_OFF_GUIDED_MS = 2000 /* at most, while sentinels name a master: a failover */
};

/* What a server or the way to it is like. */
enum trouble {
    TROUBLE_NONE,
    TROUBLE_AWAY,    /* no connection, or it was closed           */
    TROUBLE_SLOW,    /* not within the deadline                   */
    TROUBLE_HOSTILE, /* what it says is no answer to our question */
    TROUBLE_UNKNOWN, /* a sentinel knows no master of that name   */
    TROUBLE_WORD,    /* and more: a row of the table of words     */
};

struct redis_link;

int redis_link_new(struct redis_link **ret_link, const struct redis_where *where);
void redis_link_free(struct redis_link *l);

/* Connected and signed in: at once when it is so already. 0, or an error. */
int redis_link_ready(struct redis_link *l, int64_t give_up_ms);
/* Counts the connections that were made; a change means that what was saved may have gone
 * with the server before. */
uint64_t redis_link_connections(const struct redis_link *l);
/* Any thread: what is under way, and whatever comes later, gives up by then. */
void redis_link_hurry(struct redis_link *l, int64_t give_up_ms);
/* "" or what is wrong and what to do, in one line: cut and cleaned, without passwords. The
 * number changes when it is another trouble. */
const char *redis_link_trouble(const struct redis_link *l, unsigned *ret_number);

/* --- A pipeline --- */

/* Says at most SAY_AT_ONCE commands with redis_say and returns 0; ERR_NOT_FOUND: that was all;
 * else the talk ends with that error and the connection with it. */
typedef int redis_ask_fn(void *context, struct redis_link *l);
/* The reply to command `number` (0 is the first). Error replies never come here. As
 * redis_ask_fn, but only 0 goes on; an error is said as TROUBLE_HOSTILE. */
typedef int redis_answer_fn(void *context, size_t number, const redisReply *reply);

struct redis_talk {
    redis_ask_fn *ask;
    redis_answer_fn *answer;      /* NULL: only errors matter                           */
    void (*again)(void *context); /* begin once more, the server lost its scripts;
                                     NULL: no scripts are asked for                */
    void *context;
};

/* Asks and reads until all is answered. The first error reply is remembered, the others
 * are still read; its error code is returned at the end. */
int redis_link_talk(struct redis_link *l, const struct redis_talk *talk,
                    int64_t give_up_ms);
/* A command of n words. ERR_TOO_LONG, ERR_NOMEM. */
int redis_say(struct redis_link *l, const struct slice *word, size_t n);

/* --- Scripts: each runs by its hash once the server has it --- */

enum script {
    SCRIPT_RAISE,
    SCRIPT_SITE,
    SCRIPT_NAME,
    SCRIPT_SKETCH,
    SCRIPT_NODE,
    SCRIPT_SEED,
    SCRIPT_ADD,
    SCRIPT_APPEND,
    SCRIPT_SEED_LOAD,
    SCRIPT_SOURCE,
    SCRIPT_IMPORTED,
    SCRIPT_SHEET,
    SCRIPT_TOP,
    SCRIPT_TOP_ADD,
    SCRIPTS
};

extern const char *const redis_scripts[SCRIPTS]; /* store_redis_scripts.c */
/* EVALSHA or EVAL with `keys` keys; the words are the keys and then the rest. */
int redis_say_script(struct redis_link *l, enum script which, size_t keys,
                     const struct slice *word, size_t n);

#endif
