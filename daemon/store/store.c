#include "store/store.h"

#include <stdio.h>
#include <time.h>

#include "base/error.h"
#include "base/store_where.h"
#include "store/store_redis.h"
#include "store/store_sqlite.h"

typedef int store_open_fn(struct store **ret_store, const char *path, const char *node,
                          uint64_t incarnation, char ret_sentence[512]);

/* A store is one row here and one file that fills struct store. */
static const struct {
    const char *scheme;
    size_t skip; /* bytes of it that are not for `open` */
    store_open_fn *open;
} stores[] = {
    {"sqlite:", 7, sqlite_store_open},
    {"redis://", 0, redis_store_open},
    {"redis+unix://", 0, redis_store_open},
    {"redis+sentinel://", 0, redis_store_open},
};

struct deadline deadline_in(unsigned ms)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (struct deadline){(int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + ms};
}

int store_open(struct store **ret_store, const char *where, const char *node,
               uint64_t incarnation, char ret_sentence[512])
{
    ret_sentence[0] = '\0';
    for (size_t i = 0; i < sizeof stores / sizeof stores[0]; i++) {
        size_t length = strlen(stores[i].scheme);
        if (strncmp(where, stores[i].scheme, length) == 0)
            return stores[i].open(ret_store, where + stores[i].skip, node, incarnation,
                                  ret_sentence);
    }
    snprintf(ret_sentence, 512,
             "there is no such kind of store as \"%.*s\"; write sqlite:PATH",
             (int)strcspn(where, ":"), where); /* what follows may hold a password */
    return ERR_MALFORMED;
}
