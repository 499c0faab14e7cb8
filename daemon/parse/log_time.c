#include "parse/log_time.h"

#include "base/date.h"
#include "base/error.h"
#include "parse/take.h"

struct parts {
    struct date date;
    unsigned hour, minute, second;
    int32_t offset_s;
};

static bool date_exists(struct date d)
{
    static const uint8_t DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (d.year % 4 == 0 && d.year % 100 != 0) || d.year % 400 == 0;

    if (d.year < 1 || d.month < 1 || d.month > 12 || d.day < 1)
        return false;
    return d.day <= DAYS[d.month - 1] + (leap && d.month == 2 ? 1u : 0);
}

static int finish(struct log_time *ret, const struct parts *p)
{
    unsigned second = p->second > 59 ? 59 : p->second;

    if (!date_exists(p->date) || p->hour > 23 || p->minute > 59)
        return ERR_MALFORMED;
    ret->s = day_of_date(p->date) * 86400 +
             (int64_t)(p->hour * 3600 + p->minute * 60 + second) - p->offset_s;
    ret->offset_s = p->offset_s;
    return 0;
}

static bool take_year(struct slice *rest, int *ret_year)
{
    unsigned year;

    if (!take_digits(rest, 4, &year))
        return false;
    *ret_year = (int)year;
    return true;
}

static bool take_clock(struct slice *rest, struct parts *p)
{
    return take_digits(rest, 2, &p->hour) && take_byte(rest, ':') &&
           take_digits(rest, 2, &p->minute) && take_byte(rest, ':') &&
           take_digits(rest, 2, &p->second);
}

/* +hhmm, or +hh:mm where a colon is allowed; nothing behind it. */
static bool take_offset(struct slice rest, bool colon, int32_t *ret_offset_s)
{
    bool west = take_byte(&rest, '-');
    unsigned hours, minutes;

    if ((!west && !take_byte(&rest, '+')) || !take_digits(&rest, 2, &hours))
        return false;
    if (colon)
        (void)take_byte(&rest, ':');
    if (!take_digits(&rest, 2, &minutes) || rest.length > 0)
        return false;
    *ret_offset_s = (int32_t)(hours * 3600 + minutes * 60);
    if (west)
        *ret_offset_s = -*ret_offset_s;
    return true;
}

int log_time_clf(struct log_time *ret, struct slice text)
{
    struct parts p = {0};

    if (!take_digits(&text, 2, &p.date.day) || !take_byte(&text, '/') ||
        !take_month(&text, &p.date.month) || !take_byte(&text, '/') ||
        !take_year(&text, &p.date.year) || !take_byte(&text, ':') ||
        !take_clock(&text, &p) || !take_byte(&text, ' ') ||
        !take_offset(text, false, &p.offset_s))
        return ERR_MALFORMED;
    return finish(ret, &p);
}

int log_time_iso(struct log_time *ret, struct slice text)
{
    struct parts p = {0};

    if (!take_year(&text, &p.date.year) || !take_byte(&text, '-') ||
        !take_digits(&text, 2, &p.date.month) || !take_byte(&text, '-') ||
        !take_digits(&text, 2, &p.date.day) ||
        (!take_byte(&text, 'T') && !take_byte(&text, ' ')) || !take_clock(&text, &p))
        return ERR_MALFORMED;
    if (take_byte(&text, '.')) {
        size_t digits = leading_digits(text);
        if (digits == 0)
            return ERR_MALFORMED;
        take(&text, digits);
    }
    if (!slice_equal(text, SLICE("Z")) && !take_offset(text, true, &p.offset_s))
        return ERR_MALFORMED;
    return finish(ret, &p);
}

int log_time_unix(struct log_time *ret, struct slice text)
{
    size_t digits = leading_digits(text);
    uint64_t seconds;

    if (digits == 0 || digits > 12 || slice_number(take(&text, digits), &seconds) != 0)
        return ERR_MALFORMED;
    if (take_byte(&text, '.'))
        take(&text, leading_digits(text));
    if (text.length > 0)
        return ERR_MALFORMED;
    *ret = (struct log_time){.s = (int64_t)seconds};
    return 0;
}

int log_time_any(struct log_time *ret, struct slice text)
{
    if (log_time_iso(ret, text) == 0 || log_time_clf(ret, text) == 0)
        return 0;
    return log_time_unix(ret, text);
}
