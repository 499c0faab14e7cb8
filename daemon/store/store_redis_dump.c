/* All that is kept of a site, as rows of a dump. Redis has no one moment for many keys: they
 * are read one after another, which is as good, because numbers of a run only grow; and if
 * somebody changed or imported something meanwhile (the audit trail is longer than it was),
 * what was read is no dump and ERR_PARTIAL says so.
 *
 * Rows of one number come together, ascending, and within a number by their run or source.
 * A few hashes are read at a time, so memory does not grow with a site's years. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "store/store_redis.h"
#include "store/store_redis_dumping.h"

enum {
    DUMP_MS = 30000,
    DAYS_AT_ONCE = 4 /* of quarters and hours: a hash holds many */
};

/* --- What was found --- */

int64_t dumping_talk_by(const struct dumping *d)
{
    int64_t soon = deadline_in(FLUSH_MS).at_ms;

    return soon < d->end_ms ? soon : d->end_ms;
}

int dumping_find(struct section *x, int64_t number, struct slice who, struct slice value,
                 size_t numbers)
{
    struct found *f;

    if (who.length == 0 || who.length >= sizeof f->who)
        return 0; /* not of ours */
    if (x->count == x->room) {
        size_t room = x->room * 2 + 64;
        f = realloc(x->found, room * sizeof *f);
        if (f == NULL)
            return ERR_NOMEM;
        x->found = f;
        x->room = room;
    }
    f = &x->found[x->count];
    *f = (struct found){.number = number};
    if (redis_numbers(value, f->n, 4) < numbers)
        return 0;
    memcpy(f->who, who.at, who.length);
    x->count++;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return strcmp(x->who, y->who);
}

void dumping_settle(struct section *x)
{
    size_t n = 0;

    if (x->count == 0)
        return;
    qsort(x->found, x->count, sizeof *x->found, by_number);
    for (size_t i = 1; i < x->count; i++)
        if (by_number(&x->found[n], &x->found[i]) != 0)
            x->found[++n] = x->found[i];
    x->count = n + 1;
}

void dumping_release(struct section *x)
{
    free(x->found);
    free(x->number);
}

/* --- Rows --- */

/* node:incarnation */
static bool put_run(struct dump_value v[2], const char *who)
{
    const char *colon = strrchr(who, ':');

    if (colon == NULL || colon == who || strlen(colon + 1) < 16)
        return false;
    v[0].text = (struct slice){who, (size_t)(colon - who)};
    v[1].text = slice_of(colon + 1);
    return true;
}

static bool put_source(const struct section *x, struct dump_value v[2], const char *who)
{
    for (size_t i = 0; i < x->sources->count; i++) {
        const struct found *f = &x->sources->found[i];
        if (strcmp(f->who, who) != 0)
            continue;
        v[0].number = f->n[0];
        v[1].text = slice_of(f->who);
        return true;
    }
    return false;
}

/* false: it is none of ours. */
static bool put_found(const struct section *x, const struct found *f,
                      struct dump_row *row)
{
    struct dump_value *v = row->value;

    *row = (struct dump_row){.kind = x->kind};
    v[0].number = x->kind == DUMP_TOTAL ? f->n[0] : f->number;
    v[1].number = f->n[0];
    v[2].number = f->n[1];
    v[3].number = f->n[2];
    switch (x->kind) {
    case DUMP_TOTAL:
        v[1].number = f->n[1];
        return put_run(v + 2, f->who);
    case DUMP_DAY:
        v[4].number = f->n[3] == 0;
        return put_run(v + 5, f->who);
    case DUMP_QUARTER:
    case DUMP_ENGAGED:
        return put_run(v + 3, f->who);
    case DUMP_WEEK:
    case DUMP_MONTH:
        v[2].number = f->n[1] == 0;
        return put_run(v + 3, f->who);
    case DUMP_IMPORTED_DAY:
    case DUMP_IMPORTED_HOUR:
        return put_source(x, v + 4, f->who);
    case DUMP_IMPORTED_WEEK:
    case DUMP_IMPORTED_MONTH:
        v[1].number = f->n[1];
        v[2].number = f->n[2];
        return put_source(x, v + 3, f->who);
    default:
        return false;
    }
}

void dumping_give(struct dumping *d, const struct dump_row *row)
{
    if (d->said == 0)
        d->said = d->row(d->context, row);
}

static int give_record(void *context, const struct dump_row *row)
{
    struct dumping *d = context;

    dumping_give(d, row);
    return d->said;
}

