/* The happy path: (the sentinels ->) connect -> AUTH, SELECT, the scripts -> a pipeline -> the next one. It
 * fails when: nobody listens, the deadline passes, the server says an error word, or
 * something that is no answer. The first three keep the words' own codes; all but a key's
 * error end the connection and begin a back-off.
 *
 * Bounds: OUT_WINDOW and one command wait to be sent; REPLY_LIMIT bytes of an unfinished
 * reply are held. */
#include "store/store_redis_link.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "store/store_redis_link_inner.h"

enum { WORDS_MAX = 256 };

int64_t redis_now_ms(void)
{
    return deadline_in(0).at_ms;
}

void redis_link_hurry(struct redis_link *l, int64_t give_up_ms)
{
    /* Relaxed: a number on its own, looked at again and again. */
    atomic_store_explicit(&l->hurry_ms, give_up_ms, memory_order_relaxed);
}

uint64_t redis_link_connections(const struct redis_link *l)
{
    return l->connections;
}

/* --- Commands --- */

int redis_say(struct redis_link *l, const struct slice *word, size_t n)
{
    const char *at[WORDS_MAX];
    size_t length[WORDS_MAX];
    char *command;
    int bytes;

    assert(n <= WORDS_MAX);
    for (size_t i = 0; i < n; i++) {
        at[i] = word[i].length == 0 ? "" : word[i].at;
        length[i] = word[i].length;
    }
    bytes = (int)redisFormatCommandArgv(&command, (int)n, at, length);
    if (bytes < 0)
        return ERR_NOMEM;
    if (bytes > SAY_MAX) {
        redisFreeCommand(command);
        return ERR_TOO_LONG;
    }
    if (l->out_from > 0) {
        memmove(l->out, l->out + l->out_from, l->out_until - l->out_from);
        l->out_until -= l->out_from;
        l->out_from = 0;
    }
    assert(l->out_until + (size_t)bytes <= OUT_BYTES);
    memcpy(l->out + l->out_until, command, (size_t)bytes);
    l->out_until += (size_t)bytes;
    l->said++;
    redisFreeCommand(command);
    return 0;
}

int redis_say_script(struct redis_link *l, enum script which, size_t keys,
                     const struct slice *word, size_t n)
{
    struct slice all[WORDS_MAX];
    char count[24];

    assert(n + 3 <= WORDS_MAX);
    snprintf(count, sizeof count, "%zu", keys);
    all[0] = l->sha[which][0] != '\0' ? SLICE("EVALSHA") : SLICE("EVAL");
    all[1] = slice_of(l->sha[which][0] != '\0' ? l->sha[which] : redis_scripts[which]);
    all[2] = slice_of(count);
    memcpy(all + 3, word, n * sizeof *word);
    return redis_say(l, all, n + 3);
}

/* --- A talk --- */

struct talking {
    const struct redis_talk *talk;
    size_t answered;
    bool all_said;
};

/* Says while there is room for it. */
static int say_more(struct redis_link *l, struct talking *t)
{
    while (!t->all_said && l->out_until - l->out_from < OUT_WINDOW) {
        int rv = t->talk->ask(t->talk->context, l);
        if (rv == ERR_NOT_FOUND)
            t->all_said = true;
        else if (rv != 0)
            return redis_link_fail(l, TROUBLE_AWAY, rv, error_text(rv));
    }
    return 0;
}

static int hear_one(struct redis_link *l, struct talking *t, const redisReply *reply)
{
    int rv = 0;

    if (t->answered == l->said)
        return redis_link_fail(l, TROUBLE_HOSTILE, ERR_MALFORMED,
                               "an answer that nobody asked for");
    if (reply->type == REDIS_REPLY_ERROR)
        redis_link_note_reply(l, reply);
    else if (t->talk->answer != NULL)
        rv = t->talk->answer(t->talk->context, t->answered, reply);
    t->answered++;
    return rv == 0
               ? 0
               : redis_link_fail(l, TROUBLE_HOSTILE, rv, "an answer to another question");
}

static int hear(struct redis_link *l, struct talking *t)
{
    redisReply *reply = NULL;
    int rv = redis_link_read(l);

    while (rv == 0 && (rv = redis_link_take(l, &reply)) == 0 && reply != NULL) {
        rv = hear_one(l, t, reply);
        freeReplyObject(reply);
    }
    return rv;
}

