/* Tops and pages of a site as rows of a dump. */
#include <stdio.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/error.h"
#include "store/store_redis_dump.h"

/* node:incarnation, as a dump has it; false: it is none of ours. */
static bool put_run(struct dump_value v[2], struct slice who)
{
    const char *colon = who.length == 0 ? NULL : memrchr(who.at, ':', who.length);

    if (colon == NULL || colon == who.at)
        return false;
    v[0].text = (struct slice){who.at, (size_t)(colon - who.at)};
    v[1].text = (struct slice){colon + 1, who.length - (size_t)(colon + 1 - who.at)};
    return v[1].text.length >= 16;
}

/* --- Tops --- */

struct group { /* which rows: "DAY OF RUN" */
    char member[KEY_MAX];
    int64_t number;
};

struct tops_dumping {
    const struct redis_records *r;
    bool month;
    struct group *group;
    size_t groups, room;
    /* Of the one that is read: */
    const struct group *now;
    struct redis_top_words words;
    struct dump_row row;
    bool asked;
    int said;
};

static int keep_group(void *context, int64_t score, struct slice member)
{
    struct tops_dumping *d = context;

    if (d->groups == d->room) {
        size_t room = 2 * d->room + 64;
        struct group *more = realloc(d->group, room * sizeof *more);

        if (more == NULL)
            return ERR_NOMEM;
        d->group = more;
        d->room = room;
    }
    if (member.length >= sizeof d->group->member)
        return 0;
    d->group[d->groups].number = score;
    memcpy(d->group[d->groups].member, member.at, member.length);
    d->group[d->groups++].member[member.length] = '\0';
    return 0;
}

static int say_hash(void *context, struct redis_link *l)
{
    struct tops_dumping *d = context;

    if (d->asked)
        return ERR_NOT_FOUND;
    d->asked = true;
    return redis_say(l, (const struct slice[]){SLICE("HGETALL"), slice_of(d->words.key)},
                     2);
}

/* The field "" has the views of all; it is a row when something has none. */
static int hear_hash(void *context, size_t number, const redisReply *reply)
{
    struct tops_dumping *d = context;
    struct dump_value *v = d->row.value;
    int64_t n[4] = {0};

    (void)number;
    if (reply->type != REDIS_REPLY_ARRAY)
        return ERR_MALFORMED;
    v[7].number = -1;
    for (size_t i = 0; i + 1 < reply->elements; i += 2)
        if (redis_text(reply->element[i]).length == 0 &&
            redis_numbers(redis_text(reply->element[i + 1]), n, 4) == 4)
            v[7].number = n[3];
    for (size_t i = 0; i + 1 < reply->elements && v[7].number >= 0 && d->said == 0;
         i += 2) {
        v[3].text = redis_text(reply->element[i]);
        if (redis_numbers(redis_text(reply->element[i + 1]), n, 3) < 3 ||
            (v[3].text.length == 0 && n[0] == 0 && n[2] == 0))
            continue;
        for (int k = 0; k < 3; k++)
            v[4 + k].number = n[k];
        d->said = d->r->row(d->r->context, &d->row);
    }
    return 0;
}

static int dump_group(struct tops_dumping *d, const struct group *g)
{
    const struct redis_talk talk = {.ask = say_hash, .answer = hear_hash, .context = d};
    struct slice run = slice_of(g->member), day = slice_cut(&run, ' '),
                 of = slice_cut(&run, ' ');
    struct dump_value *v = d->row.value;

    d->row = (struct dump_row){.kind = d->month ? DUMP_TOP_MONTH : DUMP_TOP};
    v[0].number = g->number;
    v[2].text = of;
    if (date_parse(day, &v[1].number) != 0 || !put_run(v + 8, run) ||
        redis_top_words(&d->words, d->r->site, d->month, v[1].number, of, run, 0) != 0)
        return 0;
    d->asked = false;
    return redis_link_talk(d->r->s->link, &talk, deadline_in(FLUSH_MS).at_ms);
}

int redis_dump_tops(const struct redis_records *r, bool month, int64_t from)
{
    struct tops_dumping d = {.r = r, .month = month};
    char key[KEY_MAX];
    int rv = redis_read_members(r->s, redis_key(key, r->site, redis_tops_index(month)),
                                from, INT64_MAX, keep_group, &d, r->give_up_ms);

    for (size_t i = 0; i < d.groups && rv == 0 && d.said == 0; i++)
        rv = dump_group(&d, &d.group[i]);
    free(d.group);
    return rv;
}

/* --- Pages --- */

struct page_found {
    char *path; /* ours */
    char run[DUMP_WHO_MAX + 1];
    int64_t n[4]; /* views; of a seed: at, views, counted, uid */
    char *note;   /* of a seed */
};

struct pages_dumping {
    const struct redis_records *r;
    struct page_found *found;
    size_t count, room;
    char (*run)[DUMP_WHO_MAX + 1];
    size_t runs, runs_room;
    const char *now; /* the run that is read; NULL: seeds */
};

