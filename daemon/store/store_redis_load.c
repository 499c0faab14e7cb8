/* Loads rows of a dump: in pipelines of scripts, each of which keeps the greater, the
 * later, or what is there already. The numbers of runs go up row by row. What was imported
 * of a site is one transaction: half of an import must not be continued by the next one.
 *
 * Rows come one at a time and are good until the next one is asked for, so a script is
 * filled until a row comes that does not fit into it, which waits. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "store/store_redis_loading.h"

enum {
    LOAD_MS = 60000,
    SCRIPTS_AT_ONCE = 64, /* in a talk, which has FLUSH_MS */
    QUARTERS_KEPT_S = 36 * 86400,
    SKETCHES_KEPT_S = 62 * 86400
};

/* --- Rows that are asked for --- */

const struct dump_row *loading_peek(struct loading *l)
{
    if (l->waiting == NULL && !l->ended) {
        int rv = l->next(l->context, &l->waiting);
        if (rv != 0) {
            l->waiting = NULL;
            l->ended = true;
            l->rv = rv == ERR_NOT_FOUND ? 0 : rv;
        }
    }
    return l->waiting;
}

/* --- Numbers of runs --- */

struct raise_words { /* one row, as SCRIPT_RAISE wants it */
    char key[KEY_MAX], index[KEY_MAX], field[512], numbers[96], score[24],
        member[DUMP_WHO_MAX + 8], keep[16];
};

static bool is_raised(enum dump_kind kind)
{
    return (kind >= DUMP_TOTAL && kind <= DUMP_ENGAGED) || kind == DUMP_PAGE;
}

static int write_field(struct raise_words *w, const char *prefix,
                       const struct dump_value run[2])
{
    int n = snprintf(w->field, sizeof w->field, "%s%.*s:%.*s", prefix,
                     (int)run[0].text.length, run[0].text.at, (int)run[1].text.length,
                     run[1].text.at);

    return n < (int)sizeof w->field ? 0 : ERR_TOO_LONG;
}

static void write_place(struct raise_words *w, const struct loading *l,
                        enum change_kind kind, int64_t number)
{
    redis_label(kind, number, w->member);
    redis_key_of(w->key, loading_site(l), redis_kind(kind), w->member);
    redis_key(w->index, loading_site(l), redis_kinds(kind));
    loading_number(w->score, number);
}

static int write_page(struct raise_words *w, const struct loading *l,
                      const struct dump_value *v)
{
    int rv = write_field(w, "", v + 3); /* the run, for its place */

    snprintf(w->member, sizeof w->member, "%s", w->field);
    if (rv == 0)
        rv = redis_page_words(w->key, w->index, loading_site(l), slice_of(w->member));
    if (rv != 0 || v[1].text.length >= sizeof w->field)
        return rv != 0 ? rv : ERR_TOO_LONG;
    snprintf(w->field, sizeof w->field, "%.*s", (int)v[1].text.length, v[1].text.at);
    snprintf(w->score, sizeof w->score, "0");
    snprintf(w->numbers, sizeof w->numbers, "%lld", (long long)v[2].number);
    return 0;
}

