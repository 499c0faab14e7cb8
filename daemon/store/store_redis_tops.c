/* Tops. The rows of one day, dimension and run are one hash, so that they can be replaced
 * together; an index has which there are, scored day * 256 + where the dimension stands in
 * the list, as in a dump. */
#include <stdio.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/error.h"
#include "identify/dimension.h"
#include "store/store_redis.h"
#include "store/store_redis_ahead.h"

enum {
    NUMBER_BYTES = 24,
    IMPORTED_ROWS = 100, /* beside the rest; as many as a month has that was summed up */
    GROUPS_AT_ONCE = 4
};

static const char dimensions[] = ","
#define DIMENSION_WORD(name, word, has_visitors) #word ","
    DIMENSION_ROWS(DIMENSION_WORD);

static int64_t number_of(int64_t day, struct slice of)
{
    char word[64];
    const char *at = NULL;

    if (of.length < sizeof word - 2) {
        snprintf(word, sizeof word, ",%.*s,", (int)of.length, of.at);
        at = strstr(dimensions, word);
    }
    return day * REDIS_TOPS_OF_A_DAY + (at == NULL ? 0 : at - dimensions + 1);
}

const char *redis_tops_index(bool month)
{
    return month ? "top-months" : "tops";
}

int redis_top_words(struct redis_top_words *w, struct slice site, bool month, int64_t day,
                    struct slice of, struct slice run, uint64_t sum)
{
    char label[16];
    int n;

    redis_label(CHANGE_DAY, day, label);
    n = snprintf(w->key, sizeof w->key, "luot:{%.*s}:%s:%s:%.*s:%.*s", (int)site.length,
                 site.at, month ? "top-month" : "top", label, (int)of.length, of.at,
                 (int)run.length, run.at);
    redis_key(w->index, site, redis_tops_index(month));
    snprintf(w->member, sizeof w->member, "%s %.*s %.*s", label, (int)of.length, of.at,
             (int)run.length, run.at);
    snprintf(w->score, sizeof w->score, "%lld", (long long)number_of(day, of));
    snprintf(w->sum, sizeof w->sum, "%llu", (unsigned long long)sum);
    snprintf(w->keep, sizeof w->keep, "%d", month ? 0 : TOPS_KEPT_S);
    return n < (int)sizeof w->key ? 0 : ERR_TOO_LONG;
}

/* --- Saving --- */

static uint64_t sum_of(const struct top_row *row, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += row[i].views;
    return sum;
}

/* What SCRIPT_TOP and SCRIPT_TOP_ADD are told; `first` is what the first wants. */
static int say_rows(struct redis_link *l, enum script which,
                    const struct redis_top_words *w, struct slice first,
                    const struct change *c)
{
    const struct top_row *row = (const struct top_row *)(const void *)c->blob.at;
    size_t n = c->blob.length / sizeof *row, words = 6;
    char value[REDIS_TOP_ROWS][4 * NUMBER_BYTES];
    struct slice word[6 + 2 * REDIS_TOP_ROWS];

    if (n > REDIS_TOP_ROWS)
        return ERR_TOO_LONG;
    word[0] = slice_of(w->key);
    word[1] = slice_of(w->index);
    word[2] = first;
    word[3] = slice_of(w->score);
    word[4] = slice_of(w->member);
    word[5] = slice_of(w->keep);
    for (size_t i = 0; i < n; i++) {
        int length = snprintf(
            value[i], sizeof value[i], "%llu %llu %llu", (unsigned long long)row[i].views,
            (unsigned long long)row[i].visitors, (unsigned long long)row[i].lacks);

        if (row[i].key.length == 0 && which == SCRIPT_TOP)
            snprintf(value[i] + length, sizeof value[i] - (size_t)length, " %s", w->sum);
        word[words++] = row[i].key.length == 0 ? SLICE("") : row[i].key;
        word[words++] = slice_of(value[i]);
    }
    return redis_say_script(l, which, 2, word, words);
}

int redis_say_tops(struct redis_store *s, struct redis_link *l, const struct change *c)
{
    const struct top_row *row = (const struct top_row *)(const void *)c->blob.at;
    struct slice of = slice_of(dimension_word((enum dimension)c->visits));
    struct redis_top_words w;
    int rv = redis_top_words(&w, c->site, false, c->number, of, slice_of(s->run),
                             sum_of(row, c->blob.length / sizeof *row));

    return rv != 0 ? rv : say_rows(l, SCRIPT_TOP, &w, slice_of(w.sum), c);
}

