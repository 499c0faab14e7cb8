#include "base/zone_rule.h"

#include "base/date.h"
#include "base/error.h"

enum { DAY_S = 86400, HOURS_MAX = 167 };

/* Each take_ function reads one thing off the front of *rest, or returns false. */

static bool take_byte(struct slice *rest, char c)
{
    if (rest->length == 0 || rest->at[0] != c)
        return false;
    *rest = (struct slice){rest->at + 1, rest->length - 1};
    return true;
}

static size_t count_while(struct slice s, bool (*fits)(char))
{
    size_t n = 0;
    while (n < s.length && fits(s.at[n]))
        n++;
    return n;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_quoted(char c)
{
    return is_letter(c) || is_digit(c) || c == '+' || c == '-';
}

static bool take_name(struct slice *rest)
{
    bool quoted = take_byte(rest, '<');
    size_t length = count_while(*rest, quoted ? is_quoted : is_letter);
    *rest = (struct slice){rest->at + length, rest->length - length};
    return length >= 3 && (!quoted || take_byte(rest, '>'));
}

static bool take_number(struct slice *rest, unsigned low, unsigned high,
                        unsigned *ret_number)
{
    uint64_t number;
    size_t length = count_while(*rest, is_digit);
    if (slice_number((struct slice){rest->at, length}, &number) != 0 || number < low ||
        number > high)
        return false;
    *rest = (struct slice){rest->at + length, rest->length - length};
    *ret_number = (unsigned)number;
    return true;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct slice *rest, int32_t *ret_seconds)
{
    unsigned hours, minutes = 0, seconds = 0;
    bool negative = take_byte(rest, '-');
    if (!negative)
        take_byte(rest, '+');
    if (!take_number(rest, 0, HOURS_MAX, &hours))
        return false;
    if (take_byte(rest, ':')) {
        if (!take_number(rest, 0, 59, &minutes))
            return false;
        if (take_byte(rest, ':') && !take_number(rest, 0, 59, &seconds))
            return false;
    }
    int32_t sum = (int32_t)(hours * 3600 + minutes * 60 + seconds);
    *ret_seconds = negative ? -sum : sum;
    return true;
}

/* POSIX counts west of Greenwich, we count east. */
static bool take_offset(struct slice *rest, int32_t *ret_east)
{
    int32_t west;
    if (!take_time(rest, &west) || west < -24 * 3600 - 3599 || west > 24 * 3600 + 3599)
        return false;
    *ret_east = -west;
    return true;
}

static bool take_change(struct slice *rest, struct zone_rule_change *ret_change)
{
    struct zone_rule_change c = {.time = 2 * 3600};
    bool read;
    if (take_byte(rest, 'M')) {
        c.form = ZONE_RULE_MONTH;
        read = take_number(rest, 1, 12, &c.month) && take_byte(rest, '.') &&
               take_number(rest, 1, 5, &c.week) && take_byte(rest, '.') &&
               take_number(rest, 0, 6, &c.day);
    } else if (take_byte(rest, 'J')) {
        c.form = ZONE_RULE_JULIAN;
        read = take_number(rest, 1, 365, &c.day);
    } else {
        c.form = ZONE_RULE_DAY;
        read = take_number(rest, 0, 365, &c.day);
    }
    if (!read || (take_byte(rest, '/') && !take_time(rest, &c.time)))
        return false;
    *ret_change = c;
    return true;
}

int zone_rule_parse(struct zone_rule *ret_rule, struct slice text)
{
    struct zone_rule r = {.has_summer = false};
    struct slice rest = text;
    if (!take_name(&rest) || !take_offset(&rest, &r.standard))
        return ERR_MALFORMED;
    if (rest.length > 0) {
        r.has_summer = true;
        r.summer = r.standard + 3600;
        if (!take_name(&rest))
            return ERR_MALFORMED;
        if (rest.length > 0 && rest.at[0] != ',' && !take_offset(&rest, &r.summer))
            return ERR_MALFORMED;
        if (!take_byte(&rest, ',') || !take_change(&rest, &r.begin) ||
            !take_byte(&rest, ',') || !take_change(&rest, &r.end) || rest.length > 0)
            return ERR_MALFORMED;
    }
    *ret_rule = r;
    return 0;
}

static int64_t first_of(int year, unsigned month)
{
    return day_of_date((struct date){year, month, 1});
}

static int64_t day_of_change(const struct zone_rule_change *c, int year)
{
    int64_t january = first_of(year, 1);
    if (c->form == ZONE_RULE_DAY)
        return january + c->day;
    if (c->form == ZONE_RULE_JULIAN) {
        bool leap = first_of(year, 3) - january == 31 + 29;
        return january + c->day - 1 + (leap && c->day > 31 + 28 ? 1 : 0);
    }
    int64_t first = first_of(year, c->month);
    int64_t next =
        c->month == 12 ? first_of(year, 12) + 31 : first_of(year, c->month + 1);
    unsigned weekday = (c->day + 6) % 7; /* ours begin on Monday */
    int64_t day = first + (weekday + 7 - weekday_of_day(first)) % 7 + 7 * (c->week - 1);
    return day < next ? day : day - 7;
}

int64_t zone_rule_begin(const struct zone_rule *r, int year)
{
    return day_of_change(&r->begin, year) * DAY_S + r->begin.time - r->standard;
}

int64_t zone_rule_end(const struct zone_rule *r, int year)
{
    return day_of_change(&r->end, year) * DAY_S + r->end.time - r->summer;
}
