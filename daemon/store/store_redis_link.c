/* The happy path: connect -> AUTH, SELECT, the scripts -> a pipeline -> the next one. It
 * fails when: nobody listens, the deadline passes, the server says an error word, or
 * something that is no answer. The first three keep the words' own codes; all but a key's
 * error end the connection and begin a back-off.
 *
 * Bounds: OUT_WINDOW and one command wait to be sent; REPLY_LIMIT bytes of an unfinished
 * reply are held. hiredis itself has none: a length is believed and memory grows as bytes
 * come, an array's pointers are allocated when its length is read. */
#include "store/store_redis_link.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "store/store_redis_resolve.h"

enum {
    SHA_LENGTH = 40,
    WORDS_MAX = 256,
    READ_BYTES = 16 * 1024,
    OUT_BYTES = OUT_WINDOW + SAY_AT_ONCE * SAY_MAX
};

struct redis_link {
    struct redis_where where;
    char name[384]; /* for people: without a password               */
    int fd;         /* -1: not connected                            */
    redisReader *reader;
    redisReplyObjectFunctions theirs, ours; /* hiredis', and with our limit */
    char *out;                              /* OUT_BYTES            */
    size_t out_from, out_until;             /* what waits to be sent        */
    size_t said;                            /* commands of this talk        */
    size_t unfinished;                      /* bytes of no whole reply yet  */
    int64_t give_up_ms;                     /* of the call under way        */
    int64_t retry_ms;                       /* not before                   */
    int64_t back_off_ms;                    /* 0: nothing failed            */
    uint64_t connections, random;
    char sha[SCRIPTS][SHA_LENGTH + 1]; /* "": by its text               */
    bool lost_scripts;                 /* it has forgotten them         */
    int error;                         /* the first one since all was well */
    unsigned trouble;
    char sentence[320];
};

static int64_t now_ms(void)
{
    return deadline_in(0).at_ms;
}

/* --- Trouble --- */

/* Words that begin an error reply, and what to do about them. */
static const struct {
    const char *word;
    int error;
    bool keeps; /* the connection is as good as before */
    const char *advice;
} words[] = {
    {"WRONGTYPE", ERR_CORRUPT, true, "a key of ours holds something else; DEL it"},
    {"OOM", ERR_NOSPACE, false, "raise its maxmemory, or free some"},
    {"READONLY", ERR_DENIED, false, "it is a replica; name the master in `store`"},
    {"NOREPLICAS", ERR_IO, false, "it wants more replicas than it has"},
    {"NOAUTH", ERR_DENIED, false, "it wants a password: redis://user:pass@host"},
    {"WRONGPASS", ERR_DENIED, false, "the password in `store` is wrong"},
    {"NOPERM", ERR_DENIED, false,
     "its ACL forbids a command or a key; see conf/redis.md"},
    {"LOADING", ERR_IO, false, "it is reading its data; wait"},
    {"BUSY", ERR_TIMEOUT, false, "it runs a long script; SCRIPT KILL ends it"},
    {"MISCONF", ERR_IO, false, "it cannot save to its disk; see its log"},
    {"MASTERDOWN", ERR_IO, false, "it has lost its master"},
    {"CLUSTERDOWN", ERR_IO, false, "the cluster is not whole"},
    {"MOVED", ERR_IO, false, "it is a cluster; name a server that is none"},
    {"NOSCRIPT", ERR_IO, true, "its scripts are sent again"},
    {"max number of clients", ERR_FULL, false, "raise its maxclients"},
    {"", ERR_IO, false, "see its log"}, /* any other */
};
enum { WORDS = sizeof words / sizeof words[0] };

/* What a server says may hold anything. */
static void write_clean(char *to, size_t size, const char *from, size_t length)
{
    size_t n = 0;

    for (; n < length && n + 1 < size; n++)
        to[n] = from[n] < 0x20 || from[n] > 0x7e || from[n] == '"' || from[n] == '\\'
                    ? '?'
                    : from[n];
    to[n] = '\0';
}

static void note(struct redis_link *l, unsigned trouble, int error, const char *what,
                 const char *advice)
{
    if (l->error != 0)
        return; /* the first one says most */
    l->error = error;
    l->trouble = trouble;
    snprintf(l->sentence, sizeof l->sentence, "%.150s: %.90s; %.70s", l->name, what,
             advice);
}

