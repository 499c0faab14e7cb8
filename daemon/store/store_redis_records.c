/* What people said and brought: seeds, adjustments, imports, gaps; and what there is. Each
 * that changes something is one transaction with its line of the audit trail. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "store/store_redis.h"

enum { ROWS_AT_ONCE = 16 };

static const char *const metric_names[] = {"views", "visits", "visitors"};

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

static int ask_one(struct redis_store *s, const struct slice *word, size_t n,
                   int (*answer)(void *, const redisReply *), void *context,
                   int64_t give_up_ms)
{
    struct one o = {.word = word, .n = n, .answer = answer, .context = context};
    const struct redis_talk talk = {.ask = say_one, .answer = hear_one, .context = &o};

    return redis_link_talk(s->link, &talk, give_up_ms);
}

static struct slice number_text(char memory[24], int64_t number)
{
    int n = snprintf(memory, 24, "%lld", (long long)number);

    return (struct slice){memory, (size_t)n};
}

/* The words of a text that holds `n` numbers and then something for people. */
static struct slice behind_numbers(struct slice text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)slice_cut(&text, ' ');
    return text;
}

static void copy_text(char *to, size_t size, struct slice from)
{
    size_t n = from.length < size - 1 ? from.length : size - 1;

    if (n > 0)
        memcpy(to, from.at, n);
    to[n] = '\0';
}

/* --- Seeds --- */

struct seed_words {
    struct slice word[64];
    char number[32][24];
    size_t n, numbers;
};

static void add_number(struct seed_words *w, const char *name, int64_t number)
{
    w->word[w->n++] = slice_of(name);
    w->word[w->n++] = number_text(w->number[w->numbers++], number);
}

static void describe_seed(const struct seed_row *row, char what[640])
{
    const struct {
        const char *name;
        bool has;
        uint64_t number;
    } part[] = {{"today", row->has_today, row->today},
                {"week", row->has_week, row->week},
                {"month", row->has_month, row->month}};
    int n = snprintf(what, 640, "%lld %u seed metric=%s total=%llu", (long long)row->at_s,
                     row->uid, metric_names[row->metric], (unsigned long long)row->total);

    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        if (part[i].has)
            n += snprintf(what + n, 640 - (size_t)n, " %s=%llu", part[i].name,
                          (unsigned long long)part[i].number);
    snprintf(what + n, 640 - (size_t)n, " as_of=%lld%s%.255s", (long long)row->as_of_s,
             row->note[0] != '\0' ? " note=" : "", row->note);
}

struct seeding {
    struct seed_words words;
    bool said;
};

static int say_seed(void *context, struct redis_link *l)
{
    struct seeding *x = context;

    if (x->said)
        return ERR_NOT_FOUND;
    x->said = true;
    return redis_say_script(l, SCRIPT_SEED, 3, x->words.word, x->words.n);
}

static void seed_again(void *context)
{
    ((struct seeding *)context)->said = false;
}

int redis_seed_set(struct store *store, struct slice site, const struct seed_row *row)
{
    struct redis_store *s = redis_store_of(store);
    char seed[KEY_MAX], adjusted[KEY_MAX], audit[KEY_MAX], what[640];
    struct seeding x = {.said = false};
    struct seed_words *w = &x.words;
    const struct redis_talk talk = {.ask = say_seed, .again = seed_again, .context = &x};
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    if (rv != 0)
        return rv;
    describe_seed(row, what);
    w->word[w->n++] = redis_key_of(seed, site, "seed", metric_names[row->metric]);
    w->word[w->n++] = redis_key(adjusted, site, "adjusted");
    w->word[w->n++] = redis_key(audit, site, "audit");
    w->word[w->n++] = slice_of(what);
    add_number(w, "at", row->at_s);
    add_number(w, "uid", row->uid);
    add_number(w, "as_of", row->as_of_s);
    add_number(w, "total", (int64_t)row->total);
    if (row->has_today)
        add_number(w, "today", (int64_t)row->today);
    if (row->has_week)
        add_number(w, "week", (int64_t)row->week);
    if (row->has_month)
        add_number(w, "month", (int64_t)row->month);
    add_number(w, "offset_total", (int64_t)row->offset_total);
    add_number(w, "offset_today", (int64_t)row->offset_today);
    add_number(w, "offset_week", (int64_t)row->offset_week);
    add_number(w, "offset_month", (int64_t)row->offset_month);
    w->word[w->n++] = SLICE("note");
    w->word[w->n++] = slice_of(row->note);
    return redis_link_talk(s->link, &talk, give_up_ms);
}

struct seed_reading {
    struct seed_row row;
    int64_t adjusted;
    bool any;
};

