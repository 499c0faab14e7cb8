/* Nodes that count one portal: each run's sheets, and who is there. A sheet is a string
 * that goes by itself a day and a bit after its run has said the last; beside them lies a
 * list, a run, of which sheets came when, so that who reads asks for the changed ones
 * only. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "store/store_redis.h"

#define MOMENT_MOST ((int64_t)1 << 53) /* what a score can be to the unit */

enum { SHEET_KEPT_S = 26 * 3600, HERE_S = 3, RUN_MAX = 95, RUNS_AT_ONCE = 64 };

static struct slice sheet_key(char memory[KEY_MAX + FIELD_MAX], struct slice site,
                              struct slice run)
{
    int n = snprintf(memory, KEY_MAX + FIELD_MAX, "luot:{%.*s}:now:%.*s",
                     (int)site.length, site.at, (int)run.length, run.at);

    return (struct slice){memory, (size_t)n};
}

/* --- Sheets --- */

struct sheets {
    struct redis_store *s;
    const struct sheet_row *row;
    size_t n, next;
    void (*sheet)(void *, size_t, struct slice);
    void *context;
};

static int say_put(void *context, struct redis_link *l)
{
    struct sheets *p = context;
    char key[KEY_MAX + FIELD_MAX], list[KEY_MAX], keep[16];
    struct slice word[5];

    if (p->next == p->n)
        return ERR_NOT_FOUND;
    snprintf(list, sizeof list, "luot:sheets:%s", p->s->run);
    snprintf(keep, sizeof keep, "%d", SHEET_KEPT_S);
    word[0] = sheet_key(key, p->row[p->next].site, slice_of(p->s->run));
    word[1] = slice_of(list);
    word[2] = p->row[p->next].bytes;
    word[3] = p->row[p->next].site;
    word[4] = slice_of(keep);
    p->next++;
    return redis_say_script(l, SCRIPT_SHEET, 2, word, 5);
}

static void put_again(void *context)
{
    ((struct sheets *)context)->next = 0;
}

int redis_sheets_put(struct store *store, const struct sheet_row *rows, size_t n,
                     struct deadline d)
{
    struct sheets p = {.s = redis_store_of(store), .row = rows, .n = n};
    const struct redis_talk talk = {.ask = say_put, .again = put_again, .context = &p};
    int64_t give_up_ms;
    int rv = redis_ready(p.s, d, &give_up_ms);

    return rv != 0 ? rv : redis_link_talk(p.s->link, &talk, give_up_ms);
}

static int say_get(void *context, struct redis_link *l)
{
    struct sheets *p = context;
    char key[KEY_MAX + FIELD_MAX];
    struct slice word[2] = {SLICE("GET")};

    if (p->next == p->n)
        return ERR_NOT_FOUND;
    word[1] = sheet_key(key, p->row[p->next].site, p->row[p->next].run);
    p->next++;
    return redis_say(l, word, 2);
}

static int hear_get(void *context, size_t number, const redisReply *reply)
{
    struct sheets *p = context;

    if (number >= p->n ||
        (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_NIL))
        return ERR_MALFORMED;
    p->sheet(p->context, number, redis_text(reply));
    return 0;
}

int redis_sheets_get(struct store *store, const struct sheet_row *places, size_t n,
                     void (*sheet)(void *, size_t index, struct slice bytes),
                     void *context, struct deadline d)
{
    struct sheets p = {.s = redis_store_of(store),
                       .row = places,
                       .n = n,
                       .sheet = sheet,
                       .context = context};
    const struct redis_talk talk = {.ask = say_get, .answer = hear_get, .context = &p};
    int64_t give_up_ms;
    int rv = redis_ready(p.s, d, &give_up_ms);

    return rv != 0 ? rv : redis_link_talk(p.s->link, &talk, give_up_ms);
}

/* --- What came since --- */

struct since {
    const char *run;
    int64_t from;
    unsigned limit;
    bool said;
    void (*site)(void *, struct slice, int64_t);
    void *context;
};

