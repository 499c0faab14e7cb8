/* Pages: all views that each run counted of each. A page's views are a field of its run's
 * hash, and an index has which runs there are. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "count/top_sum.h"
#include "store/store_redis.h"

int redis_page_words(char key[KEY_MAX], char index[KEY_MAX], struct slice site,
                     struct slice run)
{
    int n = snprintf(key, KEY_MAX, "luot:{%.*s}:pages:%.*s", (int)site.length, site.at,
                     (int)run.length, run.at);

    redis_key(index, site, "page-runs");
    return n < KEY_MAX ? 0 : ERR_TOO_LONG;
}

struct pages_reading {
    struct redis_store *s;
    struct slice site;
    struct top_sum sum, one; /* of all runs; of one: a field may be read twice */
    char (*run)[KEY_MAX];    /* hashes of other runs */
    size_t runs, room;
};

static int keep_run(void *context, int64_t score, struct slice run)
{
    struct pages_reading *r = context;
    char index[KEY_MAX];

    (void)score;
    if (slice_equal(run, slice_of(r->s->run)))
        return 0;
    if (r->runs == r->room) {
        size_t room = 2 * r->room + 16;
        char(*more)[KEY_MAX] = realloc(r->run, room * sizeof *more);

        if (more == NULL)
            return ERR_NOMEM;
        r->run = more;
        r->room = room;
    }
    if (redis_page_words(r->run[r->runs], index, r->site, run) == 0)
        r->runs++;
    return 0;
}

static int hear_page(void *context, struct slice page, struct slice value)
{
    struct pages_reading *r = context;
    int64_t views;

    if (redis_numbers(value, &views, 1) == 1)
        top_sum_set(&r->one, page, (uint64_t)views);
    return r->one.failed;
}

/* "at views counted uid note" */
static int hear_seed(void *context, struct slice page, struct slice value)
{
    struct pages_reading *r = context;
    int64_t n[3];

    if (redis_numbers(value, n, 3) == 3)
        top_sum_set(&r->one, page, (uint64_t)(n[1] - n[2]));
    return r->one.failed;
}

static int add_hash(struct pages_reading *r, struct slice key, redis_pair_fn *hear,
                    int64_t give_up_ms)
{
    int rv;

    top_sum_init(&r->one);
    rv = redis_read_hash(r->s, key, hear, r, give_up_ms);
    for (size_t i = 0; i < r->one.rows && rv == 0; i++)
        top_sum_add(&r->sum, top_sum_key(&r->one, &r->one.row[i]), r->one.row[i].views,
                    0);
    top_sum_release(&r->one);
    return rv != 0 ? rv : r->sum.failed;
}

static int read_other_runs(struct pages_reading *r, int64_t give_up_ms)
{
    char key[KEY_MAX];
    int rv = redis_read_members(r->s, redis_key(key, r->site, "page-runs"), INT64_MIN,
                                INT64_MAX, keep_run, r, give_up_ms);

    for (size_t i = 0; i < r->runs && rv == 0; i++)
        rv = add_hash(r, slice_of(r->run[i]), hear_page, give_up_ms);
    free(r->run);
    return rv;
}

int redis_pages(struct store *store, struct slice site, unsigned limit, top_row_fn *row,
                void *context)
{
    struct redis_store *s = redis_store_of(store);
    struct pages_reading r = {.s = s, .site = site};
    int64_t give_up_ms;
    char key[KEY_MAX];
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);

    top_sum_init(&r.sum);
    if (rv == 0)
        rv = read_other_runs(&r, give_up_ms);
    if (rv == 0)
        rv = add_hash(&r, redis_key(key, site, "page-seeds"), hear_seed, give_up_ms);
    top_sum_finish(&r.sum, limit);
    for (size_t i = 0; i < r.sum.rows && rv == 0; i++) {
        const struct top_row one = {.key = top_sum_key(&r.sum, &r.sum.row[i]),
                                    .views = r.sum.row[i].views};

        rv = row(context, &one);
    }
    top_sum_release(&r.sum);
    return rv;
}

struct page_seeding {
    struct slice list[3], set[4];
    unsigned said;
};

static int say_seed(void *context, struct redis_link *l)
{
    struct page_seeding *x = context;

    if (x->said == 2)
        return ERR_NOT_FOUND;
    return x->said++ == 0 ? redis_say(l, x->list, 3) : redis_say(l, x->set, 4);
}

int redis_page_seed(struct store *store, struct slice site, const struct page_seed *seed)
{
    struct redis_store *s = redis_store_of(store);
    struct pages_reading r = {.s = s, .site = site};
    char audit[KEY_MAX], seeds[KEY_MAX], line[700], value[400];
    struct page_seeding x = {.said = 0};
    const struct redis_talk talk = {.ask = say_seed, .context = &x};
    int64_t give_up_ms;
    int rv = redis_ready(s, (struct deadline){0}, &give_up_ms);
    uint64_t counted = seed->counted;

    top_sum_init(&r.sum);
    if (rv == 0)
        rv = read_other_runs(&r, give_up_ms);
    for (size_t i = 0; i < r.sum.rows; i++)
        if (slice_equal(top_sum_key(&r.sum, &r.sum.row[i]), seed->page))
            counted += r.sum.row[i].views;
    top_sum_release(&r.sum);
    if (rv != 0)
        return rv;
    snprintf(line, sizeof line,
             "%lld %u seed page=%.*s views=%llu counted=%llu note=%.*s",
             (long long)seed->at_s, seed->uid, (int)seed->page.length, seed->page.at,
             (unsigned long long)seed->views, (unsigned long long)counted,
             (int)seed->note.length, seed->note.length == 0 ? "" : seed->note.at);
    snprintf(value, sizeof value, "%lld %llu %llu %u %.*s", (long long)seed->at_s,
             (unsigned long long)seed->views, (unsigned long long)counted, seed->uid,
             (int)seed->note.length, seed->note.length == 0 ? "" : seed->note.at);
    x.list[0] = SLICE("RPUSH");
    x.list[1] = redis_key(audit, site, "audit");
    x.list[2] = slice_of(line);
    x.set[0] = SLICE("HSET");
    x.set[1] = redis_key(seeds, site, "page-seeds");
    x.set[2] = seed->page;
    x.set[3] = slice_of(value);
    return redis_link_talk(s->link, &talk, give_up_ms);
}
