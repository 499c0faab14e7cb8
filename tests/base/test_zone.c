#include "base/zone.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { DAY_S = 86400, HOUR_S = 3600 };

static const char *const zones[] = {
    "Asia/Ho_Chi_Minh",  "UTC",
    "Europe/Berlin",     "Europe/Dublin",
    "America/Sao_Paulo", "America/St_Johns",
    "Asia/Beirut",       "Africa/Cairo",
    "Pacific/Apia",      "Australia/Lord_Howe",
    "America/New_York",  "Africa/Casablanca",
    "Africa/Monrovia",   "America/Nuuk",
    "Asia/Gaza",         "Asia/Manila",
    "Pacific/Kwajalein", "Antarctica/Troll",
    "Asia/Tehran",       "Antarctica/Casey",
};
enum { ZONES = sizeof zones / sizeof zones[0] };

static struct zone *zone_of(const char *name)
{
    struct zone *z = NULL;
    cr_assert_eq(zone_load(&z, slice_of(name)), 0, "%s", name);
    return z;
}

static int64_t at(int year, unsigned month, unsigned day, int64_t seconds)
{
    return day_of_date((struct date){year, month, day}) * DAY_S + seconds;
}

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* --- zdump as the judge --- */

/* One line of `zdump -v`: "ZONE  Sun Mar 28 00:59:59 2021 UT = ... isdst=0
 * gmtoff=3600". */
static bool read_zdump_line(const char *line, int64_t *ret_t, int32_t *ret_offset)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4];
    int day, hour, minute, second, year, offset;
    const char *end = strstr(line, "gmtoff=");
    if (end == NULL || sscanf(end, "gmtoff=%d", &offset) != 1 ||
        sscanf(line, "%*s %*s %3s %d %d:%d:%d %d UT", month, &day, &hour, &minute,
               &second, &year) != 6)
        return false;
    unsigned number = (unsigned)(strstr(months, month) - months) / 3 + 1;
    *ret_t = at(year, number, (unsigned)day, hour * HOUR_S + minute * 60 + second);
    *ret_offset = offset;
    return true;
}

static FILE *zdump(const char *name)
{
    char command[128];
    snprintf(command, sizeof command, "zdump -v -c 1900,2090 %s 2>/dev/null", name);
    return popen(command, "r");
}

Test(zone, has_the_offsets_of_zdump)
{
    size_t lines = 0;
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *z = zone_of(zones[i]);
        FILE *in = zdump(zones[i]);
        char line[256];
        int64_t t, before = INT64_MIN;
        int32_t offset, last = 0;
        cr_assert_not_null(in);
        while (fgets(line, sizeof line, in) != NULL) {
            if (!read_zdump_line(line, &t, &offset))
                continue;
            lines++;
            cr_expect_eq(zone_offset(z, t), offset, "%s", line);
            /* Each change is two lines, the second before and the one of it; between
             * changes all is one. */
            if (before != INT64_MIN && t - before > 1)
                cr_expect_eq(zone_offset(z, before + (t - before) / 2), last, "%s", line);
            before = t;
            last = offset;
        }
        pclose(in);
        zone_free(z);
    }
    if (lines == 0)
        puts("skipped: zdump is not installed");
    else
        cr_expect_gt(lines, 2000);
}

/* What the header says a day's start is, worked out from zdump alone: the first instant
 * whose local date is that day or a later one. Each stretch between two changes is walked
 * day by day. */
Test(zone, days_begin_where_zdump_says)
{
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *z = zone_of(zones[i]);
        FILE *in = zdump(zones[i]);
        char line[256];
        int64_t t, from = at(1900, 1, 2, 0), next_day = INT64_MIN;
        int32_t offset, current = zone_offset(z, from);
        cr_assert_not_null(in);
        while (fgets(line, sizeof line, in) != NULL) {
            if (!read_zdump_line(line, &t, &offset) || t <= from)
                continue;
            if (next_day == INT64_MIN)
                next_day = floor_divide(from + current, DAY_S) + 1;
            /* [from, t) has one offset, `current`; at `from` the clock may have jumped
             * over midnights. */
            for (; next_day * DAY_S - current < t; next_day++) {
                int64_t start = next_day * DAY_S - current;
                cr_assert_eq(zone_day_start(z, next_day), start > from ? start : from,
                             "%s day %ld before %s", zones[i], (long)next_day, line);
            }
            from = t;
            current = offset;
        }
        pclose(in);
        zone_free(z);
    }
}