static int say_since(void *context, struct redis_link *l)
{
    struct since *q = context;
    char key[KEY_MAX], from[24], limit[16];

    if (q->said)
        return ERR_NOT_FOUND;
    q->said = true;
    snprintf(key, sizeof key, "luot:sheets:%s", q->run);
    snprintf(from, sizeof from, "%lld", (long long)q->from);
    snprintf(limit, sizeof limit, "%u", q->limit);
    return redis_say(l,
                     (const struct slice[]){SLICE("ZRANGEBYSCORE"), slice_of(key),
                                            slice_of(from), SLICE("+inf"),
                                            SLICE("WITHSCORES"), SLICE("LIMIT"),
                                            SLICE("0"), slice_of(limit)},
                     8);
}

static int hear_since(void *context, size_t number, const redisReply *reply)
{
    struct since *q = context;

    (void)number;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements % 2 != 0 ||
        reply->elements > 2 * (size_t)q->limit)
        return ERR_MALFORMED;
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        int64_t at;

        if (slice_signed(redis_text(reply->element[i + 1]), &at) != 0 || at < 0 ||
            at > MOMENT_MOST)
            return ERR_MALFORMED;
        q->site(q->context, redis_text(reply->element[i]), at);
    }
    return 0;
}

int redis_sheets_since(struct store *store, const char *run, int64_t since,
                       unsigned limit, void (*site)(void *, struct slice, int64_t at),
                       void *context, struct deadline d)
{
    struct redis_store *s = redis_store_of(store);
    struct since q = {
        .run = run, .from = since, .limit = limit, .site = site, .context = context};
    const struct redis_talk talk = {
        .ask = say_since, .answer = hear_since, .context = &q};
    int64_t give_up_ms;
    int rv = redis_ready(s, d, &give_up_ms);

    return rv != 0 ? rv : redis_link_talk(s->link, &talk, give_up_ms);
}

/* --- Who is there --- */

struct roll {
    struct node_row row[RUNS_AT_ONCE];
    size_t count, next, limit;
    int64_t now_s;
    unsigned said;
};

static int say_roll(void *context, struct redis_link *l)
{
    struct roll *r = context;
    char last[16];

    snprintf(last, sizeof last, "%zu", r->limit - 1);
    switch (r->said++) {
    case 0:
        return redis_say(l, (const struct slice[]){SLICE("TIME")}, 1);
    case 1:
        return redis_say(l,
                         (const struct slice[]){SLICE("ZREVRANGE"), SLICE("luot:nodes"),
                                                SLICE("0"), slice_of(last),
                                                SLICE("WITHSCORES")},
                         5);
    default:
        return ERR_NOT_FOUND;
    }
}

/* NODE:INCARNATION; a member that is none is somebody else's. */
static bool read_run(struct node_row *row, struct slice run)
{
    size_t colon;

    if (run.length < 18 || run.length > RUN_MAX || run.at[run.length - 17] != ':')
        return false;
    colon = run.length - 17;
    if (colon >= sizeof row->node)
        return false;
    snprintf(row->run, sizeof row->run, "%.*s", (int)run.length, run.at);
    snprintf(row->node, sizeof row->node, "%.*s", (int)colon, run.at);
    snprintf(row->incarnation, sizeof row->incarnation, "%.16s", run.at + colon + 1);
    return true;
}

static int hear_roll(void *context, size_t number, const redisReply *reply)
{
    struct roll *r = context;

    if (reply->type != REDIS_REPLY_ARRAY)
        return ERR_MALFORMED;
    if (number == 0)
        return reply->elements == 2 &&
                       slice_signed(redis_text(reply->element[0]), &r->now_s) == 0
                   ? 0
                   : ERR_MALFORMED;
    for (size_t i = 0; i + 1 < reply->elements && r->count < r->limit; i += 2) {
        struct node_row *row = &r->row[r->count];

        memset(row, 0, sizeof *row);
        if (!read_run(row, redis_text(reply->element[i])) ||
            slice_signed(redis_text(reply->element[i + 1]), &row->wrote_s) != 0)
            continue;
        row->now_s = r->now_s;
        row->here = r->now_s - row->wrote_s <= HERE_S;
        r->count++;
    }
    return 0;
}

