/* Which sites there are in Redis, what people said of them, and when nobody counted. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "store/store_redis_dumping.h"

static int hear_site(void *context, const struct redis_scan *scan, struct slice field,
                     struct slice value)
{
    static const char *const names[] = {"created", "first_live", "last_view"};
    struct site_found *f = (struct site_found *)context + scan->number;

    f->any = true;
    for (int i = 0; i < 3; i++)
        if (slice_equal(field, slice_of(names[i])))
            (void)slice_signed(value, &f->n[i]);
    if (slice_equal(field, SLICE("host")) && value.length < sizeof f->host)
        snprintf(f->host, sizeof f->host, "%.*s", (int)value.length, value.at);
    return 0;
}

void dumping_give_site(struct dumping *d, const struct site_found *f)
{
    struct dump_row row = {.kind = DUMP_SITE};

    row.value[0].text = f->key;
    row.value[1].text = slice_of(f->host);
    for (int i = 0; i < 3; i++)
        row.value[2 + i].number = f->n[i];
    dumping_give(d, &row);
}

int dumping_read_sites(struct dumping *d, struct site_found *f, size_t n)
{
    struct redis_scan scan[HASHES_AT_ONCE];

    for (size_t i = 0; i < n; i++) {
        scan[i] = (struct redis_scan){.number = (int64_t)i};
        redis_key(scan[i].key, f[i].key, "site");
    }
    return redis_read_hashes(d->s, scan, n, hear_site, f, dumping_talk_by(d));
}

static int hear_name(void *context, struct slice field, struct slice value)
{
    (void)value;
    return dumping_find(context, 0, field, SLICE(""), 0);
}

int dumping_sites(struct dumping *d)
{
    struct section x = {.d = d};
    struct site_found *f = calloc(HASHES_AT_ONCE, sizeof *f);
    int rv = f == NULL ? ERR_NOMEM
                       : redis_read_hash(d->s, SLICE("luot:sites"), hear_name, &x,
                                         dumping_talk_by(d));

    dumping_settle(&x);
    for (size_t i = 0; i < x.count && rv == 0 && d->said == 0;) {
        size_t n = 0;
        for (; n < HASHES_AT_ONCE && i < x.count; n++, i++)
            f[n] = (struct site_found){.key = slice_of(x.found[i].who)};
        rv = dumping_read_sites(d, f, n);
        for (size_t k = 0; k < n && rv == 0; k++)
            dumping_give_site(d, &f[k]);
    }
    free(f);
    dumping_release(&x);
    return rv;
}

/* --- Times when nobody counted --- */

static int hear_run(void *context, struct slice field, struct slice value)
{
    const char *colon = memrchr(field.at, ':', field.length);

    (void)value;
    if (colon != NULL)
        field.length = (size_t)(colon - field.at);
    return dumping_find(context, 0, field, SLICE(""), 0);
}

static int hear_gap(void *context, const struct redis_scan *scan, struct slice field,
                    struct slice value)
{
    struct section *x = context;
    int64_t begins;

    if (slice_signed(field, &begins) != 0 || x->sources == NULL)
        return 0;
    return dumping_find(x, begins, slice_of(x->sources->found[scan->number].who), value,
                        1);
}

int dumping_gaps(struct dumping *d)
{
    struct section nodes = {.d = d}, x = {.d = d, .sources = &nodes};
    struct dump_row row = {.kind = DUMP_GAP};
    int rv =
        redis_read_hash(d->s, SLICE("luot:runs"), hear_run, &nodes, dumping_talk_by(d));

    if (rv == 0)
        rv = redis_read_hash(d->s, SLICE("luot:gaps"), hear_run, &nodes,
                             dumping_talk_by(d));
    dumping_settle(&nodes);
    for (size_t i = 0; i < nodes.count && rv == 0;) {
        struct redis_scan scan[HASHES_AT_ONCE];
        size_t n = 0;
        for (; n < HASHES_AT_ONCE && i < nodes.count; n++, i++) {
            scan[n] = (struct redis_scan){.number = (int64_t)i};
            snprintf(scan[n].key, KEY_MAX, "luot:gaps:%s", nodes.found[i].who);
        }
        rv = redis_read_hashes(d->s, scan, n, hear_gap, &x, dumping_talk_by(d));
    }
    dumping_settle(&x);
    for (size_t i = 0; i < x.count && rv == 0; i++) {
        row.value[0].number = x.found[i].number;
        row.value[1].number = x.found[i].n[0];
        row.value[2].text = slice_of(x.found[i].who);
        dumping_give(d, &row);
    }
    dumping_release(&x);
    dumping_release(&nodes);
    return rv;
}

/* --- What people said --- */

/* "KIND SUBJECT" -> "AT OBJECT HOST UID" */
static int hear_said(void *context, struct slice field, struct slice value)
{
    struct dumping *d = context;
    struct dump_row row = {.kind = DUMP_NAME};
    struct slice kind = slice_cut(&field, ' '), at = slice_cut(&value, ' ');

    row.value[0].text = field;
    row.value[1].text = kind;
    row.value[2].text = slice_cut(&value, ' ');
    row.value[3].text = slice_cut(&value, ' ');
    if (slice_signed(at, &row.value[4].number) == 0 &&
        slice_signed(value, &row.value[5].number) == 0)
        dumping_give(d, &row);
    return 0;
}

int dumping_names(struct dumping *d)
{
    return redis_read_hash(d->s, SLICE("luot:names"), hear_said, d, dumping_talk_by(d));
}