/* --- The promises of the header --- */

static void expect_day_holds(const struct zone *z, int64_t t)
{
    int64_t day = zone_day(z, t);
    int64_t start = zone_day_start(z, day), end = zone_day_start(z, day + 1);
    cr_assert(start <= t && t < end, "%s at %ld", zone_name(z), (long)t);
    cr_assert_eq(zone_day(z, start), day, "%s at %ld", zone_name(z), (long)t);
    cr_assert_eq(zone_day(z, end - 1), day, "%s at %ld", zone_name(z), (long)t);
    int64_t hour = zone_hour_start(z, t);
    cr_assert(hour <= t && t - hour < 2 * HOUR_S, "%s at %ld", zone_name(z), (long)t);
    cr_assert_eq(zone_hour_start(z, hour), hour, "%s at %ld", zone_name(z), (long)t);
}

Test(zone, days_are_monotone_and_hold_their_times_hour_by_hour)
{
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *z = zone_of(zones[i]);
        int64_t reached = INT64_MIN;
        for (int64_t t = at(1970, 1, 1, 0); t < at(2045, 1, 1, 0); t += 900) {
            /* The latest date the clock has shown. Changes are on quarters of an hour or
             * a minute after. */
            int64_t shown = floor_divide(t + zone_offset(z, t), DAY_S);
            if (shown > reached)
                reached = shown;
            cr_assert_eq(zone_day(z, t), reached, "%s at %ld", zones[i], (long)t);
            if (t % (5 * HOUR_S) == 0) /* every hour of the day in its turn */
                expect_day_holds(z, t);
        }
        zone_free(z);
    }
}

Test(zone, days_hold_any_time_at_all)
{
    uint64_t random = 1;
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *z = zone_of(zones[i]);
        for (unsigned round = 0; round < 30000; round++) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            /* within 200 years, 27,000 years, 500 million years of 1970 */
            expect_day_holds(z, (int64_t)random >> (round % 3 == 0   ? 30
                                                    : round % 3 == 1 ? 23
                                                                     : 9));
        }
        zone_free(z);
    }
}

Test(zone, repeats_after_four_hundred_years_once_a_rule_is_in_force)
{
    struct zone *z = zone_of("Europe/Berlin");
    const int64_t cycle = INT64_C(146097) * DAY_S;
    for (int64_t t = at(2040, 1, 1, 0); t < at(2500, 1, 1, 0); t += 7 * HOUR_S) {
        for (int64_t k = 1; k < 1000; k = 3 * k + 1) {
            cr_assert_eq(zone_offset(z, t + k * cycle), zone_offset(z, t));
            cr_assert_eq(zone_day(z, t + k * cycle), zone_day(z, t) + k * 146097);
        }
    }
    zone_free(z);
}

Test(zone, answers_at_the_ends_of_time)
{
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *z = zone_of(zones[i]);
        int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX};
        for (size_t k = 1; k < sizeof ends / sizeof ends[0]; k++) {
            cr_expect_leq(zone_day(z, ends[k - 1]), zone_day(z, ends[k]));
            cr_expect_leq(zone_day_start(z, ends[k - 1]), zone_day_start(z, ends[k]));
            cr_expect_leq(zone_hour_start(z, ends[k - 1]), zone_hour_start(z, ends[k]));
            cr_expect_leq(abs(zone_offset(z, ends[k])), 26 * HOUR_S);
        }
        zone_free(z);
    }
}

/* --- Known days --- */

