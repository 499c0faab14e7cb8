/* When this node did not count: what it says so itself, and when it was last alive. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "store/store_redis.h"
#include "store/store_redis_order.h"

/* --- Gaps --- */

static struct slice gaps_key(char memory[KEY_MAX], const struct redis_store *s)
{
    int n = snprintf(memory, KEY_MAX, "luot:gaps:%s", s->node);

    return (struct slice){memory, (size_t)n};
}

struct gapping {
    struct slice word[7];
    bool said;
};

static int say_gap(void *context, struct redis_link *l)
{
    struct gapping *g = context;

    if (g->said)
        return ERR_NOT_FOUND;
    g->said = true;
    return redis_say_script(l, SCRIPT_RAISE, 2, g->word, 7);
}

static void gap_again(void *context)
{
    ((struct gapping *)context)->said = false;
}

int redis_gap_add(struct store *store, int64_t from_s, int64_t to_s)
{
    struct redis_store *s = redis_store_of(store);
    struct gapping g = {.said = false};
    const struct redis_talk talk = {.ask = say_gap, .again = gap_again, .context = &g};
    char key[KEY_MAX], from[24], to[24];
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    if (rv != 0)
        return rv;
    g.word[0] = g.word[1] = gaps_key(key, s);
    g.word[2] = redis_number_text(from, from_s);
    g.word[3] = redis_number_text(to, to_s);
    g.word[4] = g.word[6] = SLICE("0");
    g.word[5] = SLICE("");
    return redis_link_talk(s->link, &talk, give_up_ms);
}

struct gap_rows {
    int64_t (*gap)[2];
    size_t count, room;
    int64_t from_s, to_s;
};

static int hear_gap(void *context, struct slice field, struct slice value)
{
    struct gap_rows *g = context;
    int64_t from, to;

    if (slice_signed(field, &from) != 0 || slice_signed(value, &to) != 0 ||
        from >= g->to_s || to <= g->from_s)
        return 0;
    if (g->count == g->room) {
        size_t room = g->room * 2 + 64;
        int64_t(*more)[2] = realloc(g->gap, room * sizeof *more);
        if (more == NULL)
            return ERR_NOMEM;
        g->gap = more;
        g->room = room;
    }
    g->gap[g->count][0] = from;
    g->gap[g->count++][1] = to;
    return 0;
}

static int by_begin(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return x[0] != y[0] ? (x[0] > y[0]) - (x[0] < y[0]) : (x[1] > y[1]) - (x[1] < y[1]);
}

int redis_gaps(struct store *store, int64_t from_s, int64_t to_s,
               int (*row)(void *, int64_t from_s, int64_t to_s), void *context)
{
    struct redis_store *s = redis_store_of(store);
    struct gap_rows g = {.from_s = from_s, .to_s = to_s};
    char key[KEY_MAX];
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms), said = 0;

    if (rv == 0)
        rv = redis_read_hash(s, gaps_key(key, s), hear_gap, &g, give_up_ms);
    if (rv == 0 && g.count > 0)
        qsort(g.gap, g.count, sizeof *g.gap, by_begin);
    for (size_t i = 0; i < g.count && rv == 0 && said == 0; i++)
        said = row(context, g.gap[i][0], g.gap[i][1]);
    free(g.gap);
    return rv != 0 ? rv : said;
}

/* --- What there is --- */

struct alive {
    struct slice node;
    int64_t last;
    bool any;
};

/* node:incarnation -> unix seconds */
static int hear_alive(void *context, struct slice field, struct slice value)
{
    struct alive *a = context;
    int64_t at;

    if (field.length != a->node.length + 17 || !slice_starts(field, a->node) ||
        field.at[a->node.length] != ':' || slice_signed(value, &at) != 0)
        return 0;
    if (!a->any || at > a->last)
        a->last = at;
    a->any = true;
    return 0;
}

int redis_last_alive(struct store *store, int64_t *ret_s)
{
    struct redis_store *s = redis_store_of(store);
    struct alive a = {.node = slice_of(s->node)};
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    if (rv == 0)
        rv = redis_read_hash(s, SLICE("luot:runs"), hear_alive, &a, give_up_ms);
    if (rv == 0 && !a.any)
        rv = ERR_NOT_FOUND;
    if (rv == 0)
        *ret_s = a.last;
    return rv;
}