static int write_raised(struct raise_words *w, const struct loading *l,
                        const struct dump_row *row)
{
    const struct dump_value *v = row->value;
    const long long n[] = {v[0].number, v[1].number, v[2].number, v[3].number,
                           v[4].number};
    int64_t day = n[0] / 96;
    char clock[16];

    snprintf(w->keep, sizeof w->keep, "%d",
             row->kind == DUMP_QUARTER ? QUARTERS_KEPT_S : 0);
    switch (row->kind) {
    case DUMP_TOTAL:
        redis_key(w->key, loading_site(l), "total");
        redis_key(w->index, loading_site(l), "total");
        snprintf(w->score, sizeof w->score, "0");
        w->member[0] = '\0';
        snprintf(w->numbers, sizeof w->numbers, "%lld %lld", n[0], n[1]);
        return write_field(w, "", v + 2);
    case DUMP_PAGE:
        return write_page(w, l, v);
    case DUMP_DAY:
        write_place(w, l, CHANGE_DAY, n[0]);
        snprintf(w->numbers, sizeof w->numbers, "%lld %lld %lld %d", n[1], n[2], n[3],
                 n[4] == 0);
        return write_field(w, "", v + 5);
    case DUMP_ENGAGED:
        write_place(w, l, CHANGE_ENGAGED, n[0]);
        snprintf(w->numbers, sizeof w->numbers, "%lld %lld", n[1], n[2]);
        return write_field(w, "", v + 3);
    case DUMP_QUARTER:
        write_place(w, l, CHANGE_QUARTER, day);
        snprintf(clock, sizeof clock, "%02d:%02d ", (int)(n[0] - day * 96) / 4,
                 (int)(n[0] - day * 96) % 4 * 15);
        snprintf(w->numbers, sizeof w->numbers, "%lld %lld", n[1], n[2]);
        return write_field(w, clock, v + 3);
    default:
        write_place(w, l, row->kind == DUMP_WEEK ? CHANGE_WEEK : CHANGE_MONTH, n[0]);
        snprintf(w->numbers, sizeof w->numbers, "%lld %d", n[1], n[2] == 0);
        return write_field(w, "", v + 3);
    }
}

static int say_raised(struct loading *l, struct redis_link *link)
{
    struct raise_words words[ROWS_AT_ONCE];
    struct slice word[ROWS_AT_ONCE * 7];
    const struct dump_row *row;
    size_t n = 0;

    while (n < ROWS_AT_ONCE && (row = loading_peek(l)) != NULL && is_raised(row->kind)) {
        int rv = write_raised(&words[n++], l, row);
        if (rv != 0)
            return rv;
        l->waiting = NULL;
    }
    for (size_t i = 0; i < n; i++) {
        struct slice *rest = &word[2 * n + 5 * i];
        word[2 * i] = slice_of(words[i].key);
        word[2 * i + 1] = slice_of(words[i].index);
        rest[0] = slice_of(words[i].field);
        rest[1] = slice_of(words[i].numbers);
        rest[2] = slice_of(words[i].score);
        rest[3] = slice_of(words[i].member);
        rest[4] = slice_of(words[i].keep);
    }
    return redis_say_script(link, SCRIPT_RAISE, 2 * n, word, 7 * n);
}

/* --- Gaps, sites and sketches --- */

static int say_gap(struct redis_link *link, const struct dump_value *v)
{
    char key[KEY_MAX], begins[24], ends[24];
    const struct slice node = v[2].text, none = SLICE("");
    const struct slice list[] = {SLICE("HSETNX"), SLICE("luot:gaps"), node, SLICE("1")};
    int rv;

    snprintf(key, sizeof key, "luot:gaps:%.*s", (int)node.length, node.at);
    rv = redis_say_script(link, SCRIPT_RAISE, 2,
                          (const struct slice[]){slice_of(key), slice_of(key),
                                                 loading_number(begins, v[0].number),
                                                 loading_number(ends, v[1].number),
                                                 SLICE("0"), none, SLICE("0")},
                          7);
    return rv != 0 ? rv : redis_say(link, list, 4);
}

/* In luot:names, a field "KIND SUBJECT" holds "AT OBJECT HOST UID". */
static int say_name(struct redis_link *link, const struct dump_value *v)
{
    char field[80], value[512];
    int n = snprintf(field, sizeof field, "%.*s %.*s", (int)v[1].text.length,
                     v[1].text.at, (int)v[0].text.length, v[0].text.at);
    int m = snprintf(value, sizeof value, "%lld %.*s %.*s %lld", (long long)v[4].number,
                     (int)v[2].text.length, v[2].text.at, (int)v[3].text.length,
                     v[3].text.at, (long long)v[5].number);

    if (n >= (int)sizeof field || m >= (int)sizeof value)
        return ERR_TOO_LONG;
    return redis_say_script(
        link, SCRIPT_NAME, 1,
        (const struct slice[]){SLICE("luot:names"), slice_of(field), slice_of(value)}, 3);
}