/* Which row of `words` an error reply is. A script's error may stand behind another one. */
static unsigned find_word(const char *text, size_t length)
{
    unsigned i = 0;

    for (; i + 1 < WORDS; i++) {
        size_t n = strlen(words[i].word);
        if (length >= n && memcmp(text, words[i].word, n) == 0)
            return i;
    }
    for (i = 0; i + 1 < WORDS; i++)
        if (memmem(text, length, words[i].word, strlen(words[i].word)) != NULL)
            return i;
    return WORDS - 1;
}

static void note_reply(struct redis_link *l, const redisReply *reply)
{
    size_t length = (size_t)reply->len;
    unsigned i = find_word(reply->str, length);
    char what[91];

    write_clean(what, sizeof what, reply->str, length);
    if (strcmp(words[i].word, "NOSCRIPT") == 0)
        l->lost_scripts = true;
    note(l, TROUBLE_WORD + i, words[i].error, what, words[i].advice);
}

static bool keeps_connection(const struct redis_link *l)
{
    return l->trouble >= TROUBLE_WORD && words[l->trouble - TROUBLE_WORD].keeps;
}

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
    l->back_off_ms = l->back_off_ms == 0 ? BACK_OFF_MS : l->back_off_ms * 2;
    if (l->back_off_ms > BACK_OFF_MAX_MS)
        l->back_off_ms = BACK_OFF_MAX_MS;
    l->retry_ms =
        now_ms() + (int64_t)((double)l->back_off_ms * (1 - random_share(l) / 4));
}

static void hang_up(struct redis_link *l)
{
    if (l->fd >= 0)
        close(l->fd);
    if (l->reader != NULL)
        redisReaderFree(l->reader);
    l->fd = -1;
    l->reader = NULL;
    l->out_from = l->out_until = l->said = l->unfinished = 0;
}

static int fail(struct redis_link *l, unsigned trouble, int error, const char *what)
{
    static const char *const advice[] = {
        [TROUBLE_AWAY] = "is it running, and is its address right?",
        [TROUBLE_SLOW] = "see its SLOWLOG and the network",
        [TROUBLE_HOSTILE] = "is it a Redis server, and only ours?",
    };

    note(l, trouble, error, what, advice[trouble]);
    return l->error;
}

static int fail_errno(struct redis_link *l, int number)
{
    char what[64];

    snprintf(what, sizeof what, "%s", strerror(number));
    return fail(l, TROUBLE_AWAY, number == EACCES ? ERR_DENIED : ERR_IO, what);
}

static int fail_late(struct redis_link *l)
{
    return fail(l, TROUBLE_SLOW, ERR_TIMEOUT, "no answer in time");
}

const char *redis_link_trouble(const struct redis_link *l, unsigned *ret_number)
{
    *ret_number = l->error == 0 ? TROUBLE_NONE : l->trouble;
    return l->error == 0 ? "" : l->sentence;
}

bool redis_link_is_connected(const struct redis_link *l)
{
    return l->fd >= 0;
}

uint64_t redis_link_connections(const struct redis_link *l)
{
    return l->connections;
}

/* --- Bytes --- */

/* Waits for what we want of the socket. */
static int wait_for(struct redis_link *l, short events, short *ret_events)
{
    struct pollfd p = {.fd = l->fd, .events = events};

    for (;;) {
        int64_t left = l->give_up_ms - now_ms();
        int n;

        if (left <= 0)
            return fail_late(l);
        n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
        if (n > 0) {
            *ret_events = p.revents;
            return 0;
        }
        if (n < 0 && errno != EINTR)
            return fail_errno(l, errno);
    }
}