static void give_found(struct section *x)
{
    struct dump_row row;

    dumping_settle(x);
    for (size_t i = 0; i < x->count && x->d->said == 0; i++)
        if (x->found[i].number >= x->from && put_found(x, &x->found[i], &row))
            dumping_give(x->d, &row);
    x->count = 0;
}

/* --- Hashes by number --- */

static int hear_number(void *context, int64_t number)
{
    struct section *x = context;

    if (x->numbers == x->numbers_room) {
        size_t room = x->numbers_room * 2 + 128;
        int64_t *more = realloc(x->number, room * sizeof *more);
        if (more == NULL)
            return ERR_NOMEM;
        x->number = more;
        x->numbers_room = room;
    }
    x->number[x->numbers++] = number;
    return 0;
}

static int64_t per_hash(enum change_kind kind)
{
    return kind == CHANGE_QUARTER ? 96 : kind == CHANGE_HOUR ? 24 : 1;
}

static int hear_field(void *context, const struct redis_scan *scan, struct slice field,
                      struct slice value)
{
    struct section *x = context;
    int64_t number = scan->number;

    if (per_hash(x->of) > 1) {
        struct slice clock = slice_cut(&field, ' '), hour = slice_cut(&clock, ':');
        uint64_t h, m = 0;
        if (slice_number(hour, &h) != 0 || h > 23 ||
            (clock.at != NULL && (slice_number(clock, &m) != 0 || m > 59)))
            return 0;
        number = x->of == CHANGE_QUARTER ? number * 96 + (int64_t)(h * 4 + m / 15)
                                         : number * 24 + (int64_t)h;
    }
    return dumping_find(x, number, field, value, 1);
}

static int read_numbers(struct section *x)
{
    int64_t per = per_hash(x->of), from = x->from;
    char key[KEY_MAX], name[32];

    if (from != INT64_MIN)
        from = from / per - (from % per < 0);
    snprintf(name, sizeof name, "%s%s", x->imported ? "imported:" : "",
             redis_kinds(x->of));
    return redis_read_scores(x->d->s, redis_key(key, x->d->site, name), from, INT64_MAX,
                             hear_number, x, dumping_talk_by(x->d));
}

static int dump_numbers(struct section *x)
{
    struct redis_scan scan[HASHES_AT_ONCE];
    const size_t limit = per_hash(x->of) > 1 ? DAYS_AT_ONCE : HASHES_AT_ONCE;
    char name[32], label[16];
    int rv = read_numbers(x);

    snprintf(name, sizeof name, "%s%s", x->imported ? "imported:" : "",
             redis_kind(x->of));
    for (size_t i = 0; i < x->numbers && rv == 0 && x->d->said == 0;) {
        size_t n = 0;
        for (; n < limit && i < x->numbers; n++, i++) {
            scan[n] = (struct redis_scan){.number = x->number[i]};
            redis_label(x->of, x->number[i], label);
            redis_key_of(scan[n].key, x->d->site, name, label);
        }
        rv = redis_read_hashes(x->d->s, scan, n, hear_field, x, dumping_talk_by(x->d));
        if (rv == 0)
            give_found(x);
    }
    return rv;
}

static int hear_total(void *context, struct slice field, struct slice value)
{
    return dumping_find(context, 0, field, value, 2);
}

static int dump_total(struct dumping *d)
{
    struct section x = {.d = d, .kind = DUMP_TOTAL, .from = INT64_MIN};
    char key[KEY_MAX];
    int rv = redis_read_hash(d->s, redis_key(key, d->site, "total"), hear_total, &x,
                             dumping_talk_by(d));

    if (rv == 0)
        give_found(&x);
    dumping_release(&x);
    return rv;
}

/* --- All of it --- */

/* How long the audit trail is: it grows whenever people change or import something. */
static int read_state(struct dumping *d, int64_t *ret_state)
{
    char key[KEY_MAX];
    const struct slice word[] = {SLICE("LLEN"), redis_key(key, d->site, "audit")};

    return redis_ask_number(d->s, word, 2, ret_state, dumping_talk_by(d));
}

static int hear_source(void *context, struct slice field, struct slice value)
{
    return dumping_find(context, 0, field, value, 1);
}

static int read_sources(struct dumping *d, struct section *sources)
{
    char key[KEY_MAX];
    int rv = redis_read_hash(d->s, redis_key(key, d->site, "sources"), hear_source,
                             sources, dumping_talk_by(d));

    dumping_settle(sources);
    return rv;
}