static int hear_seed(void *context, struct slice field, struct slice value)
{
    struct seed_reading *x = context;
    struct seed_row *row = &x->row;
    const struct {
        const char *name;
        uint64_t *number;
        bool *has;
    } parts[] = {{"total", &row->total, NULL},
                 {"today", &row->today, &row->has_today},
                 {"week", &row->week, &row->has_week},
                 {"month", &row->month, &row->has_month},
                 {"offset_total", &row->offset_total, NULL},
                 {"offset_today", &row->offset_today, NULL},
                 {"offset_week", &row->offset_week, NULL},
                 {"offset_month", &row->offset_month, NULL}};
    int64_t number = 0;

    x->any = true;
    (void)slice_signed(value, &number);
    if (slice_equal(field, SLICE("at")))
        row->at_s = number;
    else if (slice_equal(field, SLICE("uid")))
        row->uid = (uint32_t)number;
    else if (slice_equal(field, SLICE("as_of")))
        row->as_of_s = number;
    else if (slice_equal(field, SLICE("adjusted")))
        x->adjusted = number;
    else if (slice_equal(field, SLICE("note")))
        copy_text(row->note, sizeof row->note, value);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!slice_equal(field, slice_of(parts[i].name)))
            continue;
        *parts[i].number = (uint64_t)number;
        if (parts[i].has != NULL)
            *parts[i].has = true;
    }
    return 0;
}

static int read_seed(struct redis_store *s, struct slice site, int metric,
                     struct seed_reading *ret_seed, int64_t give_up_ms)
{
    char key[KEY_MAX];

    *ret_seed = (struct seed_reading){.row = {.metric = metric}};
    return redis_read_hash(s, redis_key_of(key, site, "seed", metric_names[metric]),
                           hear_seed, ret_seed, give_up_ms);
}

int redis_seed_get(struct store *store, struct slice site, int metric,
                   struct seed_row *ret_row)
{
    struct redis_store *s = redis_store_of(store);
    struct seed_reading seed;
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    if (rv == 0)
        rv = read_seed(s, site, metric, &seed, give_up_ms);
    if (rv == 0 && !seed.any)
        rv = ERR_NOT_FOUND;
    if (rv == 0)
        *ret_row = seed.row;
    return rv;
}

int redis_seed_adjusted(struct redis_store *s, struct slice site, size_t ret_adjusted[3],
                        int64_t give_up_ms)
{
    struct seed_reading seed;
    int rv = 0;

    for (int m = 0; m < 3 && rv == 0; m++) {
        rv = read_seed(s, site, m, &seed, give_up_ms);
        ret_adjusted[m] = seed.adjusted < 0 ? 0 : (size_t)seed.adjusted;
    }
    return rv;
}

/* --- A transaction of a few commands --- */

struct transaction {
    int (*say)(void *context, struct redis_link *l); /* ERR_NOT_FOUND: that was all */
    void (*again)(void *context);
    void *context;
    int state;
};

static int say_transaction(void *context, struct redis_link *l)
{
    struct transaction *t = context;
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
    struct transaction *t = context;

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

static int transact(struct redis_store *s, struct transaction *t)
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

/* --- Adjustments --- */

struct adjusting {
    struct slice site;
    const char *line, *audit;
    int state;
};

static int say_push(struct redis_link *l, struct slice site, const char *list,
                    const char *line)
{
    char key[KEY_MAX];
    const struct slice word[] = {SLICE("RPUSH"), redis_key(key, site, list),
                                 slice_of(line)};

    return redis_say(l, word, 3);
}

static int say_adjustment(void *context, struct redis_link *l)
{
    struct adjusting *a = context;

    switch (a->state++) {
    case 0:
        return say_push(l, a->site, "adjusted", a->line);
    case 1:
        return say_push(l, a->site, "audit", a->audit);
    default:
        return ERR_NOT_FOUND;
    }
}

static void adjust_again(void *context)
{
    ((struct adjusting *)context)->state = 0;
}

int redis_adjust_add(struct store *store, struct slice site, const struct adjust_row *row)
{
    char line[400], audit[512];
    struct adjusting a = {.site = site, .line = line, .audit = audit};
    struct transaction t = {say_adjustment, adjust_again, &a, 0};

    snprintf(line, sizeof line, "%d %lld %lld %lld %u %.255s", row->metric,
             (long long)row->day, (long long)row->by, (long long)row->at_s, row->uid,
             row->note);
    snprintf(audit, sizeof audit, "%lld %u adjust metric=%s day=%lld by=%+lld%s%.255s",
             (long long)row->at_s, row->uid, metric_names[row->metric],
             (long long)row->day, (long long)row->by,
             row->note[0] != '\0' ? " note=" : "", row->note);
    return transact(redis_store_of(store), &t);
}

struct adjustments {
    int (*one)(void *, size_t, const struct redis_adjustment *);
    void *context;
};

static int hear_adjusted(void *context, size_t index, struct slice element)
{
    const struct adjustments *a = context;
    int64_t n[3];

    if (redis_numbers(element, n, 3) != 3 || n[0] < 0 || n[0] > 2)
        return 0; /* not of ours */
    return a->one(a->context, index, &(struct redis_adjustment){(int)n[0], n[1], n[2]});
}

int redis_read_adjustments(struct redis_store *s, struct slice site,
                           int (*one)(void *, size_t, const struct redis_adjustment *),
                           void *context, int64_t give_up_ms)
{
    struct adjustments a = {one, context};
    char key[KEY_MAX];

    return redis_read_list(s, redis_key(key, site, "adjusted"), hear_adjusted, &a,
                           give_up_ms);
}

struct auditing {
    int (*row)(void *, int64_t at_s, uint32_t uid, const char *what);
    void *context;
    int said;
};

static int hear_audit(void *context, size_t index, struct slice element)
{
    struct auditing *a = context;
    char what[640];
    int64_t n[2] = {0};

    (void)index;
    if (a->said != 0)
        return 0;
    (void)redis_numbers(element, n, 2);
    copy_text(what, sizeof what, behind_numbers(element, 2));
    a->said = a->row(a->context, n[0], (uint32_t)n[1], what);
    return 0;
}

int redis_audit(struct store *store, struct slice site,
                int (*row)(void *, int64_t at_s, uint32_t uid, const char *what),
                void *context)
{
    struct redis_store *s = redis_store_of(store);
    struct auditing a = {row, context, 0};
    char key[KEY_MAX];
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    if (rv == 0)
        rv =
            redis_read_list(s, redis_key(key, site, "audit"), hear_audit, &a, give_up_ms);
    return rv != 0 ? rv : a.said;
}

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
    copy_text(source->name, sizeof source->name, behind_numbers(text, 8));
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
    rv = ask_one(s, word, 3, hear_source, &x, give_up_ms);
    if (rv == 0 && !x.any)
        rv = ERR_NOT_FOUND;
    if (rv == 0)
        *ret_source = source;
    return rv;
}