static int send_some(struct redis_link *l)
{
    ssize_t n = send(l->fd, l->out + l->out_from, l->out_until - l->out_from,
                     MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : fail_errno(l, errno);
    l->out_from += (size_t)n;
    if (l->out_from == l->out_until)
        l->out_from = l->out_until = 0;
    return 0;
}

static int read_some(struct redis_link *l)
{
    char bytes[READ_BYTES];
    ssize_t n = recv(l->fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : fail_errno(l, errno);
    if (n == 0)
        return fail(l, TROUBLE_AWAY, ERR_IO, "it closed the connection");
    if (redisReaderFeed(l->reader, bytes, (size_t)n) != REDIS_OK)
        return fail(l, TROUBLE_HOSTILE, ERR_MALFORMED, "what it says is no reply");
    l->unfinished += (size_t)n;
    return 0;
}

/* The next whole reply, or NULL. */
static int take_reply(struct redis_link *l, redisReply **ret_reply)
{
    void *reply = NULL;

    if (redisReaderGetReply(l->reader, &reply) != REDIS_OK)
        return fail(l, TROUBLE_HOSTILE, ERR_MALFORMED, "what it says is no reply");
    *ret_reply = reply;
    if (reply != NULL)
        l->unfinished = l->reader->len - l->reader->pos;
    else if (l->unfinished > REPLY_LIMIT)
        return fail(l, TROUBLE_HOSTILE, ERR_TOO_LONG, "a reply of more than 64 KiB");
    return 0;
}

static void *create_array(const redisReadTask *task, int elements)
{
    const struct redis_link *l = task->privdata;

    return elements > REPLY_ELEMENTS ? NULL : l->theirs.createArray(task, elements);
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
            return fail(l, TROUBLE_AWAY, rv, error_text(rv));
    }
    return 0;
}

static int hear_one(struct redis_link *l, struct talking *t, const redisReply *reply)
{
    int rv = 0;

    if (t->answered == l->said)
        return fail(l, TROUBLE_HOSTILE, ERR_MALFORMED, "an answer that nobody asked for");
    if (reply->type == REDIS_REPLY_ERROR)
        note_reply(l, reply);
    else if (t->talk->answer != NULL)
        rv = t->talk->answer(t->talk->context, t->answered, reply);
    t->answered++;
    return rv == 0 ? 0 : fail(l, TROUBLE_HOSTILE, rv, "an answer to another question");
}

static int hear(struct redis_link *l, struct talking *t)
{
    redisReply *reply = NULL;
    int rv = read_some(l);

    while (rv == 0 && (rv = take_reply(l, &reply)) == 0 && reply != NULL) {
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
            return l->unfinished == 0 ? 0
                                      : fail(l, TROUBLE_HOSTILE, ERR_MALFORMED,
                                             "an answer that nobody asked for");
        rv = wait_for(l, l->out_until > l->out_from ? POLLIN | POLLOUT : POLLIN, &events);
        if (rv == 0 && events & POLLOUT)
            rv = send_some(l);
        if (rv == 0 && events & (POLLIN | POLLHUP | POLLERR))
            rv = hear(l, t);
        if (rv != 0)
            return rv;
    }
}

/* 0, an error that ends the connection, or one (in l->error) of a reply. */
static int talk_once(struct redis_link *l, const struct redis_talk *talk)
{
    struct talking t = {.talk = talk};

    l->said = 0;
    l->error = 0;
    l->lost_scripts = false;
    return converse(l, &t);
}

static int give_up(struct redis_link *l)
{
    hang_up(l);
    back_off(l);
    return l->error;
}

int redis_link_talk(struct redis_link *l, const struct redis_talk *talk,
                    int64_t give_up_ms)
{
    int rv;

    assert(l->fd >= 0);
    l->give_up_ms = give_up_ms;
    rv = talk_once(l, talk);
    if (rv == 0 && l->lost_scripts) {
        memset(l->sha, 0, sizeof l->sha);
        if (talk->again != NULL) {
            talk->again(talk->context);
            rv = talk_once(l, talk);
        }
    }
    if (rv != 0 || (l->error != 0 && !keeps_connection(l)))
        return give_up(l);
    l->back_off_ms = 0;
    return l->error;
}

/* --- Connecting --- */

static int connect_to(struct redis_link *l, const struct sockaddr *address,
                      socklen_t length)
{
    socklen_t size = sizeof(int);
    int said = 0, rv;
    short events;

    l->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0)
        return fail_errno(l, errno);
    if (connect(l->fd, address, length) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return fail_errno(l, errno);
    rv = wait_for(l, POLLOUT, &events);
    if (rv == 0 && getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &said, &size) != 0)
        said = errno;
    return rv != 0 || said == 0 ? rv : fail_errno(l, said);
}

static int connect_unix(struct redis_link *l)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", l->where.path);
    return connect_to(l, (const struct sockaddr *)&address, sizeof address);
}

/* Its addresses in turn, until one answers. */
static int connect_host(struct redis_link *l)
{
    struct redis_addresses found;
    char what[128];
    int rv = redis_resolve(l->where.host, l->where.port, l->give_up_ms, &found);

    if (rv == ERR_TIMEOUT)
        return fail(l, TROUBLE_SLOW, rv, "its name was not found in time");
    if (rv != 0) {
        snprintf(what, sizeof what, "the name %.80s is not known", l->where.host);
        return fail(l, TROUBLE_AWAY, rv, what);
    }
    for (size_t i = 0; i < found.count; i++) {
        hang_up(l);
        l->error = 0; /* of the address before */
        rv = connect_to(l, (const struct sockaddr *)&found.address[i], found.length[i]);
        if (rv == 0)
            return 0;
    }
    return rv;
}

