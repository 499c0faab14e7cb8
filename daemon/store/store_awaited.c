#include "store/store_awaited.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"

enum { RETRY_MS = 1000 };

/* --- The gate --- */

struct store_gate {
    pthread_mutex_t lock; /* who opens */
    _Atomic unsigned holders;
};

struct store_gate *store_gate_new(void)
{
    struct store_gate *gate = calloc(1, sizeof *gate);

    if (gate == NULL)
        return NULL;
    pthread_mutex_init(&gate->lock, NULL);
    atomic_init(&gate->holders, 1);
    return gate;
}

void store_gate_let_go(struct store_gate *gate)
{
    if (gate == NULL || atomic_fetch_sub(&gate->holders, 1) > 1)
        return;
    pthread_mutex_destroy(&gate->lock);
    free(gate);
}

/* --- Opening --- */

struct awaited {
    struct store store; /* first: what callers hold */
    struct store_gate *gate;
    struct store *_Atomic real; /* NULL: not open yet; then for ever the same */
    _Atomic int64_t hurry_ms;   /* 0: no hurry. Any thread                    */
    int64_t retry_ms;           /* CLOCK_MONOTONIC: not before                */
    uint64_t incarnation;
    int error; /* of the last try */
    char sentence[512], where[1024], node[64];
};

static struct awaited *awaited_of(struct store *s)
{
    return (struct awaited *)s;
}

static bool may_try(const struct awaited *a)
{
    int64_t now_ms = deadline_in(0).at_ms, hurry_ms = atomic_load(&a->hurry_ms);

    return now_ms >= a->retry_ms && (hurry_ms == 0 || now_ms < hurry_ms);
}

static void publish(struct awaited *a, struct store *real)
{
    int64_t hurry_ms;

    /* Both in one order with hurry(): either it sees the store, or we see its deadline. */
    atomic_store(&a->real, real);
    hurry_ms = atomic_load(&a->hurry_ms);
    if (hurry_ms != 0 && real->ops->hurry != NULL)
        real->ops->hurry(real, (struct deadline){hurry_ms});
}

/* The store, or the error of the last try. */
static int come(struct store *store, struct store **ret_real)
{
    struct awaited *a = awaited_of(store);
    char sentence[512];

    *ret_real = atomic_load_explicit(&a->real, memory_order_acquire);
    if (*ret_real != NULL)
        return 0;
    if (!may_try(a) || pthread_mutex_trylock(&a->gate->lock) != 0)
        return a->error;
    a->error = store_open(ret_real, a->where, a->node, a->incarnation, sentence);
    pthread_mutex_unlock(&a->gate->lock);
    if (a->error != 0) {
        a->retry_ms = deadline_in(RETRY_MS).at_ms;
        memcpy(a->sentence, sentence, sizeof sentence);
        return a->error;
    }
    if (sentence[0] != '\0')
        log_warn("event=store sentence=\"%s\"", sentence);
    publish(a, *ret_real);
    return 0;
}

static const char *trouble(const struct store *store, unsigned *ret_number)
{
    const struct awaited *a = (const struct awaited *)(const void *)store;
    const struct store *real = atomic_load_explicit(&a->real, memory_order_acquire);

    *ret_number = 0;
    if (real != NULL)
        return real->ops->trouble == NULL ? "" : real->ops->trouble(real, ret_number);
    *ret_number = (unsigned)a->error;
    return a->sentence;
}

static void hurry(struct store *store, struct deadline d)
{
    struct awaited *a = awaited_of(store);
    struct store *real;

    atomic_store(&a->hurry_ms, d.at_ms);
    real = atomic_load(&a->real);
    if (real != NULL && real->ops->hurry != NULL)
        real->ops->hurry(real, d);
}

static void close_store(struct store *store)
{
    struct awaited *a = awaited_of(store);
    struct store *real = atomic_load(&a->real);

    if (real != NULL)
        real->ops->close(real);
    store_gate_let_go(a->gate);
    explicit_bzero(a->where, sizeof a->where);
    free(a);
}

/* --- What it is asked, handed on --- */

#define HAND_ON(name, parameters, ...)                                                   \
    static int name parameters                                                           \
    {                                                                                    \
        struct store *real;                                                              \
        int rv = come(s, &real);                                                         \
                                                                                         \
        return rv != 0                   ? rv                                            \
               : real->ops->name == NULL ? ERR_VERSION                                   \
                                         : real->ops->name(real, __VA_ARGS__);           \
    }

HAND_ON(save,
        (struct store * s, const struct change *changes, size_t n, struct deadline d),
        changes, n, d)
HAND_ON(history,
        (struct store * s, struct slice site, enum change_kind kind, unsigned parts,
         int64_t from, int64_t until, history_row_fn *row, void *context),
        site, kind, parts, from, until, row, context)