int redis_say_imported_tops(struct redis_link *l, struct slice site, struct slice source,
                            int64_t today, const struct change *c)
{
    int64_t first = month_first_day(month_of_day(c->number));
    bool month = first < today - STORE_TOPS_DAYS;
    struct slice of = slice_of(dimension_word((enum dimension)c->visits));
    char run[32], most[8];
    struct redis_top_words w;
    int rv;

    snprintf(run, sizeof run, "imported:%.*s", (int)source.length, source.at);
    snprintf(most, sizeof most, "%d", IMPORTED_ROWS);
    rv =
        redis_top_words(&w, site, month, month ? first : c->number, of, slice_of(run), 0);
    return rv != 0 ? rv : say_rows(l, SCRIPT_TOP_ADD, &w, slice_of(most), c);
}

/* --- Reading --- */

struct groups {
    struct redis_store *s;
    struct slice site, of;
    unsigned parts;
    bool month;
    char (*key)[KEY_MAX];
    size_t count, room, said, from;
    top_row_fn *row;
    void *context;
    int64_t give_up_ms;
    int stopped; /* what `row` said */
};

static int keep_group(void *context, int64_t score, struct slice member)
{
    struct groups *g = context;
    struct slice rest = member, day = slice_cut(&rest, ' '), of = slice_cut(&rest, ' ');
    bool own = slice_equal(rest, slice_of(g->s->run));
    struct redis_top_words w;
    int64_t number;

    (void)score;
    if (!slice_equal(of, g->of) || date_parse(day, &number) != 0 ||
        (g->parts & (own ? HISTORY_LIVE_OWN : HISTORY_LIVE_OTHER)) == 0)
        return 0;
    if (g->count == g->room) {
        size_t room = 2 * g->room + 64;
        char(*key)[KEY_MAX] = realloc(g->key, room * sizeof *key);

        if (key == NULL)
            return ERR_NOMEM;
        g->key = key;
        g->room = room;
    }
    if (redis_top_words(&w, g->site, g->month, number, of, rest, 0) == 0)
        memcpy(g->key[g->count++], w.key, KEY_MAX);
    return 0;
}

static int say_group(void *context, struct redis_link *l)
{
    struct groups *g = context;

    if (g->from + g->said == g->count || g->said == GROUPS_AT_ONCE)
        return ERR_NOT_FOUND;
    return redis_say(
        l,
        (const struct slice[]){SLICE("HGETALL"), slice_of(g->key[g->from + g->said++])},
        2);
}

static void give_row(struct groups *g, struct slice key, struct slice value)
{
    int64_t n[3] = {0};
    struct top_row row = {.key = key};

    if (redis_numbers(value, n, 3) < 3)
        return;
    row.views = (uint64_t)n[0];
    row.visitors = (uint64_t)n[1];
    row.lacks = (uint64_t)n[2];
    g->stopped = g->row(g->context, &row);
}

static int hear_group(void *context, size_t number, const redisReply *reply)
{
    struct groups *g = context;

    (void)number;
    if (reply->type != REDIS_REPLY_ARRAY)
        return ERR_MALFORMED;
    for (size_t i = 0; i + 1 < reply->elements && g->stopped == 0; i += 2)
        give_row(g, redis_text(reply->element[i]), redis_text(reply->element[i + 1]));
    return 0;
}

/* The next group, when it was fetched ahead. */
static bool recall_group(struct groups *g)
{
    struct ahead_texts texts;
    struct slice row, value;
    uint64_t cursor;

    if (!redis_ahead_hash(g->s->ahead, slice_of(g->key[g->from]), &texts, &cursor))
        return false;
    while (g->stopped == 0 && redis_ahead_next(&texts, &row) &&
           redis_ahead_next(&texts, &value))
        give_row(g, row, value);
    g->said = 1;
    return true;
}

/* A hash is read whole: it has some hundred fields at most. */
static int read_groups(struct groups *g, int64_t from_day, int64_t until_day)
{
    const struct redis_talk talk = {.ask = say_group, .answer = hear_group, .context = g};
    char key[KEY_MAX];
    int rv =
        redis_read_members(g->s, redis_key(key, g->site, redis_tops_index(g->month)),
                           from_day * REDIS_TOPS_OF_A_DAY,
                           until_day * REDIS_TOPS_OF_A_DAY, keep_group, g, g->give_up_ms);

    for (; rv == 0 && g->stopped == 0 && g->from < g->count; g->from += g->said) {
        g->said = 0;
        if (!recall_group(g))
            rv = redis_link_talk(g->s->link, &talk, g->give_up_ms);
    }
    free(g->key);
    return rv != 0 ? rv : g->stopped;
}

int redis_tops(struct store *store, struct slice site, const char *of, unsigned parts,
               int64_t from_day, int64_t until_day, top_row_fn *row, void *context)
{
    struct redis_store *s = redis_store_of(store);
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    for (int month = 0; month < 2 && rv == 0; month++) {
        struct groups g = {.s = s,
                           .site = site,
                           .of = slice_of(of),
                           .parts = parts,
                           .month = month != 0,
                           .row = row,
                           .context = context,
                           .give_up_ms = give_up_ms};

        rv = read_groups(&g, from_day, until_day);
    }
    return rv;
}