static int say_site(struct loading *l, struct redis_link *link,
                    const struct dump_value *v)
{
    const bool host = v[1].text.length > 0;
    char key[KEY_MAX], number[3][24];
    struct slice script[5], list[4] = {host ? SLICE("HSET") : SLICE("HSETNX"),
                                       SLICE("luot:sites"), v[0].text, v[1].text};
    int rv;

    if (v[0].text.length >= sizeof l->site)
        return ERR_TOO_LONG;
    snprintf(l->site, sizeof l->site, "%.*s", (int)v[0].text.length, v[0].text.at);
    script[0] = redis_key(key, loading_site(l), "site");
    for (int i = 0; i < 3; i++)
        script[1 + i] = loading_number(number[i], v[2 + i].number);
    script[4] = host ? v[1].text : SLICE("");
    if (!host)
        list[3] = SLICE("");
    rv = redis_say_script(link, SCRIPT_SITE, 1, script, 5);
    if (rv == 0)
        rv = redis_say(link, list, 4);
    if (rv == 0 && l->note != NULL)
        rv = loading_say_append(link, redis_key(key, loading_site(l), "audit"), "what",
                                (const struct slice[]){slice_of(l->note), SLICE("1")}, 1);
    return rv;
}

static int say_sketch(struct loading *l, struct redis_link *link,
                      const struct dump_value *v)
{
    char key[KEY_MAX], given[KEY_MAX + DUMP_WHO_MAX], label[16], keep[16];
    struct slice word[4];

    redis_label(CHANGE_DAY, v[0].number, label);
    word[0] = redis_key_of(key, loading_site(l), "visitors", label);
    snprintf(given, sizeof given, "%s:load:%s", key, l->s->run);
    snprintf(keep, sizeof keep, "%d", SKETCHES_KEPT_S);
    word[1] = slice_of(given);
    word[2] = v[3].text;
    word[3] = slice_of(keep);
    return redis_say_script(link, SCRIPT_SKETCH, 2, word, 4);
}

/* --- All of it --- */

static int say_word(struct redis_link *link, struct slice word)
{
    return redis_say(link, &word, 1);
}

/* A row at a time: the script knows what belongs together. */
static int say_top(struct loading *l, struct redis_link *link, const struct dump_row *row)
{
    const struct dump_value *v = row->value;
    char run[DUMP_WHO_MAX + 8], value[112];
    struct redis_top_words w;
    struct slice word[8];
    int n = snprintf(run, sizeof run, "%.*s:%.*s", (int)v[8].text.length, v[8].text.at,
                     (int)v[9].text.length, v[9].text.at);
    int rv = n < (int)sizeof run
                 ? redis_top_words(&w, loading_site(l), row->kind == DUMP_TOP_MONTH,
                                   v[1].number, v[2].text, slice_of(run),
                                   (uint64_t)v[7].number)
                 : ERR_TOO_LONG;

    if (rv != 0)
        return rv;
    n = snprintf(value, sizeof value, "%lld %lld %lld", (long long)v[4].number,
                 (long long)v[5].number, (long long)v[6].number);
    if (v[3].text.length == 0)
        snprintf(value + n, sizeof value - (size_t)n, " %s", w.sum);
    word[0] = slice_of(w.key);
    word[1] = slice_of(w.index);
    word[2] = slice_of(w.sum);
    word[3] = slice_of(w.score);
    word[4] = slice_of(w.member);
    word[5] = slice_of(w.keep);
    word[6] = v[3].text.length == 0 ? SLICE("") : v[3].text;
    word[7] = slice_of(value);
    return redis_say_script(link, SCRIPT_TOP, 2, word, 8);
}

