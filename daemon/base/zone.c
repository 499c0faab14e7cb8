/* A zone is one sorted array of spans, each a stretch of time with one offset:
 *
 *      from       offset   day        `day` is the local day that has been reached at
 *    +----------+--------+-------+    `from`: the latest date that the local clock has
 *    | -limit   | +25590 | ...   |    shown by then, so it never falls.
 *    | ...      | +25200 | ...   |
 *    +----------+--------+-------+
 *
 * The local day at t is the later of that and of what the clock shows at t. The first
 * instant of a day lies in the last span that begins on an earlier day, or is the moment
 * that span ends. Both are one binary search.
 *
 * The file's transitions come first. A rule with a summer time (the footer) is written
 * out as spans for 400 years and some after the last of them, 20 KB a zone; the Gregorian
 * calendar, weekdays included, repeats after exactly 146,097 days, so a later time is
 * moved back by whole cycles and the answer forward again. A zone without one ends with
 * its last span, and that one is looked at first. */
#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/tzif.h"
#include "base/zone_rule.h"

enum {
    DAY_S = 86400,
    HOUR_S = 3600,
    ZONE_NAME_MAX = 63,
    ZONE_FILE_MAX = 1 << 20,
    CYCLE_YEARS = 400,
    CYCLE_DAYS = 146097,
    RULE_YEARS = CYCLE_YEARS + 6, /* written out: a cycle, and some to spare */
    RULE_SPANS = 2 * RULE_YEARS + 2
};

static const int64_t cycle_s = (int64_t)CYCLE_DAYS * DAY_S;
/* Times and days beyond these are taken for these, so that nothing overflows and years
 * fit an int. */
static const int64_t time_limit = 60000000000000000;
static const int64_t day_limit = 690000000000;

struct span {
    int64_t from;   /* unix seconds; the span lasts until the next one's */
    int64_t day;    /* the latest local day that was reached at `from`   */
    int32_t offset; /* seconds east of UTC                               */
};

struct zone {
    atomic_uint holders; /* who free it */
    char name[ZONE_NAME_MAX + 1];
    int64_t cycle_from;  /* the rule's cycle is [cycle_from, cycle_from + cycle_s)     */
    int64_t cycle_day;   /* the first day whose start is surely in it                  */
    bool has_cycle;      /* times after the cycle are moved into it                    */
    bool cycle_backward; /* times before it too: there is no transition but the rule's */
    size_t count;
    struct span spans[]; /* the first is from -time_limit */
};

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t clamp(int64_t value, int64_t limit)
{
    return value < -limit ? -limit : value > limit ? limit : value;
}

/* The date that a clock with this offset shows. */
static int64_t date_shown(int64_t t, int32_t offset)
{
    return floor_divide(t + offset, DAY_S);
}

/* --- Loading: the file's transitions and its rule to spans --- */

static void add_span(struct zone *z, int64_t from, int32_t offset)
{
    struct span *last = &z->spans[z->count - 1];
    if (from <= last->from) { /* "since ever" */
        last->offset = offset;
        last->day = date_shown(last->from, offset);
    } else if (offset != last->offset && from < time_limit) {
        int64_t reached = later(last->day, date_shown(from - 1, last->offset));
        z->spans[z->count++] =
            (struct span){from, later(reached, date_shown(from, offset)), offset};
    }
}

/* Summers that touch or overlap are one: "XXX3EDT4,0/0,J365/25" is summer all year. */
static void add_rule(struct zone *z, const struct zone_rule *rule, int64_t last,
                     int first_year)
{
    int64_t summer_end = INT64_MIN;
    for (int year = first_year; year < first_year + RULE_YEARS; year++) {
        int64_t begin = zone_rule_begin(rule, year);
        int64_t end = zone_rule_end(rule, year);
        if (end <= begin)
            end = zone_rule_end(rule, year + 1);
        if (begin > summer_end) {
            if (summer_end > last)
                add_span(z, summer_end, rule->standard);
            if (begin > last)
                add_span(z, begin, rule->summer);
        }
        summer_end = later(summer_end, end);
    }
}

/* `last` is the file's last transition, or before all time when it has none: then the
 * rule is for ever. */
