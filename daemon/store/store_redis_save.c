/* A save is one pipeline: a script for the rows of a site, up to ROWS_AT_ONCE at a time,
 * and a few commands for what is not a row. Nothing in it can lower a number, so it does
 * not matter whether it arrives twice, late, or half: what was not confirmed is saved
 * again. */
#include <stdio.h>

#include "base/error.h"
#include "store/store_redis.h"

enum {
    ROWS_AT_ONCE = 16,
    DAY_S = 86400,
    DAY_QUARTERS = 96,
    QUARTERS_KEPT_S = 36 * DAY_S,
    SKETCHES_KEPT_S = 62 * DAY_S,
    NODE_KEPT_S = 60,
    PAGE_FIELD_MAX = 256 /* a page is the longest */
};

struct saving {
    struct redis_store *s;
    const struct change *change;
    size_t n, next;
};

/* --- Rows --- */

struct row_words { /* one row, as the script wants it */
    char key[KEY_MAX], index[KEY_MAX], field[PAGE_FIELD_MAX], numbers[96], score[24],
        member[FIELD_MAX], keep[16];
};

static bool is_row(enum change_kind kind)
{
    return kind == CHANGE_TOTAL || kind == CHANGE_DAY || kind == CHANGE_QUARTER ||
           kind == CHANGE_WEEK || kind == CHANGE_MONTH || kind == CHANGE_ENGAGED ||
           kind == CHANGE_PAGE;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Which hash, which index, which label of it. */
static void write_place(struct row_words *w, const struct redis_store *s,
                        const struct change *c)
{
    int64_t number = c->number;
    char label[16];

    if (c->kind == CHANGE_TOTAL) {
        redis_key(w->key, c->site, "total");
        snprintf(w->index, sizeof w->index, "%s", w->key);
        snprintf(w->field, sizeof w->field, "%s", s->run);
        snprintf(w->score, sizeof w->score, "0");
        w->member[0] = '\0';
        return;
    }
    if (c->kind == CHANGE_PAGE) {
        (void)redis_page_words(w->key, w->index, c->site, slice_of(s->run));
        snprintf(w->field, sizeof w->field, "%.*s", (int)c->blob.length,
                 c->blob.length == 0 ? "" : c->blob.at);
        snprintf(w->score, sizeof w->score, "0");
        snprintf(w->member, sizeof w->member, "%s", s->run);
        return;
    }
    snprintf(w->field, sizeof w->field, "%s", s->run);
    if (c->kind == CHANGE_QUARTER) {
        unsigned quarter = (unsigned)(number - floor_div(number, DAY_QUARTERS) * 96);
        number = floor_div(number, DAY_QUARTERS);
        snprintf(w->field, sizeof w->field, "%02u:%02u %s", quarter / 4, quarter % 4 * 15,
                 s->run);
    }
    redis_label(c->kind, number, label);
    redis_key_of(w->key, c->site, redis_kind(c->kind), label);
    redis_key(w->index, c->site, redis_kinds(c->kind));
    snprintf(w->score, sizeof w->score, "%lld", (long long)number);
    snprintf(w->member, sizeof w->member, "%s", label);
}

/* The last number of a period is 1 when its visitors are about right, so that it too only
 * grows. */
static void write_numbers(struct row_words *w, const struct change *c)
{
    const unsigned long long views = c->views, visits = c->visits, visitors = c->visitors;

    if (c->kind == CHANGE_DAY)
        snprintf(w->numbers, sizeof w->numbers, "%llu %llu %llu %d", views, visits,
                 visitors, !c->exact);
    else if (c->kind == CHANGE_PAGE)
        snprintf(w->numbers, sizeof w->numbers, "%llu", views);
    else if (c->kind == CHANGE_WEEK || c->kind == CHANGE_MONTH)
        snprintf(w->numbers, sizeof w->numbers, "%llu %d", visitors, !c->exact);
    else
        snprintf(w->numbers, sizeof w->numbers, "%llu %llu", views, visits);
}

static int say_rows(struct saving *v, struct redis_link *l)
{
    struct row_words words[ROWS_AT_ONCE];
    struct slice word[ROWS_AT_ONCE * 7];
    struct slice site = v->change[v->next].site;
    size_t n = 0, at;

    for (; n < ROWS_AT_ONCE && v->next < v->n; n++, v->next++) {
        const struct change *c = &v->change[v->next];
        if (!is_row(c->kind) || !slice_equal(c->site, site))
            break;
        write_place(&words[n], v->s, c);
        write_numbers(&words[n], c);
        snprintf(words[n].keep, sizeof words[n].keep, "%d",
                 c->kind == CHANGE_QUARTER ? QUARTERS_KEPT_S : 0);
    }
    for (size_t i = 0; i < n; i++) {
        word[2 * i] = slice_of(words[i].key);
        word[2 * i + 1] = slice_of(words[i].index);
        at = 2 * n + 5 * i;
        word[at] = slice_of(words[i].field);
        word[at + 1] = slice_of(words[i].numbers);
        word[at + 2] = slice_of(words[i].score);
        word[at + 3] = slice_of(words[i].member);
        word[at + 4] = slice_of(words[i].keep);
    }
    return redis_say_script(l, SCRIPT_RAISE, 2 * n, word, 7 * n);
}

/* --- The rest --- */

static int say_site(struct redis_link *l, const struct change *c)
{
    char key[KEY_MAX], created[24], first[24], last[24];
    struct slice script[5];
    const struct slice list[] = {c->blob.length > 0 ? SLICE("HSET") : SLICE("HSETNX"),
                                 SLICE("luot:sites"), c->site, c->blob};
    int rv;

    snprintf(created, sizeof created, "%lld", (long long)c->number);
    snprintf(first, sizeof first, "%lld", (long long)c->views);
    snprintf(last, sizeof last, "%lld", (long long)c->visits);
    script[0] = redis_key(key, c->site, "site");
    script[1] = slice_of(created);
    script[2] = slice_of(first);
    script[3] = slice_of(last);
    script[4] = c->blob;
    rv = redis_say_script(l, SCRIPT_SITE, 1, script, 5);
    return rv != 0 ? rv : redis_say(l, list, 4);
}

static int say_sketch(struct redis_store *s, struct redis_link *l, const struct change *c)
{
    char key[KEY_MAX], ours[KEY_MAX + FIELD_MAX], label[16], keep[16];
    struct slice word[4];

    redis_label(CHANGE_DAY, c->number, label);
    word[0] = redis_key_of(key, c->site, "visitors", label);
    snprintf(ours, sizeof ours, "%s:%s", key, s->run);
    snprintf(keep, sizeof keep, "%d", SKETCHES_KEPT_S);
    word[1] = slice_of(ours);
    word[2] = c->blob;
    word[3] = slice_of(keep);
    return redis_say_script(l, SCRIPT_SKETCH, 2, word, 4);
}

/* That we live, for ever and for a minute. */
static int say_alive(struct redis_store *s, struct redis_link *l, const struct change *c)
{
    char at[24], clock[24], node[128], keep[16];
    const struct slice none = SLICE("");
    struct slice run[7] = {SLICE("luot:runs"), SLICE("luot:runs"), slice_of(s->run)};
    struct slice word[8] = {{NULL, 0}, SLICE("luot:nodes")};
    int rv;

    snprintf(at, sizeof at, "%lld", (long long)c->number);
    run[3] = slice_of(at);
    run[4] = SLICE("0");
    run[5] = none;
    run[6] = SLICE("0");
    rv = redis_say_script(l, SCRIPT_RAISE, 2, run, 7);
    if (rv != 0)
        return rv;
    snprintf(node, sizeof node, "luot:node:%s", s->run);
    snprintf(clock, sizeof clock, "%lld",
             (long long)(c->views != 0 ? (int64_t)c->views : c->number * 1000));
    snprintf(keep, sizeof keep, "%d", NODE_KEPT_S);
    word[0] = slice_of(node);
    word[2] = slice_of(s->node);
    word[3] = slice_of(s->incarnation);
    word[4] = slice_of(clock);
    word[5] = c->blob;
    word[6] = slice_of(s->run);
    word[7] = slice_of(keep);
    return redis_say_script(l, SCRIPT_NODE, 2, word, 8);
}

static int say_next(void *context, struct redis_link *l)
{
    struct saving *v = context;
    const struct change *c = &v->change[v->next];

    if (v->next == v->n)
        return ERR_NOT_FOUND;
    if (is_row(c->kind))
        return say_rows(v, l);
    v->next++;
    switch (c->kind) {
    case CHANGE_SITE:
        return say_site(l, c);
    case CHANGE_SKETCH:
        return say_sketch(v->s, l, c);
    case CHANGE_ALIVE:
        return say_alive(v->s, l, c);
    case CHANGE_TOPS:
        return redis_say_tops(v->s, l, c);
    default:
        return 0; /* an import's; not saved */
    }
}

static void begin_again(void *context)
{
    ((struct saving *)context)->next = 0;
}

int redis_save(struct store *store, const struct change *changes, size_t n,
               struct deadline d)
{
    struct redis_store *s = redis_store_of(store);
    struct saving v = {.s = s, .change = changes, .n = n};
    const struct redis_talk talk = {.ask = say_next, .again = begin_again, .context = &v};
    int64_t give_up_ms;
    int rv = redis_ready(s, d, &give_up_ms);

    if (rv != 0)
        return rv;
    redis_forget(s);
    return redis_link_talk(s->link, &talk, give_up_ms);
}

/* --- What it has of ours --- */

struct knowing {
    struct redis_store *s;
    bool asked, knows;
};

static int ask_run(void *context, struct redis_link *l)
{
    struct knowing *k = context;
    const struct slice word[] = {SLICE("HEXISTS"), SLICE("luot:runs"),
                                 slice_of(k->s->run)};

    if (k->asked)
        return ERR_NOT_FOUND;
    k->asked = true;
    return redis_say(l, word, 3);
}

static int hear_run(void *context, size_t number, const redisReply *reply)
{
    struct knowing *k = context;

    (void)number;
    if (reply->type != REDIS_REPLY_INTEGER)
        return ERR_MALFORMED;
    k->knows = reply->integer != 0;
    return 0;
}

int redis_knows_run(struct redis_store *s, int64_t give_up_ms, bool *ret_knows)
{
    struct knowing k = {.s = s};
    const struct redis_talk talk = {.ask = ask_run, .answer = hear_run, .context = &k};
    int rv = redis_link_talk(s->link, &talk, give_up_ms);

    *ret_knows = k.knows;
    return rv;
}