HAND_ON(total,
        (struct store * s, struct slice site, unsigned parts, int64_t since_day,
         struct history_row *ret_row),
        site, parts, since_day, ret_row)
HAND_ON(imported_hours,
        (struct store * s, struct slice site, int64_t from, int64_t until,
         history_row_fn *row, void *context),
        site, from, until, row, context)
HAND_ON(seed_set, (struct store * s, struct slice site, const struct seed_row *row), site,
        row)
HAND_ON(seed_get,
        (struct store * s, struct slice site, int metric, struct seed_row *ret_row), site,
        metric, ret_row)
HAND_ON(adjust_add, (struct store * s, struct slice site, const struct adjust_row *row),
        site, row)
HAND_ON(audit,
        (struct store * s, struct slice site,
         int (*row)(void *, int64_t, uint32_t, const char *), void *context),
        site, row, context)
HAND_ON(source_get,
        (struct store * s, struct slice site, uint64_t first_line,
         struct import_source *ret_source),
        site, first_line, ret_source)
HAND_ON(import,
        (struct store * s, struct slice site, const struct import_source *source,
         uint32_t uid, int64_t at_s, const struct change *rows, size_t n),
        site, source, uid, at_s, rows, n)
HAND_ON(gap_add, (struct store * s, int64_t from_s, int64_t to_s), from_s, to_s)
HAND_ON(gaps,
        (struct store * s, int64_t from_s, int64_t to_s,
         int (*row)(void *, int64_t, int64_t), void *context),
        from_s, to_s, row, context)
HAND_ON(last_alive, (struct store * s, int64_t *ret_s), ret_s)
HAND_ON(site_first,
        (struct store * s, struct slice site, int64_t *ret_created_s,
         int64_t *ret_first_live_s),
        site, ret_created_s, ret_first_live_s)
HAND_ON(sites,
        (struct store * s, int (*site)(void *, struct slice, struct slice),
         void *context),
        site, context)
HAND_ON(health, (struct store * s, struct store_health *ret_health), ret_health)
HAND_ON(dump,
        (struct store * s, struct slice site, struct dump_place from, enum dump_kind last,
         dump_row_fn *row, void *context, int64_t *ret_state),
        site, from, last, row, context, ret_state)
HAND_ON(load,
        (struct store * s, dump_next_fn *next, void *context, uint32_t uid, int64_t at_s,
         const char *note),
        next, context, uid, at_s, note)
HAND_ON(look, (struct store * s, struct slice site, struct store_look *ret_look), site,
        ret_look)
HAND_ON(tops,
        (struct store * s, struct slice site, const char *of, unsigned parts,
         int64_t from_day, int64_t until_day, top_row_fn *row, void *context),
        site, of, parts, from_day, until_day, row, context)
HAND_ON(pages,
        (struct store * s, struct slice site, unsigned limit, top_row_fn *row,
         void *context),
        site, limit, row, context)
HAND_ON(page_seed, (struct store * s, struct slice site, const struct page_seed *seed),
        site, seed)

/* No `attend`: what is awaited forgets nothing. */
static const struct store_ops awaited_ops = {
    .save = save,
    .history = history,
    .total = total,
    .imported_hours = imported_hours,
    .seed_set = seed_set,
    .seed_get = seed_get,
    .adjust_add = adjust_add,
    .audit = audit,
    .source_get = source_get,
    .import = import,
    .gap_add = gap_add,
    .gaps = gaps,
    .last_alive = last_alive,
    .site_first = site_first,
    .sites = sites,
    .trouble = trouble,
    .close = close_store,
    .health = health,
    .hurry = hurry,
    .dump = dump,
    .load = load,
    .look = look,
    .tops = tops,
    .pages = pages,
    .page_seed = page_seed,
};

int store_await(struct store **ret_store, struct store_gate *gate, const char *where,
                const char *node, uint64_t incarnation, int error, const char *sentence)
{
    struct awaited *a;

    if (strlen(where) >= sizeof a->where)
        return ERR_TOO_LONG;
    a = calloc(1, sizeof *a);
    if (a == NULL)
        return ERR_NOMEM;
    a->store.ops = &awaited_ops;
    a->gate = gate;
    atomic_fetch_add(&gate->holders, 1);
    a->incarnation = incarnation;
    a->error = error;
    a->retry_ms = deadline_in(RETRY_MS).at_ms;
    snprintf(a->where, sizeof a->where, "%s", where);
    snprintf(a->node, sizeof a->node, "%s", node);
    snprintf(a->sentence, sizeof a->sentence, "%s", sentence);
    *ret_store = &a->store;
    return 0;
}