Test(zone, a_missing_midnight_begins_the_day_with_its_first_minute)
{
    /* 2018-11-04 00:00 -03 became 01:00 -02. */
    struct zone *z = zone_of("America/Sao_Paulo");
    int64_t day = day_of_date((struct date){2018, 11, 4});
    cr_expect_eq(zone_day_start(z, day), at(2018, 11, 4, 3 * HOUR_S));
    cr_expect_eq(zone_day_start(z, day + 1) - zone_day_start(z, day), 23 * HOUR_S);
    cr_expect_eq(zone_day(z, at(2018, 11, 4, 3 * HOUR_S) - 1), day - 1);
    zone_free(z);
}

Test(zone, a_repeated_evening_belongs_to_the_day_that_has_begun)
{
    /* 2006-10-29 00:01 NDT became 2006-10-28 23:01 NST. */
    struct zone *z = zone_of("America/St_Johns");
    int64_t day = day_of_date((struct date){2006, 10, 29});
    int64_t midnight = at(2006, 10, 29, 2 * HOUR_S + 1800);
    cr_expect_eq(zone_day_start(z, day), midnight);
    cr_expect_eq(zone_day(z, midnight - 1), day - 1);
    cr_expect_eq(zone_day(z, midnight + 30 * 60), day, "though the clock shows the 28th");
    cr_expect_eq(zone_day_start(z, day + 1) - midnight, 25 * HOUR_S);
    zone_free(z);
}

Test(zone, a_day_that_never_was_is_empty)
{
    struct zone *z = zone_of("Pacific/Apia"); /* after 2011-12-29 came the 31st */
    int64_t missing = day_of_date((struct date){2011, 12, 30});
    int64_t jump = at(2011, 12, 30, 10 * HOUR_S);
    cr_expect_eq(zone_day_start(z, missing), jump);
    cr_expect_eq(zone_day_start(z, missing + 1), jump);
    cr_expect_eq(zone_day(z, jump - 1), missing - 1);
    cr_expect_eq(zone_day(z, jump), missing + 1);
    zone_free(z);
}

Test(zone, hours_are_cut_where_the_clock_shows_none_minutes)
{
    struct zone *z = zone_of("Asia/Kolkata");
    cr_expect_eq(zone_hour_start(z, at(2026, 1, 1, 45 * 60)), at(2026, 1, 1, 30 * 60));
    zone_free(z);
}

Test(zone, a_repeated_hour_is_two_hours)
{
    struct zone *z = zone_of("Europe/Berlin");
    int64_t back = at(2026, 10, 25, HOUR_S); /* 03:00 became 02:00 */
    cr_expect_eq(zone_hour_start(z, back - 1), back - HOUR_S);
    cr_expect_eq(zone_hour_start(z, back), back);
    cr_expect_eq(zone_hour_start(z, back + HOUR_S - 1), back);
    zone_free(z);
}

Test(zone, half_an_hour_of_summer_makes_hours_of_30_and_90_minutes)
{
    struct zone *z = zone_of("Australia/Lord_Howe");
    int64_t back = at(2026, 4, 4, 15 * HOUR_S); /* 02:00 +11 became 01:30 +10:30 */
    /* 02:00 +10:30 became 02:30 +11. */
    int64_t forth = at(2026, 10, 3, 15 * HOUR_S + 1800);
    cr_expect_eq(zone_hour_start(z, back), back - HOUR_S);
    cr_expect_eq(zone_hour_start(z, back + 1799), back - HOUR_S);
    cr_expect_eq(zone_hour_start(z, back + 1800), back + 1800);
    cr_expect_eq(zone_hour_start(z, forth - 1), forth - HOUR_S);
    cr_expect_eq(zone_hour_start(z, forth + 1799), forth);
    cr_expect_eq(zone_hour_start(z, forth + 1800), forth + 1800);
    zone_free(z);
}

/* --- Files --- */

Test(zone, knows_its_name)
{
    struct zone *z = zone_of("Etc/GMT+7");
    cr_expect_str_eq(zone_name(z), "Etc/GMT+7");
    cr_expect_eq(zone_offset(z, 0), -7 * HOUR_S);
    zone_free(z);
    zone_free(NULL);
}

