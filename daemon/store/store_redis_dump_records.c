/* What a dump of Redis has besides the numbers of runs: sketches, and what people said and
 * brought. */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "count/hll.h"
#include "store/store_redis_dump.h"

enum { SKETCHES_AT_ONCE = 8, LINES_MAX = 1 << 20 };

/* --- A number --- */

struct number_question {
    const struct slice *word;
    size_t n;
    bool said;
    int64_t *number;
};

static int say_question(void *context, struct redis_link *l)
{
    struct number_question *q = context;

    if (q->said)
        return ERR_NOT_FOUND;
    q->said = true;
    return redis_say(l, q->word, q->n);
}

static int hear_number(void *context, size_t number, const redisReply *reply)
{
    int64_t *answer = ((struct number_question *)context)->number;

    (void)number;
    if (reply->type == REDIS_REPLY_NIL)
        return 0;
    if (reply->type == REDIS_REPLY_STRING)
        return slice_signed(redis_text(reply), answer);
    if (reply->type != REDIS_REPLY_INTEGER)
        return ERR_MALFORMED;
    *answer = reply->integer;
    return 0;
}

int redis_ask_number(struct redis_store *s, const struct slice *word, size_t n,
                     int64_t *ret_number, int64_t give_up_ms)
{
    struct number_question q = {.word = word, .n = n, .number = ret_number};
    const struct redis_talk talk = {
        .ask = say_question, .answer = hear_number, .context = &q};

    return redis_link_talk(s->link, &talk, give_up_ms);
}

/* --- Sketches --- */

struct sketches {
    const struct redis_records *r;
    int64_t *day;
    size_t days, room;
    size_t from, said;
    struct {
        size_t length;
        char bytes[HLL_REDIS_MAX];
    } sketch[SKETCHES_AT_ONCE];
};

static int hear_day(void *context, int64_t day)
{
    struct sketches *k = context;

    if (k->days == k->room) {
        size_t room = k->room * 2 + 128;
        int64_t *more = realloc(k->day, room * sizeof *more);
        if (more == NULL)
            return ERR_NOMEM;
        k->day = more;
        k->room = room;
    }
    k->day[k->days++] = day;
    return 0;
}

static int say_get(void *context, struct redis_link *l)
{
    struct sketches *k = context;
    char key[KEY_MAX], label[16];

    if (k->said == SKETCHES_AT_ONCE || k->from + k->said == k->days)
        return ERR_NOT_FOUND;
    redis_label(CHANGE_DAY, k->day[k->from + k->said++], label);
    return redis_say(l,
                     (const struct slice[]){
                         SLICE("GET"), redis_key_of(key, k->r->site, "visitors", label)},
                     2);
}

static int hear_sketch(void *context, size_t number, const redisReply *reply)
{
    struct sketches *k = context;
    struct slice bytes = redis_text(reply);

    if (number >= SKETCHES_AT_ONCE)
        return ERR_MALFORMED;
    k->sketch[number].length = 0;
    if (bytes.length == 0 || bytes.length > HLL_REDIS_MAX)
        return 0; /* none, or none of ours */
    memcpy(k->sketch[number].bytes, bytes.at, bytes.length);
    k->sketch[number].length = bytes.length;
    return 0;
}

/* A few at a time, oldest first. */
static int dump_days(struct sketches *k)
{
    const struct redis_talk talk = {.ask = say_get, .answer = hear_sketch, .context = k};
    struct dump_row row = {.kind = DUMP_SKETCH};
    int said = 0, rv = 0;

    for (; k->from < k->days && rv == 0 && said == 0; k->from += k->said) {
        k->said = 0;
        rv = redis_link_talk(k->r->s->link, &talk, deadline_in(FLUSH_MS).at_ms);
        for (size_t i = 0; i < k->said && rv == 0 && said == 0; i++) {
            if (k->sketch[i].length == 0)
                continue;
            row.value[0].number = k->day[k->from + i];
            row.value[1].text = SLICE(UNION_NODE);
            row.value[2].text = SLICE(UNION_RUN);
            row.value[3].text = (struct slice){k->sketch[i].bytes, k->sketch[i].length};
            said = k->r->row(k->r->context, &row);
        }
    }
    return rv;
}

int redis_dump_sketches(const struct redis_records *r, int64_t from)
{
    struct sketches *k = calloc(1, sizeof *k);
    char key[KEY_MAX];
    int rv;

    if (k == NULL)
        return ERR_NOMEM;
    k->r = r;
    rv = redis_read_scores(r->s, redis_key(key, r->site, "days"), from, INT64_MAX,
                           hear_day, k, r->give_up_ms);
    if (rv == 0)
        rv = dump_days(k);
    free(k->day);
    free(k);
    return rv;
}

/* --- Lists --- */

struct lines { /* of a list, and how often each was there so far */
    const struct redis_records *r;
    enum dump_kind kind;
    uint64_t *line; /* hashes */
    size_t count, room;
    int said;
};

