#include "store/store_redis.h"

#include <stdio.h>

#include "base/date.h"

struct slice redis_key(char memory[KEY_MAX], struct slice site, const char *what)
{
    int n = snprintf(memory, KEY_MAX, "luot:{%.*s}:%s", (int)site.length, site.at, what);

    return (struct slice){memory, (size_t)n};
}

struct slice redis_key_of(char memory[KEY_MAX], struct slice site, const char *what,
                          const char *label)
{
    int n = snprintf(memory, KEY_MAX, "luot:{%.*s}:%s:%s", (int)site.length, site.at,
                     what, label);

    return (struct slice){memory, (size_t)n};
}

/* Week n is the one that Thursday 7n lies in, whatever day weeks begin on: so a week that
 * begins on Monday has its number of ISO 8601. */
static void label_week(int64_t number, char ret_label[16])
{
    struct date thursday = date_of_day(number * 7);
    int64_t first = day_of_date((struct date){thursday.year, 1, 1});

    snprintf(ret_label, 16, "%04d-W%02d", thursday.year % 10000,
             (int)((number * 7 - first) / 7 + 1) % 100);
}

void redis_label(enum change_kind kind, int64_t number, char ret_label[16])
{
    if (kind == CHANGE_WEEK) {
        label_week(number, ret_label);
        return;
    }
    date_write(kind == CHANGE_MONTH ? month_first_day(number) : number, ret_label);
    if (kind == CHANGE_MONTH)
        ret_label[7] = '\0'; /* 2026-11 */
}

const char *redis_kind(enum change_kind kind)
{
    return kind == CHANGE_WEEK      ? "week"
           : kind == CHANGE_MONTH   ? "month"
           : kind == CHANGE_QUARTER ? "quarters"
           : kind == CHANGE_HOUR    ? "hours"
           : kind == CHANGE_ENGAGED ? "engaged"
                                    : "day";
}

const char *redis_kinds(enum change_kind kind)
{
    return kind == CHANGE_WEEK      ? "weeks"
           : kind == CHANGE_MONTH   ? "months"
           : kind == CHANGE_QUARTER ? "quarters"
           : kind == CHANGE_HOUR    ? "hours"
           : kind == CHANGE_ENGAGED ? "engaged"
                                    : "days";
}

size_t redis_numbers(struct slice text, int64_t *ret_number, size_t limit)
{
    size_t n = 0;

    while (n < limit && text.at != NULL) {
        struct slice word = slice_cut(&text, ' ');
        if (slice_signed(word, &ret_number[n]) != 0)
            break;
        n++;
    }
    return n;
}

struct slice redis_text(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS)
        return (struct slice){NULL, 0};
    return (struct slice){reply->str, (size_t)reply->len};
}