Test(zone, refuses_names_that_lead_elsewhere)
{
    const char *bad[] = {
        "",     "/etc/passwd", "../zoneinfo/UTC", "Asia/../UTC", "Asia//Hanoi",
        "Asia", "Asia/",       "No/Such_Zone",    ".",           "UTC\n"};
    struct zone *z;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(zone_load(&z, slice_of(bad[i])), ERR_NOT_FOUND, "%s", bad[i]);
    cr_expect_eq(zone_load(&z, SLICE("UTC\0")), ERR_NOT_FOUND);
    char long_name[200];
    memset(long_name, 'a', sizeof long_name);
    cr_expect_eq(zone_load(&z, (struct slice){long_name, sizeof long_name}),
                 ERR_NOT_FOUND);
}

/* A folder of zones with one file, "made", for $TZDIR. */
struct made {
    char folder[64];
    char path[80];
    char bytes[1024];
    size_t length;
};

static void put(struct made *m, const void *at_bytes, size_t length)
{
    memcpy(m->bytes + m->length, at_bytes, length);
    m->length += length;
}

static void put_number(struct made *m, uint64_t number, size_t length)
{
    for (size_t i = length; i > 0; i--) {
        char byte = (char)(number >> (8 * (i - 1)));
        put(m, &byte, 1);
    }
}

static void put_header(struct made *m, unsigned leaps, unsigned times, unsigned types)
{
    static const char zeros[15];
    put(m, "TZif2", 5);
    put(m, zeros, sizeof zeros);
    put_number(m, 0, 4);
    put_number(m, 0, 4);
    put_number(m, leaps, 4);
    put_number(m, times, 4);
    put_number(m, types, 4);
    put_number(m, 4, 4);
}

static void put_type(struct made *m, int32_t offset)
{
    put_number(m, (uint32_t)offset, 4);
    put_number(m, 0, 2);
}

/* A file with `times` transitions at 0, 100, 200, ... to types 1, 0, 1, ... of +2 h and
 * 0. */
static void made_init(struct made *m, unsigned times, const char *footer)
{
    *m = (struct made){.length = 0};
    put_header(m, 0, 0, 1);
    put_type(m, 0);
    put(m, "XXX", 4);
    put_header(m, 0, times, 2);
    for (unsigned i = 0; i < times; i++)
        put_number(m, i * 100, 8);
    for (unsigned i = 0; i < times; i++)
        put_number(m, (i + 1) % 2, 1);
    put_type(m, 0);
    put_type(m, 2 * HOUR_S);
    put(m, "XXX", 4);
    put(m, "\n", 1);
    put(m, footer, strlen(footer));
    put(m, "\n", 1);

    strcpy(m->folder, "/tmp/luot-zone-XXXXXX");
    cr_assert_not_null(mkdtemp(m->folder));
    snprintf(m->path, sizeof m->path, "%s/made", m->folder);
    setenv("TZDIR", m->folder, 1);
}

static int made_load(struct made *m, size_t length, struct zone **ret_zone)
{
    FILE *out = fopen(m->path, "wb");
    cr_assert_not_null(out);
    fwrite(m->bytes, 1, length, out);
    fclose(out);
    return zone_load(ret_zone, SLICE("made"));
}

static void made_release(struct made *m)
{
    unlink(m->path);
    rmdir(m->folder);
}

Test(zone, goes_on_with_its_last_offset_when_there_is_no_rule)
{
    struct made m;
    struct zone *z = NULL;
    made_init(&m, 3, "");
    cr_assert_eq(made_load(&m, m.length, &z), 0);
    cr_expect_eq(zone_offset(z, -1), 0);
    cr_expect_eq(zone_offset(z, 0), 2 * HOUR_S);
    cr_expect_eq(zone_offset(z, 100), 0);
    cr_expect_eq(zone_offset(z, 99999999999), 2 * HOUR_S);
    zone_free(z);
    made_release(&m);
}