/* 0 or an error after which the connection is of no use; error replies are in l->error. */
static int converse(struct redis_link *l, struct talking *t)
{
    while (true) {
        short events;
        int rv = say_more(l, t);

        if (rv != 0)
            return rv;
        if (t->all_said && t->answered == l->said)
            return l->unfinished == 0
                       ? 0
                       : redis_link_fail(l, TROUBLE_HOSTILE, ERR_MALFORMED,
                                         "an answer that nobody asked for");
        rv = redis_link_wait(l, l->out_until > l->out_from ? POLLIN | POLLOUT : POLLIN,
                             &events);
        /* Who refuses us says why and closes: heard first, or sending fails and hides it. */
        if (rv == 0 && events & (POLLIN | POLLHUP | POLLERR))
            rv = hear(l, t);
        if (rv == 0 && events & POLLOUT)
            rv = redis_link_send(l);
        if (rv != 0)
            return rv;
    }
}

/* 0, an error that ends the connection, or one (in l->error) of a reply. */
int redis_link_converse(struct redis_link *l, const struct redis_talk *talk)
{
    struct talking t = {.talk = talk};

    l->said = 0;
    l->error = 0;
    l->lost_scripts = false;
    return converse(l, &t);
}

/* --- Again, and again --- */

/* Xorshift: what many nodes do at the same time need not be unpredictable. */
static double random_share(struct redis_link *l)
{
    l->random ^= l->random << 13;
    l->random ^= l->random >> 7;
    l->random ^= l->random << 17;
    return (double)(l->random >> 11) / 9007199254740992.0;
}

/* At most BACK_OFF_MAX_MS, at least three quarters of what is due. */
static void back_off(struct redis_link *l)
{
    const int64_t most = l->guided ? BACK_OFF_GUIDED_MS : BACK_OFF_MAX_MS;
    bool was_well = l->back_off_ms == 0;

    l->back_off_ms = was_well ? BACK_OFF_MS : l->back_off_ms * 2;
    if (l->back_off_ms > most)
        l->back_off_ms = most;
    l->retry_ms =
        redis_now_ms() + (int64_t)((double)l->back_off_ms * (1 - random_share(l) / 4));
    if (was_well && l->where.master[0] != '\0')
        l->retry_ms = 0; /* another one may be master by now */
}

static int give_up(struct redis_link *l)
{
    redis_link_hang_up(l);
    back_off(l);
    return l->error;
}

int redis_link_talk(struct redis_link *l, const struct redis_talk *talk,
                    int64_t give_up_ms)
{
    int rv;

    assert(l->fd >= 0);
    l->give_up_ms = give_up_ms;
    rv = redis_link_converse(l, talk);
    if (rv == 0 && l->lost_scripts) {
        memset(l->sha, 0, sizeof l->sha);
        if (talk->again != NULL) {
            talk->again(talk->context);
            rv = redis_link_converse(l, talk);
        }
    }
    if (rv != 0 || (l->error != 0 && !redis_link_trouble_keeps(l)))
        return give_up(l);
    l->back_off_ms = 0;
    return l->error;
}

int redis_link_ready(struct redis_link *l, int64_t give_up_ms)
{
    int64_t now = redis_now_ms();
    int rv;

    redis_link_check_silence(l);
    if (l->fd >= 0)
        return 0;
    if (l->back_off_ms != 0 && now < l->retry_ms)
        return l->error;
    l->give_up_ms = give_up_ms < now + CONNECT_MS ? give_up_ms : now + CONNECT_MS;
    l->error = 0;
    rv = redis_link_connect(l);
    if (rv != 0)
        return give_up(l);
    l->connections++;
    return 0;
}

/* --- Its memory --- */

int redis_link_new(struct redis_link **ret_link, const struct redis_where *where)
{
    struct redis_link *l = calloc(1, sizeof *l);
    char place[300];

    if (l == NULL)
        return ERR_NOMEM;
    l->out = malloc(OUT_BYTES);
    if (l->out == NULL) {
        free(l);
        return ERR_NOMEM;
    }
    l->where = *where;
    l->fd = -1;
    l->random = hash_random64() | 1;
    if (where->path[0] != '\0')
        snprintf(place, sizeof place, "redis+unix://%s", where->path);
    else if (where->master[0] != '\0')
        snprintf(place, sizeof place, "redis+sentinel://.../%s", where->master);
    else
        snprintf(place, sizeof place, "redis://%.200s:%u", where->host, where->port);
    redis_link_clean(l->name, sizeof l->name, place, strlen(place));
    *ret_link = l;
    return 0;
}

void redis_link_free(struct redis_link *l)
{
    if (l == NULL)
        return;
    redis_link_hang_up(l);
    explicit_bzero(&l->where, sizeof l->where);
    free(l->out);
    free(l);
}
