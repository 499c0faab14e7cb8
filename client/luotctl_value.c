#include "luotctl_value.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"

enum { SECONDS_FROM = 100000000 /* 1973: less is a number of something */ };

/* Keys whose numbers are unix seconds. */
static bool is_time_key(const char *key)
{
    static const char *const KEYS[] = {"as_of",
                                       "since",
                                       "identity_since",
                                       "from",
                                       "to",
                                       "until",
                                       "at",
                                       "created",
                                       "first_live",
                                       "first_live_s",
                                       "created_s",
                                       "hour",
                                       "minute",
                                       "quarter",
                                       "time",
                                       "last_view",
                                       "durable_since",
                                       "keeper_as_of_s",
                                       "built"};
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        if (strcmp(KEYS[i], key) == 0)
            return true;
    return false;
}

bool value_is_time(const char *key, const json_t *value)
{
    return is_time_key(key) && json_is_integer(value) &&
           json_integer_value(value) >= SECONDS_FROM;
}

static bool ends_in(const char *key, const char *end)
{
    size_t length = strlen(key), tail = strlen(end);
    return length > tail && strcmp(key + length - tail, end) == 0;
}

size_t value_unit(const char *key)
{
    return ends_in(key, "_s") ? 2 : ends_in(key, "_ms") ? 3 : 0;
}

bool value_is_duration(const char *key, const json_t *value)
{
    return json_is_number(value) && value_unit(key) > 0 && !value_is_time(key, value);
}

/* "5 min", "2 h 3 min", "41 d 7 h": its two largest units. */
void value_write_duration(int64_t seconds, char text[64])
{
    static const struct {
        int64_t seconds;
        const char *name;
    } UNITS[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t i = 0;
    while (i < 3 && seconds < UNITS[i].seconds)
        i++;
    int length = snprintf(text, 64, "%lld %s", (long long)(seconds / UNITS[i].seconds),
                          UNITS[i].name);
    seconds %= UNITS[i].seconds;
    if (i < 3 && seconds >= UNITS[i + 1].seconds)
        snprintf(text + length, 64 - (size_t)length, " %lld %s",
                 (long long)(seconds / UNITS[i + 1].seconds), UNITS[i + 1].name);
}

bool value_is_day_start(const struct zone *zone, int64_t t)
{
    return zone == NULL ? t % 86400 == 0 : zone_day_start(zone, zone_day(zone, t)) == t;
}

/* "2026-11-23 03:21:04" */
void value_write_time(const struct zone *zone, int64_t t, enum precision precision,
                      char text[32])
{
    bool date_only = precision == TO_THE_DAY;
    int64_t local = t + (zone == NULL ? 0 : zone_offset(zone, t));
    int64_t day = local / 86400 - (local % 86400 < 0);
    int second = (int)(local - day * 86400);
    date_write(date_only && zone != NULL ? zone_day(zone, t) : day, text);
    int length = 10;
    if (!date_only)
        length += snprintf(text + 10, 22, " %02d:%02d", second / 3600, second / 60 % 60);
    if (precision == TO_THE_SECOND)
        length += snprintf(text + length, 32 - (size_t)length, ":%02d", second % 60);
    if (!date_only && zone == NULL)
        snprintf(text + length, 32 - (size_t)length, " UTC");
}

void value_write_real(const char *key, double number, char text[64])
{
    bool share = strcmp(key, "error") == 0;
    snprintf(text, 60, "%.*f", share ? 1 : 3, share ? number * 100 : number);
    char *point = strpbrk(text, ".,");
    if (point != NULL) {
        char *end = text + strlen(text);
        *point = ',';
        while (!share && end > point && (end[-1] == '0' || end[-1] == ','))
            *--end = '\0';
    }
    if (share)
        strcat(text, " %");
}
