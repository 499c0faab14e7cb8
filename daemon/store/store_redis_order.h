/* Floor 3 (store), private to store_redis*.c: one command and its answer, a transaction of
 * a few, and the texts that lists and hashes hold. */
#ifndef LUOT_STORE_STORE_REDIS_ORDER_H
#define LUOT_STORE_STORE_REDIS_ORDER_H

#include "store/store_redis.h"

extern const char *const redis_metric_names[3];

/* A command of n words; `answer` may be NULL. On a link that is ready. */
int redis_ask_one(struct redis_store *s, const struct slice *word, size_t n,
                  int (*answer)(void *, const redisReply *), void *context,
                  int64_t give_up_ms);

struct redis_transaction {
    int (*say)(void *context, struct redis_link *l); /* ERR_NOT_FOUND: that was all */
    void (*again)(void *context);                    /* say all of it once more     */
    void *context;
    int state; /* 0 at first */
};

/* MULTI, what is said, EXEC: all of it or nothing. ERR_CORRUPT: a command failed in it. */
int redis_transact(struct redis_store *s, struct redis_transaction *t);
/* A line at the end of a site's list. */
int redis_say_push(struct redis_link *l, struct slice site, const char *list,
                   const char *line);

struct slice redis_number_text(char memory[24], int64_t number);
/* The words of a text that holds `n` numbers and then something for people. */
struct slice redis_behind_numbers(struct slice text, size_t n);
/* Cut to what fits; ends with a zero byte. */
void redis_copy_text(char *to, size_t size, struct slice from);

#endif