struct importing {
    struct slice site;
    const struct change *row;
    size_t n, next;
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
        number_text(w->number[n], (int64_t)numbers[n]);
    number_text(w->score, number);
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

static int say_import(void *context, struct redis_link *l)
{
    struct importing *i = context;
    char key[KEY_MAX];

    if (i->next < i->n)
        return say_imported(i, l);
    switch (i->state++) {
    case 0:
        return redis_say(l,
                         (const struct slice[]){SLICE("HSET"),
                                                redis_key(key, i->site, "sources"),
                                                slice_of(i->field), slice_of(i->source)},
                         4);
    case 1:
        return say_push(l, i->site, "audit", i->audit);
    default:
        return ERR_NOT_FOUND;
    }
}

static void import_again(void *context)
{
    struct importing *i = context;

    i->next = 0;
    i->state = 0;
}

int redis_import(struct store *store, struct slice site,
                 const struct import_source *source, uint32_t uid, int64_t at_s,
                 const struct change *rows, size_t n)
{
    char audit[512];
    struct importing i = {.site = site, .row = rows, .n = n, .audit = audit};
    struct transaction t = {say_import, import_again, &i, 0};

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
    return transact(redis_store_of(store), &t);
}

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
    g.word[2] = number_text(from, from_s);
    g.word[3] = number_text(to, to_s);
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

struct first {
    int64_t created, live;
    bool any;
};

static int hear_first(void *context, struct slice field, struct slice value)
{
    struct first *f = context;

    f->any = true;
    if (slice_equal(field, SLICE("created")))
        (void)slice_signed(value, &f->created);
    if (slice_equal(field, SLICE("first_live")))
        (void)slice_signed(value, &f->live);
    return 0;
}

int redis_site_first(struct store *store, struct slice site, int64_t *ret_created_s,
                     int64_t *ret_first_live_s)
{
    struct redis_store *s = redis_store_of(store);
    struct first f = {.any = false};
    char key[KEY_MAX];
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    if (rv == 0)
        rv = redis_read_hash(s, redis_key(key, site, "site"), hear_first, &f, give_up_ms);
    if (rv == 0 && !f.any)
        rv = ERR_NOT_FOUND;
    if (rv != 0)
        return rv;
    *ret_created_s = f.created;
    *ret_first_live_s = f.live;
    return 0;
}

struct sites {
    int (*site)(void *, struct slice key, struct slice host);
    void *context;
    int said;
};

static int hear_site(void *context, struct slice field, struct slice value)
{
    struct sites *x = context;

    if (x->said == 0)
        x->said = x->site(x->context, field, value);
    return 0;
}

int redis_sites(struct store *store,
                int (*site)(void *, struct slice key, struct slice host), void *context)
{
    struct redis_store *s = redis_store_of(store);
    struct sites x = {site, context, 0};
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    if (rv == 0)
        rv = redis_read_hash(s, SLICE("luot:sites"), hear_site, &x, give_up_ms);
    return rv != 0 ? rv : x.said;
}