static int say_node(void *context, struct redis_link *l)
{
    struct roll *r = context;
    char key[KEY_MAX];

    if (r->next == r->count)
        return ERR_NOT_FOUND;
    snprintf(key, sizeof key, "luot:node:%s", r->row[r->next++].run);
    return redis_say(l,
                     (const struct slice[]){SLICE("HMGET"), slice_of(key),
                                            SLICE("version"), SLICE("clock"),
                                            SLICE("seen")},
                     5);
}

static int hear_node(void *context, size_t number, const redisReply *reply)
{
    struct roll *r = context;
    struct slice version;

    if (number >= r->count || reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
        return ERR_MALFORMED;
    version = redis_text(reply->element[0]);
    snprintf(r->row[number].version, sizeof r->row[number].version, "%.*s",
             (int)(version.length < 31 ? version.length : 31),
             version.at == NULL ? "" : version.at);
    if (slice_signed(redis_text(reply->element[1]), &r->row[number].clock_ms) != 0 ||
        slice_signed(redis_text(reply->element[2]), &r->row[number].seen_ms) != 0)
        r->row[number].clock_ms = r->row[number].seen_ms = 0;
    return 0;
}

int redis_nodes(struct store *store, unsigned limit,
                void (*node)(void *, struct node_row *), void *context, struct deadline d)
{
    struct redis_store *s = redis_store_of(store);
    struct roll r = {.limit = limit < RUNS_AT_ONCE ? limit : RUNS_AT_ONCE};
    const struct redis_talk roll = {.ask = say_roll, .answer = hear_roll, .context = &r};
    const struct redis_talk each = {.ask = say_node, .answer = hear_node, .context = &r};
    int64_t give_up_ms;
    int rv = redis_ready(s, d, &give_up_ms);

    if (rv == 0)
        rv = redis_link_talk(s->link, &roll, give_up_ms);
    if (rv == 0 && r.count > 0)
        rv = redis_link_talk(s->link, &each, give_up_ms);
    for (size_t i = 0; rv == 0 && i < r.count; i++) {
        r.row[i].ours = strcmp(r.row[i].run, s->run) == 0;
        node(context, &r.row[i]);
    }
    return rv;
}

/* --- Visitors by run --- */

struct by_run {
    const char *ours;
    enum change_kind kind;
    void (*run)(void *, struct slice, uint64_t, bool);
    void *context;
};

static int pass_run(void *context, struct slice field, struct slice value)
{
    const struct by_run *b = context;
    int64_t n[4] = {0};
    size_t at = b->kind == CHANGE_DAY ? 2 : 0;

    if (slice_equal(field, slice_of(b->ours)))
        return 0;
    if (redis_numbers(value, n, at + 2) == at + 2 && n[at] >= 0)
        b->run(b->context, field, (uint64_t)n[at], n[at + 1] == 0);
    return 0;
}

int redis_run_visitors(struct store *store, struct slice site, enum change_kind kind,
                       int64_t number,
                       void (*run)(void *, struct slice, uint64_t visitors, bool exact),
                       void *context, struct deadline d)
{
    struct redis_store *s = redis_store_of(store);
    struct by_run b = {.ours = s->run, .kind = kind, .run = run, .context = context};
    char key[KEY_MAX], label[16];
    int64_t give_up_ms;
    int rv = redis_ready(s, d, &give_up_ms);

    if (rv != 0)
        return rv;
    redis_label(kind, number, label);
    return redis_read_hash(s, redis_key_of(key, site, redis_kind(kind), label), pass_run,
                           &b, give_up_ms);
}