static int dump_kind(struct dumping *d, enum dump_kind kind, int64_t from,
                     const struct section *sources)
{
    static const struct {
        enum change_kind of;
        bool imported;
    } of[DUMP_KINDS] = {
        [DUMP_DAY] = {CHANGE_DAY, false},
        [DUMP_QUARTER] = {CHANGE_QUARTER, false},
        [DUMP_WEEK] = {CHANGE_WEEK, false},
        [DUMP_MONTH] = {CHANGE_MONTH, false},
        [DUMP_ENGAGED] = {CHANGE_ENGAGED, false},
        [DUMP_IMPORTED_DAY] = {CHANGE_DAY, true},
        [DUMP_IMPORTED_HOUR] = {CHANGE_HOUR, true},
        [DUMP_IMPORTED_WEEK] = {CHANGE_WEEK, true},
        [DUMP_IMPORTED_MONTH] = {CHANGE_MONTH, true},
    };
    struct redis_records records = {d->s, d->site, give_record, d, dumping_talk_by(d)};
    struct section x = {.d = d,
                        .kind = kind,
                        .of = of[kind].of,
                        .imported = of[kind].imported,
                        .from = from,
                        .sources = sources};
    int rv;

    switch (kind) {
    case DUMP_TOTAL:
        return dump_total(d);
    case DUMP_SKETCH:
        return redis_dump_sketches(&records, from);
    case DUMP_TOP:
    case DUMP_TOP_MONTH:
        return redis_dump_tops(&records, kind == DUMP_TOP_MONTH, from);
    case DUMP_PAGE:
    case DUMP_PAGE_SEED:
        return redis_dump_pages(&records, kind == DUMP_PAGE_SEED, from);
    case DUMP_ADJUST:
        return redis_dump_adjustments(&records);
    case DUMP_SEED:
        return redis_dump_seeds(&records);
    case DUMP_AUDIT:
        return redis_dump_audit(&records);
    case DUMP_SOURCE:
        return redis_dump_sources(&records);
    default:
        if (x.imported && sources->count == 0)
            return 0;
        rv = dump_numbers(&x);
        dumping_release(&x);
        return rv;
    }
}

static int dump_site(struct dumping *d, struct dump_place from, enum dump_kind last,
                     int64_t *ret_state)
{
    struct site_found site = {.key = d->site};
    struct section sources = {.d = d};
    int64_t state = 0;
    int rv = read_state(d, ret_state);

    if (rv == 0)
        rv = dumping_read_sites(d, &site, 1);
    if (rv == 0 && !site.any && *ret_state == 0)
        return ERR_NOT_FOUND;
    if (rv == 0)
        rv = read_sources(d, &sources);
    if (rv == 0)
        dumping_give_site(d, &site); /* each piece says whose it is */
    for (int k = DUMP_SITE + 1;
         k < DUMP_KINDS && k <= (int)last && rv == 0 && d->said == 0; k++)
        if (k >= (int)from.kind)
            rv = dump_kind(d, (enum dump_kind)k,
                           k == (int)from.kind ? from.number : INT64_MIN, &sources);
    dumping_release(&sources);
    if (rv == 0)
        rv = read_state(d, &state);
    if (rv == 0 && state != *ret_state)
        rv = ERR_PARTIAL;
    return rv;
}

int redis_dump(struct store *store, struct slice key, struct dump_place from,
               enum dump_kind last, dump_row_fn *row, void *context, int64_t *ret_state)
{
    struct dumping d = {.s = redis_store_of(store),
                        .site = key,
                        .row = row,
                        .context = context,
                        .end_ms = deadline_in(DUMP_MS).at_ms};
    int64_t give_up_ms;
    int rv = redis_ready(d.s, (struct deadline){0}, &give_up_ms);

    if (rv == 0 && key.length > 0)
        rv = dump_site(&d, from, last, ret_state);
    if (rv == 0 && key.length == 0 && from.kind <= DUMP_GAP)
        rv = dumping_gaps(&d);
    if (rv == 0 && key.length == 0 && from.kind <= DUMP_NAME && last >= DUMP_NAME)
        rv = dumping_names(&d);
    if (rv == 0 && key.length == 0 && last >= DUMP_SITE)
        rv = dumping_sites(&d);
    return rv != 0 ? rv : d.said;
}
