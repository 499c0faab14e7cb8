/* What goes wrong with a server or on the way to it, and what to do about it. */
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "store/store_redis_link_inner.h"

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
    {"NOAUTH", ERR_DENIED, false, "it wants a user and a password in `store`"},
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
void redis_link_clean(char *to, size_t size, const char *from, size_t length)
{
    size_t n = 0;

    for (; n < length && n + 1 < size; n++)
        to[n] = from[n] < 0x20 || from[n] > 0x7e || from[n] == '"' || from[n] == '\\'
                    ? '?'
                    : from[n];
    to[n] = '\0';
}

void redis_link_note(struct redis_link *l, unsigned trouble, int error, const char *what,
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

static const char *advice_of(const struct redis_link *l, unsigned i)
{
    return strcmp(words[i].word, "READONLY") == 0 && l->where.master[0] != '\0'
               ? "it is a replica; the sentinels are asked again"
               : words[i].advice;
}

void redis_link_note_reply(struct redis_link *l, const redisReply *reply)
{
    size_t length = (size_t)reply->len;
    unsigned i = find_word(reply->str, length);
    char what[91];

    redis_link_clean(what, sizeof what, reply->str, length);
    if (strcmp(words[i].word, "NOSCRIPT") == 0)
        l->lost_scripts = true;
    redis_link_note(l, TROUBLE_WORD + i, words[i].error, what, advice_of(l, i));
}

int redis_link_fail_replica(struct redis_link *l)
{
    unsigned i = find_word("READONLY", 8);

    redis_link_note(l, TROUBLE_WORD + i, words[i].error, "its ROLE is not master",
                    advice_of(l, i));
    return l->error;
}

bool redis_link_trouble_keeps(const struct redis_link *l)
{
    return l->trouble >= TROUBLE_WORD && words[l->trouble - TROUBLE_WORD].keeps;
}

int redis_link_fail(struct redis_link *l, unsigned trouble, int error, const char *what)
{
    static const char *const advice[] = {
        [TROUBLE_AWAY] = "is it running, and is its address right?",
        [TROUBLE_SLOW] = "see its SLOWLOG and the network",
        [TROUBLE_HOSTILE] = "is it a Redis server or a sentinel, and only ours?",
    };

    redis_link_note(l, trouble, error, what, advice[trouble]);
    return l->error;
}

int redis_link_fail_errno(struct redis_link *l, int number)
{
    char what[64];

    snprintf(what, sizeof what, "%s", strerror(number));
    return redis_link_fail(l, TROUBLE_AWAY, number == EACCES ? ERR_DENIED : ERR_IO, what);
}

int redis_link_fail_late(struct redis_link *l)
{
    return redis_link_fail(l, TROUBLE_SLOW, ERR_TIMEOUT, "no answer in time");
}

const char *redis_link_trouble(const struct redis_link *l, unsigned *ret_number)
{
    *ret_number = l->error == 0 ? TROUBLE_NONE : l->trouble;
    return l->error == 0 ? "" : l->sentence;
}