static void add_footer(struct zone *z, const struct zone_rule *rule, int64_t last)
{
    if (!rule->has_summer || last >= time_limit)
        return; /* the last transition has led there */
    bool for_ever = last <= -time_limit;
    int year = for_ever ? 1968 : date_of_day(floor_divide(last, DAY_S)).year;
    int64_t cycle_first = day_of_date((struct date){year + 2, 1, 1});
    add_rule(z, rule, for_ever ? INT64_MIN : last, year - 1);
    z->cycle_from = cycle_first * DAY_S;
    z->cycle_day = cycle_first + 2;
    z->has_cycle = true;
    z->cycle_backward = for_ever;
}

/* Returns the last transition's time, INT64_MIN for none. */
static int64_t add_transitions(struct zone *z, const struct tzif *t)
{
    int64_t from = INT64_MIN;
    z->spans[0] =
        (struct span){-time_limit, date_shown(-time_limit, t->before), t->before};
    z->count = 1;
    for (size_t i = 0; i < t->count; i++) {
        from = tzif_time(t, i);
        add_span(z, from, tzif_offset(t, i));
    }
    return from;
}

static int zone_read(struct zone **ret_zone, struct slice name, struct slice file)
{
    struct tzif t;
    struct zone_rule rule = {.has_summer = false};
    int rv = tzif_parse(&t, file);
    if (rv == 0 && t.footer.length > 0) /* without: what was last goes on */
        rv = zone_rule_parse(&rule, t.footer);
    if (rv != 0)
        return rv;
    size_t spans = 1 + t.count + (rule.has_summer ? RULE_SPANS : 0);
    struct zone *z = calloc(1, sizeof *z + spans * sizeof z->spans[0]);
    if (z == NULL)
        return ERR_NOMEM;
    atomic_init(&z->holders, 1);
    memcpy(z->name, name.at, name.length);
    add_footer(z, &rule, add_transitions(z, &t));
    *ret_zone = z;
    return 0;
}

/* A name comes from a configuration that may come from elsewhere: it stays inside the
 * folder of zones. */
static bool name_is_valid(struct slice name)
{
    char before = '/';
    if (name.length == 0 || name.length > ZONE_NAME_MAX ||
        name.at[name.length - 1] == '/')
        return false;
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
        if (!letter && (before == '/' || (c != '/' && c != '.')))
            return false;
        before = c;
    }
    return true;
}

static int open_file(struct slice name, int *ret_fd, size_t *ret_length)
{
    char path[4096];
    struct stat st;
    const char *folder = getenv("TZDIR");
    if (folder == NULL || folder[0] == '\0')
        folder = "/usr/share/zoneinfo";
    int length =
        snprintf(path, sizeof path, "%s/%.*s", folder, (int)name.length, name.at);
    if (length < 0 || (size_t)length >= sizeof path)
        return ERR_NOT_FOUND;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_from_errno(errno);
    int rv = 0;
    if (fstat(fd, &st) != 0)
        rv = ERR_IO;
    else if (!S_ISREG(st.st_mode))
        rv = ERR_NOT_FOUND; /* "Asia" is a folder */
    else if (st.st_size > ZONE_FILE_MAX)
        rv = ERR_MALFORMED;
    if (rv != 0) {
        close(fd);
        return rv;
    }
    *ret_fd = fd;
    *ret_length = (size_t)st.st_size;
    return 0;
}

static int read_all(int fd, char *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = read(fd, bytes + done, length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        done += (size_t)n;
    }
    return 0;
}

int zone_load(struct zone **ret_zone, struct slice name)
{
    int fd;
    size_t length;
    if (!name_is_valid(name))
        return ERR_NOT_FOUND;
    int rv = open_file(name, &fd, &length);
    if (rv != 0)
        return rv;
    char *bytes = malloc(length + 1);
    if (bytes == NULL) {
        rv = ERR_NOMEM;
        goto close_file;
    }
    rv = read_all(fd, bytes, length);
    if (rv == 0)
        rv = zone_read(ret_zone, name, (struct slice){bytes, length});
    free(bytes);
close_file:
    close(fd);
    return rv;
}

struct zone *zone_share(struct zone *z)
{
    /* Relaxed: who shares it holds it. */
    atomic_fetch_add_explicit(&z->holders, 1, memory_order_relaxed);
    return z;
}