Test(zone, a_rule_alone_is_for_all_times_before_and_after)
{
    struct made m;
    struct zone *z = NULL;
    made_init(&m, 0, "AAA0BBB-2,J91/0,J274/0"); /* 1 April to 1 October */
    cr_assert_eq(made_load(&m, m.length, &z), 0);
    for (int year = -3000; year < 9000; year += 17) {
        cr_expect_eq(zone_offset(z, at(year, 4, 1, 0) - 1), 0, "%d", year);
        cr_expect_eq(zone_offset(z, at(year, 4, 1, 0)), 2 * HOUR_S, "%d", year);
        cr_expect_eq(zone_offset(z, at(year, 10, 1, -2 * HOUR_S) - 1), 2 * HOUR_S, "%d",
                     year);
        cr_expect_eq(zone_offset(z, at(year, 10, 1, -2 * HOUR_S)), 0, "%d", year);
        expect_day_holds(z, at(year, 4, 1, 0));
        expect_day_holds(z, at(year, 10, 1, -2 * HOUR_S));
    }
    zone_free(z);
    made_release(&m);
}

Test(zone, summer_all_year_has_no_winter_between)
{
    struct made m;
    struct zone *z = NULL;
    made_init(&m, 0, "XXX3EDT4,0/0,J365/23"); /* RFC 8536, 3.3.1: EDT4 is west of XXX3 */
    cr_assert_eq(made_load(&m, m.length, &z), 0);
    for (int64_t t = at(1960, 1, 1, 0); t < at(2400, 1, 1, 0); t += 5 * HOUR_S)
        cr_assert_eq(zone_offset(z, t), -4 * HOUR_S, "%ld", (long)t);
    zone_free(z);
    made_release(&m);
}

Test(zone, refuses_a_file_that_is_cut_anywhere)
{
    struct made m;
    struct zone *z = NULL;
    made_init(&m, 3, "UTC0");
    for (size_t length = 0; length < m.length; length++)
        cr_expect_eq(made_load(&m, length, &z), ERR_MALFORMED, "%zu", length);
    cr_expect_null(z, "untouched on failure");
    made_release(&m);
}

Test(zone, survives_a_file_with_any_byte_wrong)
{
    struct made m;
    made_init(&m, 3, "AAA0BBB-2,M3.2.0,M11.1.0");
    for (size_t i = 0; i < m.length; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct zone *z = NULL;
            m.bytes[i] ^= (char)(1 << bit);
            int rv = made_load(&m, m.length, &z);
            cr_assert(rv == 0 || rv == ERR_MALFORMED, "%d", rv);
            for (int64_t t = -5000000000; rv == 0 && t < 50000000000; t += 100000007)
                expect_day_holds(z, t);
            zone_free(z);
            m.bytes[i] ^= (char)(1 << bit);
        }
    }
    made_release(&m);
}

Test(zone, refuses_leap_seconds)
{
    struct made m;
    struct zone *z;
    made_init(&m, 0, "UTC0");
    m.length = 0;
    put_header(&m, 0, 0, 1);
    put_type(&m, 0);
    put(&m, "XXX", 4);
    put_header(&m, 1, 0, 1);
    put_type(&m, 0);
    put(&m, "XXX", 4);
    put_number(&m, 78796800, 8);
    put_number(&m, 1, 4);
    put(&m, "\nUTC0\n", 6);
    cr_expect_eq(made_load(&m, m.length, &z), ERR_MALFORMED);
    made_release(&m);
}

Test(zone, that_is_shared_is_there_until_the_last_one_has_freed_it)
{
    struct zone *z, *shared;
    cr_assert_eq(zone_load(&z, SLICE("Asia/Ho_Chi_Minh")), 0);
    shared = zone_share(z);
    cr_expect_eq(shared, z);
    cr_expect(zone_equal(shared, z));
    zone_free(z);
    cr_expect_eq(zone_day(shared, 19788 * 86400 - 7 * 3600 - 1), 19787);
    cr_expect_eq(zone_day(shared, 19788 * 86400 - 7 * 3600), 19788);
    zone_free(shared);
}
