/* What people brought: past logs as days, hours and tops, each file one transaction with its
 * line of the audit trail. */
#include <stdio.h>

#include "base/error.h"
#include "store/store_redis.h"
#include "store/store_redis_order.h"

enum { ROWS_AT_ONCE = 16 };

/* --- Imports --- */

static void write_source(uint64_t first_line, char text[17])
{
    snprintf(text, 17, "%016llx", (unsigned long long)first_line);
}

struct source_reading {
    struct import_source *source;
    bool any;
};

static int hear_source(void *context, const redisReply *reply)
{
    struct source_reading *x = context;
    struct slice text = redis_text(reply);
    struct import_source *source = x->source;
    int64_t n[8];

    if (reply->type == REDIS_REPLY_NIL)
        return 0;
    if (redis_numbers(text, n, 8) != 8)
        return ERR_MALFORMED;
    source->bytes = (uint64_t)n[0];
    source->lines = (uint64_t)n[1];
    source->parsed = (uint64_t)n[2];
    source->malformed = (uint64_t)n[3];
    source->views = (uint64_t)n[4];
    source->skipped = (uint64_t)n[5];
    source->from_s = n[6];
    source->to_s = n[7];
    redis_copy_text(source->name, sizeof source->name, redis_behind_numbers(text, 8));
    x->any = true;
    return 0;
}

int redis_source_get(struct store *store, struct slice site, uint64_t first_line,
                     struct import_source *ret_source)
{
    struct redis_store *s = redis_store_of(store);
    struct import_source source = {.first_line = first_line};
    struct source_reading x = {.source = &source};
    char key[KEY_MAX], field[17];
    struct slice word[3] = {SLICE("HGET")};
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    if (rv != 0)
        return rv;
    write_source(first_line, field);
    word[1] = redis_key(key, site, "sources");
    word[2] = slice_of(field);
    rv = redis_ask_one(s, word, 3, hear_source, &x, give_up_ms);
    if (rv == 0 && !x.any)
        rv = ERR_NOT_FOUND;
    if (rv == 0)
        *ret_source = source;
    return rv;
}

struct importing {
    struct slice site;
    const struct change *row; /* `n`, and then `tops` of CHANGE_TOPS */
    size_t n, tops, next;
    size_t top_rows; /* that were said of the next of CHANGE_TOPS */
    int64_t today;   /* UTC */
    int state;
    char field[17], source[512];
    const char *audit;
};

struct imported_words { /* of one row */
    char key[KEY_MAX], index[KEY_MAX], field[32], number[3][24], score[24], label[16];
};

static void write_imported(struct imported_words *w, const struct importing *i,
                           const struct change *c)
{
    const uint64_t numbers[] = {c->views, c->visits, c->visitors};
    int64_t number = c->number;
    char name[32];

    snprintf(w->field, sizeof w->field, "%s", i->field);
    if (c->kind == CHANGE_HOUR) {
        int64_t day = number / 24 - (number % 24 < 0);
        snprintf(w->field, sizeof w->field, "%02d %s", (int)(number - day * 24),
                 i->field);
        number = day;
    }
    redis_label(c->kind, number, w->label);
    snprintf(name, sizeof name, "imported:%s", redis_kind(c->kind));
    redis_key_of(w->key, i->site, name, w->label);
    snprintf(name, sizeof name, "imported:%s", redis_kinds(c->kind));
    redis_key(w->index, i->site, name);
    for (int n = 0; n < 3; n++)
        redis_number_text(w->number[n], (int64_t)numbers[n]);
    redis_number_text(w->score, number);
}

static int say_imported(struct importing *i, struct redis_link *l)
{
    struct imported_words words[ROWS_AT_ONCE];
    struct slice word[ROWS_AT_ONCE * 8];
    size_t n = 0;

    for (; n < ROWS_AT_ONCE && i->next < i->n; n++)
        write_imported(&words[n], i, &i->row[i->next++]);
    for (size_t r = 0; r < n; r++) {
        struct slice *rest = &word[2 * n + 6 * r];
        word[2 * r] = slice_of(words[r].key);
        word[2 * r + 1] = slice_of(words[r].index);
        rest[0] = slice_of(words[r].field);
        for (int k = 0; k < 3; k++)
            rest[1 + k] = slice_of(words[r].number[k]);
        rest[4] = slice_of(words[r].score);
        rest[5] = slice_of(words[r].label);
    }
    return redis_say_script(l, SCRIPT_ADD, 2 * n, word, 8 * n);
}

/* As many rows as a script takes at once: they are added, so it is asked again. */
static int say_tops(struct importing *i, struct redis_link *l)
{
    const size_t most = REDIS_TOP_ROWS * sizeof(struct top_row);
    struct change some = i->row[i->next];
    size_t said = i->top_rows * sizeof(struct top_row), left = some.blob.length - said;

    some.blob = (struct slice){some.blob.at + said, left < most ? left : most};
    i->top_rows = left > most ? i->top_rows + REDIS_TOP_ROWS : 0;
    i->next += left <= most;
    return redis_say_imported_tops(l, i->site, slice_of(i->field), i->today, &some);
}

static int say_import(void *context, struct redis_link *l)
{
    struct importing *i = context;
    char key[KEY_MAX];

    if (i->next < i->n)
        return say_imported(i, l);
    if (i->next < i->n + i->tops)
        return say_tops(i, l);
    switch (i->state++) {
    case 0:
        return redis_say(l,
                         (const struct slice[]){SLICE("HSET"),
                                                redis_key(key, i->site, "sources"),
                                                slice_of(i->field), slice_of(i->source)},
                         4);
    case 1:
        return redis_say_push(l, i->site, "audit", i->audit);
    default:
        return ERR_NOT_FOUND;
    }
}

static void import_again(void *context)
{
    struct importing *i = context;

    i->next = i->top_rows = 0;
    i->state = 0;
}

int redis_import(struct store *store, struct slice site,
                 const struct import_source *source, uint32_t uid, int64_t at_s,
                 const struct change *rows, size_t n)
{
    char audit[512];
    struct importing i = {
        .site = site, .row = rows, .n = n, .today = at_s / 86400, .audit = audit};
    struct redis_transaction t = {say_import, import_again, &i, 0};

    for (; i.n > 0 && rows[i.n - 1].kind == CHANGE_TOPS; i.n--)
        i.tops++;
    write_source(source->first_line, i.field);
    snprintf(i.source, sizeof i.source, "%llu %llu %llu %llu %llu %llu %lld %lld %.255s",
             (unsigned long long)source->bytes, (unsigned long long)source->lines,
             (unsigned long long)source->parsed, (unsigned long long)source->malformed,
             (unsigned long long)source->views, (unsigned long long)source->skipped,
             (long long)source->from_s, (long long)source->to_s, source->name);
    snprintf(audit, sizeof audit,
             "%lld %u import source=%s bytes=%llu views=%llu name=%.255s",
             (long long)at_s, uid, i.field, (unsigned long long)source->bytes,
             (unsigned long long)source->views, source->name);
    return redis_transact(redis_store_of(store), &t);
}