void zone_free(struct zone *z)
{
    /* Both: what others did with it is done before the last one frees it. */
    if (z != NULL && atomic_fetch_sub_explicit(&z->holders, 1, memory_order_acq_rel) == 1)
        free(z);
}

static bool span_equal(const struct span *a, const struct span *b)
{
    return a->from == b->from && a->day == b->day && a->offset == b->offset;
}

bool zone_equal(const struct zone *a, const struct zone *b)
{
    bool same = strcmp(a->name, b->name) == 0 && a->cycle_from == b->cycle_from &&
                a->cycle_day == b->cycle_day && a->has_cycle == b->has_cycle &&
                a->cycle_backward == b->cycle_backward && a->count == b->count;

    for (size_t i = 0; same && a != b && i < a->count; i++)
        same = span_equal(&a->spans[i], &b->spans[i]);
    return same;
}

const char *zone_name(const struct zone *z)
{
    return z->name;
}

/* --- Asking --- */

/* Moves t or a day into the cycle, if it lies beyond what is written out; returns by how
 * many cycles. */
static int64_t fold(const struct zone *z, int64_t *value, int64_t from, int64_t length)
{
    if (!z->has_cycle ||
        (*value < from + length && (*value >= from || !z->cycle_backward)))
        return 0;
    int64_t cycles = floor_divide(*value - from, length);
    *value -= cycles * length;
    return cycles;
}

static int64_t fold_time(const struct zone *z, int64_t *t)
{
    return fold(z, t, z->cycle_from, cycle_s);
}

/* The span that t lies in; t is not before the first one. */
static const struct span *span_at(const struct zone *z, int64_t t)
{
    const struct span *first = z->spans;
    size_t count = z->count;
    if (t >= first[count - 1].from)
        return &first[count - 1];
    while (count > 1) { /* it is one of the `count` from `first` on */
        size_t half = count / 2;
        if (t >= first[half].from) {
            first += half;
            count -= half;
        } else {
            count = half;
        }
    }
    return first;
}

/* The last span that begins on a day before `day`, or the first one. */
static const struct span *span_before_day(const struct zone *z, int64_t day)
{
    const struct span *first = z->spans;
    size_t count = z->count;
    if (first[count - 1].day < day)
        return &first[count - 1];
    while (count > 1) {
        size_t half = count / 2;
        if (first[half].day < day) {
            first += half;
            count -= half;
        } else {
            count = half;
        }
    }
    return first;
}

int32_t zone_offset(const struct zone *z, int64_t t)
{
    t = clamp(t, time_limit);
    fold_time(z, &t);
    return span_at(z, t)->offset;
}

int64_t zone_day(const struct zone *z, int64_t t)
{
    t = clamp(t, time_limit);
    int64_t cycles = fold_time(z, &t);
    const struct span *s = span_at(z, t);
    return later(s->day, date_shown(t, s->offset)) + cycles * CYCLE_DAYS;
}

int64_t zone_day_start(const struct zone *z, int64_t day)
{
    day = clamp(day, day_limit);
    int64_t cycles = fold(z, &day, z->cycle_day, CYCLE_DAYS);
    const struct span *s = span_before_day(z, day);
    int64_t start = day * DAY_S - s->offset;
    if (s + 1 < z->spans + z->count && start > s[1].from)
        start = s[1].from; /* its midnight never was */
    return start + cycles * cycle_s;
}

int64_t zone_hour_start(const struct zone *z, int64_t t)
{
    t = clamp(t, time_limit);
    int64_t cycles = fold_time(z, &t);
    const struct span *s = span_at(z, t);
    for (;; s--) {
        int64_t hour = floor_divide(t + s->offset, HOUR_S);
        int64_t start = hour * HOUR_S - s->offset;
        if (start >= s->from || s == z->spans)
            return start + cycles * cycle_s;
        /* The clock jumped into this hour. Was it another one before? */
        if (floor_divide(s->from - 1 + s[-1].offset, HOUR_S) != hour)
            return s->from + cycles * cycle_s;
        t = s->from - 1;
    }
}

int64_t zone_day_from(const struct zone *z, int64_t t)
{
    int64_t day = zone_day(z, t);

    return zone_day_start(z, day) >= t ? day : day + 1;
}
