/* What people said: seeds and adjustments, each one transaction with its line of the audit
 * trail; and that trail. */
#include <stdio.h>

#include "base/error.h"
#include "store/store_redis.h"
#include "store/store_redis_order.h"

/* --- Seeds --- */

struct seed_words {
    struct slice word[64];
    char number[32][24];
    size_t n, numbers;
};

static void add_number(struct seed_words *w, const char *name, int64_t number)
{
    w->word[w->n++] = slice_of(name);
    w->word[w->n++] = redis_number_text(w->number[w->numbers++], number);
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
                     row->uid, redis_metric_names[row->metric],
                     (unsigned long long)row->total);

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
    w->word[w->n++] = redis_key_of(seed, site, "seed", redis_metric_names[row->metric]);
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
        redis_copy_text(row->note, sizeof row->note, value);
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
    return redis_read_hash(s, redis_key_of(key, site, "seed", redis_metric_names[metric]),
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

/* --- Adjustments --- */

struct adjusting {
    struct slice site;
    const char *line, *audit;
    int state;
};

static int say_adjustment(void *context, struct redis_link *l)
{
    struct adjusting *a = context;

    switch (a->state++) {
    case 0:
        return redis_say_push(l, a->site, "adjusted", a->line);
    case 1:
        return redis_say_push(l, a->site, "audit", a->audit);
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
    struct redis_transaction t = {say_adjustment, adjust_again, &a, 0};

    snprintf(line, sizeof line, "%d %lld %lld %lld %u %.255s", row->metric,
             (long long)row->day, (long long)row->by, (long long)row->at_s, row->uid,
             row->note);
    snprintf(audit, sizeof audit, "%lld %u adjust metric=%s day=%lld by=%+lld%s%.255s",
             (long long)row->at_s, row->uid, redis_metric_names[row->metric],
             (long long)row->day, (long long)row->by,
             row->note[0] != '\0' ? " note=" : "", row->note);
    return redis_transact(redis_store_of(store), &t);
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

static const struct slice own_audit = {"luot:audit", 10}; /* of what is no site's */

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
    redis_copy_text(what, sizeof what, redis_behind_numbers(element, 2));
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
        rv = redis_read_list(s,
                             site.length == 0 ? own_audit : redis_key(key, site, "audit"),
                             hear_audit, &a, give_up_ms);
    return rv != 0 ? rv : a.said;
}

int redis_audit_add(struct store *store, int64_t at_s, uint32_t uid, const char *what)
{
    struct redis_store *s = redis_store_of(store);
    char line[640];
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    snprintf(line, sizeof line, "%lld %u %.600s", (long long)at_s, uid, what);
    if (rv == 0)
        rv = redis_ask_one(
            s, (const struct slice[]){SLICE("RPUSH"), own_audit, slice_of(line)}, 3, NULL,
            NULL, give_up_ms);
    return rv;
}