static int count_line(struct lines *x, struct slice line, int64_t *ret_nth)
{
    uint64_t hash = hash_fast(line.at, line.length);
    int64_t nth = 1;

    if (x->count == x->room) {
        size_t room = x->room * 2 + 256;
        uint64_t *more = room > LINES_MAX ? NULL : realloc(x->line, room * sizeof *more);
        if (more == NULL)
            return ERR_NOMEM;
        x->line = more;
        x->room = room;
    }
    for (size_t i = 0; i < x->count; i++)
        nth += x->line[i] == hash;
    x->line[x->count++] = hash;
    *ret_nth = nth;
    return 0;
}

static struct slice behind_numbers(struct slice text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)slice_cut(&text, ' ');
    return text.at == NULL ? SLICE("") : text;
}

static int hear_line(void *context, size_t index, struct slice line)
{
    struct lines *x = context;
    struct dump_row row = {.kind = x->kind};
    const size_t numbers = x->kind == DUMP_ADJUST ? 5 : 2;
    int64_t n[5] = {0}, nth;
    int rv;

    (void)index;
    if (x->said != 0 || redis_numbers(line, n, numbers) != numbers)
        return 0;
    rv = count_line(x, line, &nth);
    if (rv != 0)
        return rv;
    if (x->kind == DUMP_ADJUST) { /* metric day by at uid note */
        const int64_t number[] = {n[1], n[0], n[2], n[3], n[4], nth};
        for (int i = 0; i < 6; i++)
            row.value[i].number = number[i];
        row.value[6].text = behind_numbers(line, 5);
    } else { /* at uid what */
        row.value[0].number = n[0];
        row.value[1].number = n[1];
        row.value[2].number = nth;
        row.value[3].text = behind_numbers(line, 2);
    }
    x->said = x->r->row(x->r->context, &row);
    return 0;
}

static int dump_list(const struct redis_records *r, enum dump_kind kind, const char *name)
{
    struct lines x = {.r = r, .kind = kind};
    char key[KEY_MAX];
    int rv = redis_read_list(r->s, redis_key(key, r->site, name), hear_line, &x,
                             r->give_up_ms);

    free(x.line);
    return rv;
}

int redis_dump_adjustments(const struct redis_records *r)
{
    return dump_list(r, DUMP_ADJUST, "adjusted");
}

int redis_dump_audit(const struct redis_records *r)
{
    return dump_list(r, DUMP_AUDIT, "audit");
}

/* --- Seeds and sources --- */

int redis_dump_seeds(const struct redis_records *r)
{
    size_t adjusted[3];
    struct seed_row seed;
    int said = 0, rv = redis_seed_adjusted(r->s, r->site, adjusted, r->give_up_ms);

    for (int m = 0; m < 3 && rv == 0 && said == 0; m++) {
        struct dump_row row = {.kind = DUMP_SEED};
        rv = redis_seed_get(&r->s->store, r->site, m, &seed);
        if (rv == ERR_NOT_FOUND) {
            rv = 0;
            continue;
        }
        if (rv != 0)
            break;
        const struct dump_value value[] = {
            {.number = m},
            {.number = (int64_t)seed.total},
            {.number = (int64_t)seed.today, .absent = !seed.has_today},
            {.number = (int64_t)seed.week, .absent = !seed.has_week},
            {.number = (int64_t)seed.month, .absent = !seed.has_month},
            {.number = seed.as_of_s},
            {.number = (int64_t)seed.offset_total},
            {.number = (int64_t)seed.offset_today},
            {.number = (int64_t)seed.offset_week},
            {.number = (int64_t)seed.offset_month},
            {.number = (int64_t)adjusted[m]},
            {.number = seed.at_s},
            {.number = seed.uid},
            {.text = slice_of(seed.note)}};
        memcpy(row.value, value, sizeof value);
        said = r->row(r->context, &row);
    }
    return rv;
}

struct sources {
    const struct redis_records *r;
    int said;
};

/* bytes lines parsed malformed views skipped from to name */
static int hear_source(void *context, struct slice field, struct slice value)
{
    struct sources *x = context;
    struct dump_row row = {.kind = DUMP_SOURCE};
    int64_t n[8];

    if (x->said != 0 || field.length < 16 || redis_numbers(value, n, 8) != 8)
        return 0;
    row.value[0].text = field;
    for (int i = 0; i < 8; i++)
        row.value[1 + i].number = n[i];
    row.value[9].text = behind_numbers(value, 8);
    x->said = x->r->row(x->r->context, &row);
    return 0;
}

int redis_dump_sources(const struct redis_records *r)
{
    struct sources x = {.r = r};
    char key[KEY_MAX];

    return redis_read_hash(r->s, redis_key(key, r->site, "sources"), hear_source, &x,
                           r->give_up_ms);
}
