/* One command and its answer; a transaction of a few; the texts that lists and hashes hold. */
#include "store/store_redis_order.h"

#include <stdio.h>

#include "base/error.h"

const char *const redis_metric_names[3] = {"views", "visits", "visitors"};

/* --- One command, one answer --- */

struct one {
    const struct slice *word;
    size_t n;
    bool said;
    int (*answer)(void *context, const redisReply *reply);
    void *context;
};

static int say_one(void *context, struct redis_link *l)
{
    struct one *o = context;

    if (o->said)
        return ERR_NOT_FOUND;
    o->said = true;
    return redis_say(l, o->word, o->n);
}

static int hear_one(void *context, size_t number, const redisReply *reply)
{
    struct one *o = context;

    (void)number;
    return o->answer == NULL ? 0 : o->answer(o->context, reply);
}

int redis_ask_one(struct redis_store *s, const struct slice *word, size_t n,
                  int (*answer)(void *, const redisReply *), void *context,
                  int64_t give_up_ms)
{
    struct one o = {.word = word, .n = n, .answer = answer, .context = context};
    const struct redis_talk talk = {.ask = say_one, .answer = hear_one, .context = &o};

    return redis_link_talk(s->link, &talk, give_up_ms);
}

/* --- Texts --- */

struct slice redis_number_text(char memory[24], int64_t number)
{
    int n = snprintf(memory, 24, "%lld", (long long)number);

    return (struct slice){memory, (size_t)n};
}

struct slice redis_behind_numbers(struct slice text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)slice_cut(&text, ' ');
    return text;
}

void redis_copy_text(char *to, size_t size, struct slice from)
{
    size_t n = from.length < size - 1 ? from.length : size - 1;

    if (n > 0)
        memcpy(to, from.at, n);
    to[n] = '\0';
}

/* --- A transaction of a few commands --- */

static int say_transaction(void *context, struct redis_link *l)
{
    struct redis_transaction *t = context;
    const struct slice multi = SLICE("MULTI"), exec = SLICE("EXEC");
    int rv;

    if (t->state == 0) {
        t->state = 1;
        return redis_say(l, &multi, 1);
    }
    if (t->state == 2)
        return ERR_NOT_FOUND;
    rv = t->say(t->context, l);
    if (rv != ERR_NOT_FOUND)
        return rv;
    t->state = 2;
    return redis_say(l, &exec, 1);
}

static void transaction_again(void *context)
{
    struct redis_transaction *t = context;

    t->state = 0;
    t->again(t->context);
}

/* QUEUED, QUEUED, ... and the answers to all of them, of which none may be an error. */
static int hear_transaction(void *context, size_t number, const redisReply *reply)
{
    (void)context;
    (void)number;
    if (reply->type != REDIS_REPLY_ARRAY)
        return reply->type == REDIS_REPLY_STATUS ? 0 : ERR_MALFORMED;
    for (size_t i = 0; i < reply->elements; i++)
        if (reply->element[i]->type == REDIS_REPLY_ERROR)
            return ERR_CORRUPT;
    return 0;
}

int redis_transact(struct redis_store *s, struct redis_transaction *t)
{
    const struct redis_talk talk = {.ask = say_transaction,
                                    .answer = hear_transaction,
                                    .again = transaction_again,
                                    .context = t};
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    redis_forget(s);
    return rv != 0 ? rv : redis_link_talk(s->link, &talk, give_up_ms);
}

int redis_say_push(struct redis_link *l, struct slice site, const char *list,
                   const char *line)
{
    char key[KEY_MAX];
    const struct slice word[] = {SLICE("RPUSH"), redis_key(key, site, list),
                                 slice_of(line)};

    return redis_say(l, word, 3);
}