/* The first words on a connection. */
struct greeting {
    struct redis_link *link;
    unsigned next; /* step of it */
};

static int greet(void *context, struct redis_link *l)
{
    struct greeting *g = context;
    const struct redis_where *w = &l->where;
    struct slice word[3];
    char number[16];

    switch (g->next++) {
    case 0:
        if (w->pass[0] == '\0')
            return 0;
        word[0] = SLICE("AUTH");
        word[1] = slice_of(w->user);
        word[w->user[0] != '\0' ? 2 : 1] = slice_of(w->pass);
        return redis_say(l, word, w->user[0] != '\0' ? 3 : 2);
    case 1:
        if (w->db == 0)
            return 0;
        snprintf(number, sizeof number, "%u", w->db);
        word[0] = SLICE("SELECT");
        word[1] = slice_of(number);
        return redis_say(l, word, 2);
    case 2:
        word[0] = SLICE("PING");
        return redis_say(l, word, 1);
    default:
        return ERR_NOT_FOUND;
    }
}

/* A server that may not keep scripts is sent their text each time. */
static int load_scripts(void *context, struct redis_link *l)
{
    struct greeting *g = context;
    const struct slice word[] = {SLICE("SCRIPT"), SLICE("LOAD"),
                                 slice_of(redis_scripts[g->next % SCRIPTS])};

    return g->next++ == SCRIPTS ? ERR_NOT_FOUND : redis_say(l, word, 3);
}

static int keep_script(void *context, size_t number, const redisReply *reply)
{
    struct greeting *g = context;

    if (number >= SCRIPTS || reply->type != REDIS_REPLY_STRING ||
        reply->len != SHA_LENGTH || strspn(reply->str, "0123456789abcdef") != SHA_LENGTH)
        return ERR_MALFORMED;
    memcpy(g->link->sha[number], reply->str, SHA_LENGTH + 1);
    return 0;
}

static int sign_in(struct redis_link *l)
{
    struct greeting g = {.link = l};
    const struct redis_talk greeting = {.ask = greet, .context = &g};
    const struct redis_talk loading = {
        .ask = load_scripts, .answer = keep_script, .context = &g};
    int rv = talk_once(l, &greeting);

    if (rv != 0 || l->error != 0)
        return l->error;
    memset(l->sha, 0, sizeof l->sha);
    g.next = 0;
    rv = talk_once(l, &loading);
    if (rv == 0)
        l->error = 0; /* who may not load scripts may still run them */
    return rv;
}

/* hiredis makes what it reads; the number of an array's elements is ours to judge. */
static int make_reader(struct redis_link *l)
{
    l->reader = redisReaderCreate();
    if (l->reader == NULL)
        return fail(l, TROUBLE_AWAY, ERR_NOMEM, error_text(ERR_NOMEM));
    l->theirs = l->ours = *l->reader->fn;
    l->ours.createArray = create_array;
    l->reader->fn = &l->ours;
    l->reader->privdata = l;
    return 0;
}

/* What came while nobody asked is the end of the connection, or nothing of ours. */
static void check_silence(struct redis_link *l)
{
    char byte;
    ssize_t n;

    if (l->fd < 0)
        return;
    n = recv(l->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n >= 0 || (errno != EAGAIN && errno != EINTR))
        hang_up(l);
}

int redis_link_ready(struct redis_link *l, int64_t give_up_ms)
{
    int64_t now = now_ms();
    int rv;

    check_silence(l);
    if (l->fd >= 0)
        return 0;
    if (l->back_off_ms != 0 && now < l->retry_ms)
        return l->error;
    l->give_up_ms = give_up_ms < now + CONNECT_MS ? give_up_ms : now + CONNECT_MS;
    l->error = 0;
    rv = l->where.path[0] != '\0' ? connect_unix(l) : connect_host(l);
    if (rv == 0)
        rv = make_reader(l);
    if (rv == 0)
        rv = sign_in(l);
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
    else
        snprintf(place, sizeof place, "redis://%.200s:%u", where->host, where->port);
    write_clean(l->name, sizeof l->name, place, strlen(place));
    *ret_link = l;
    return 0;
}

void redis_link_free(struct redis_link *l)
{
    if (l == NULL)
        return;
    hang_up(l);
    explicit_bzero(&l->where, sizeof l->where);
    free(l->out);
    free(l);
}