/* As a source: the later one, by its first number. */
static int say_page_seed(struct loading *l, struct redis_link *link,
                         const struct dump_value *v)
{
    char key[KEY_MAX], value[700];
    struct slice word[3];

    snprintf(value, sizeof value, "%lld %lld %lld %lld %.*s", (long long)v[4].number,
             (long long)v[2].number, (long long)v[3].number, (long long)v[5].number,
             (int)v[6].text.length, v[6].text.length == 0 ? "" : v[6].text.at);
    word[0] = redis_key(key, loading_site(l), "page-seeds");
    word[1] = v[1].text;
    word[2] = slice_of(value);
    return redis_say_script(link, SCRIPT_SOURCE, 1, word, 3);
}

/* What is said of one row, or of as many of a kind as a script takes. */
static int say_row(struct loading *l, struct redis_link *link, const struct dump_row *row)
{
    if (is_raised(row->kind))
        return say_raised(l, link);
    if (loading_is_imported(row->kind))
        return loading_say_imported(l, link);
    if (row->kind == DUMP_ADJUST || row->kind == DUMP_AUDIT)
        return loading_say_lines(l, link, row->kind);
    l->waiting = NULL;
    switch (row->kind) {
    case DUMP_GAP:
        return say_gap(link, row->value);
    case DUMP_NAME:
        return say_name(link, row->value);
    case DUMP_SITE:
        return say_site(l, link, row->value);
    case DUMP_SKETCH:
        return say_sketch(l, link, row->value);
    case DUMP_TOP:
    case DUMP_TOP_MONTH:
        return say_top(l, link, row);
    case DUMP_PAGE_SEED:
        return say_page_seed(l, link, row->value);
    case DUMP_SEED:
        return loading_say_seed(l, link, row->value);
    default:
        return loading_say_source(l, link, row->value);
    }
}

static int say_next(void *context, struct redis_link *link)
{
    struct loading *l = context;
    const struct dump_row *row = loading_peek(l);
    const bool imported = row != NULL && row->kind >= DUMP_SOURCE;

    if (l->in_transaction && !imported) {
        l->in_transaction = false;
        return say_word(link,
                        row == NULL && l->rv != 0 ? SLICE("DISCARD") : SLICE("EXEC"));
    }
    if (row == NULL || (l->said >= SCRIPTS_AT_ONCE && !l->in_transaction))
        return ERR_NOT_FOUND;
    if (imported && !l->in_transaction) {
        l->in_transaction = true;
        return say_word(link, SLICE("MULTI"));
    }
    l->said++;
    return say_row(l, link, row);
}

/* 1, QUEUED, OK, and the answers to a transaction, of which none may be an error. */
static int hear(void *context, size_t number, const redisReply *reply)
{
    struct loading *l = context;

    (void)number;
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        if (reply->element[i]->type == REDIS_REPLY_ERROR)
            l->rv = ERR_CORRUPT;
    return 0;
}

int redis_load(struct store *store, dump_next_fn *next, void *context, uint32_t uid,
               int64_t at_s, const char *note)
{
    struct redis_store *s = redis_store_of(store);
    char line[LINE_BYTES];
    struct loading l = {.s = s, .next = next, .context = context};
    const struct redis_talk talk = {.ask = say_next, .answer = hear, .context = &l};
    const int64_t end_ms = deadline_in(LOAD_MS).at_ms;
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    if (note != NULL) {
        snprintf(line, sizeof line, "%lld %u %s", (long long)at_s, uid, note);
        l.note = line;
    }
    redis_forget(s);
    while (rv == 0 && l.rv == 0 && loading_peek(&l) != NULL) {
        l.said = 0;
        give_up_ms = deadline_in(FLUSH_MS).at_ms;
        rv = redis_link_talk(s->link, &talk, give_up_ms < end_ms ? give_up_ms : end_ms);
    }
    return rv != 0 ? rv : l.rv;
}