static char *copy_of(struct slice text)
{
    char *copy = malloc(text.length + 1);

    if (copy == NULL)
        return NULL;
    if (text.length > 0)
        memcpy(copy, text.at, text.length);
    copy[text.length] = '\0';
    return copy;
}

static int hear_page(void *context, struct slice path, struct slice value)
{
    struct pages_dumping *d = context;
    const size_t numbers = d->now != NULL ? 1 : 4;
    struct page_found *f;

    if (d->count == d->room) {
        size_t room = 2 * d->room + 64;

        f = realloc(d->found, room * sizeof *f);
        if (f == NULL)
            return ERR_NOMEM;
        d->found = f;
        d->room = room;
    }
    f = &d->found[d->count];
    *f = (struct page_found){.path = NULL};
    if (redis_numbers(value, f->n, numbers) < numbers)
        return 0;
    if (d->now != NULL)
        snprintf(f->run, sizeof f->run, "%s", d->now);
    for (size_t i = 0; i < numbers && d->now == NULL; i++)
        (void)slice_cut(&value, ' ');
    f->path = copy_of(path);
    f->note = d->now == NULL ? copy_of(value) : NULL;
    d->count++;
    return f->path == NULL || (d->now == NULL && f->note == NULL) ? ERR_NOMEM : 0;
}

static int keep_run(void *context, int64_t score, struct slice run)
{
    struct pages_dumping *d = context;

    (void)score;
    if (run.length > DUMP_WHO_MAX)
        return 0;
    if (d->runs == d->runs_room) {
        size_t room = 2 * d->runs_room + 16;
        char(*more)[DUMP_WHO_MAX + 1] = realloc(d->run, room * sizeof *more);

        if (more == NULL)
            return ERR_NOMEM;
        d->run = more;
        d->runs_room = room;
    }
    memcpy(d->run[d->runs], run.at, run.length);
    d->run[d->runs++][run.length] = '\0';
    return 0;
}

/* By path, then node, then run, as SQLite's dump: the numbers of the rows are the same. */
static int by_path(const void *a, const void *b)
{
    const struct page_found *x = a, *y = b;
    struct dump_value p[2] = {{.number = 0}}, q[2] = {{.number = 0}};
    int rv = strcmp(x->path, y->path);
    size_t n;

    if (rv != 0 || !put_run(p, slice_of(x->run)) || !put_run(q, slice_of(y->run)))
        return rv != 0 ? rv : strcmp(x->run, y->run);
    n = p[0].text.length < q[0].text.length ? p[0].text.length : q[0].text.length;
    rv = memcmp(p[0].text.at, q[0].text.at, n);
    if (rv == 0 && p[0].text.length != q[0].text.length)
        rv = p[0].text.length < q[0].text.length ? -1 : 1;
    return rv != 0 ? rv : strcmp(p[1].text.at, q[1].text.at);
}

static bool fill_row(struct dump_row *row, const struct page_found *f, bool seeds)
{
    struct dump_value *v = row->value;

    v[1].text = slice_of(f->path);
    if (!seeds) {
        v[2].number = f->n[0];
        return put_run(v + 3, slice_of(f->run));
    }
    v[2].number = f->n[1];
    v[3].number = f->n[2];
    v[4].number = f->n[0];
    v[5].number = f->n[3];
    v[6].text = slice_of(f->note);
    return true;
}

static void give_pages(struct pages_dumping *d, bool seeds, int64_t from)
{
    struct dump_row row = {.kind = seeds ? DUMP_PAGE_SEED : DUMP_PAGE};
    int64_t number = 0;
    int said = 0;

    if (d->count > 1)
        qsort(d->found, d->count, sizeof *d->found, by_path);
    for (size_t i = 0; i < d->count && said == 0; i++) {
        /* While a hash grows, a field may be read twice. */
        if (i > 0 && by_path(&d->found[i - 1], &d->found[i]) == 0)
            continue;
        row.value[0].number = ++number;
        if (fill_row(&row, &d->found[i], seeds) && number >= from)
            said = d->r->row(d->r->context, &row);
    }
}

int redis_dump_pages(const struct redis_records *r, bool seeds, int64_t from)
{
    struct pages_dumping d = {.r = r};
    char key[KEY_MAX], index[KEY_MAX];
    int rv = 0;

    if (seeds)
        rv = redis_read_hash(r->s, redis_key(key, r->site, "page-seeds"), hear_page, &d,
                             r->give_up_ms);
    else
        rv = redis_read_members(r->s, redis_key(key, r->site, "page-runs"), INT64_MIN,
                                INT64_MAX, keep_run, &d, r->give_up_ms);
    for (size_t i = 0; i < d.runs && rv == 0; i++) {
        d.now = d.run[i];
        rv = redis_page_words(key, index, r->site, slice_of(d.now));
        if (rv == 0)
            rv = redis_read_hash(r->s, slice_of(key), hear_page, &d, r->give_up_ms);
    }
    if (rv == 0)
        give_pages(&d, seeds, from);
    for (size_t i = 0; i < d.count; i++) {
        free(d.found[i].path);
        free(d.found[i].note);
    }
    free(d.found);
    free(d.run);
    return rv;
}
