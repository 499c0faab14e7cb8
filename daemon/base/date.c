#include "base/date.h"

#include "base/error.h"

/* The calendar repeats every 400 years. Counted from 1 March, the leap day is the last of
 * its year, and the first day of month m (0 = March) is (153 * m + 2) / 5 for every m. */
enum {
    ERA_YEARS = 400,
    ERA_DAYS = 146097,
    CENTURY_DAYS = 36524,
    FOUR_YEARS_DAYS = 1461,
    ERA_TO_1970 = 719468 /* days from 0000-03-01 to 1970-01-01 */
};

static const int64_t days_limit = 780000000000; /* some 2.1 thousand million years */

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

struct date date_of_day(int64_t day)
{
    if (day < -days_limit || day > days_limit)
        day = day < 0 ? -days_limit : days_limit;
    day += ERA_TO_1970;
    int64_t era = floor_divide(day, ERA_DAYS);
    int64_t in_era = day - era * ERA_DAYS;
    /* Leap days that lie before this day are taken out, so that each year has 365. */
    int64_t year = (in_era - in_era / (FOUR_YEARS_DAYS - 1) + in_era / CENTURY_DAYS -
                    in_era / (ERA_DAYS - 1)) /
                   365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * in_year + 2) / 153;
    return (struct date){
        .year = (int)(era * ERA_YEARS + year + (month >= 10 ? 1 : 0)),
        .month = (unsigned)(month >= 10 ? month - 9 : month + 3),
        .day = (unsigned)(in_year - (153 * month + 2) / 5 + 1),
    };
}

int64_t day_of_date(struct date d)
{
    int64_t year = (int64_t)d.year - (d.month <= 2 ? 1 : 0);
    int64_t month = (d.month + 9) % 12;
    int64_t era = floor_divide(year, ERA_YEARS);
    int64_t of_era = year - era * ERA_YEARS;
    int64_t in_year = (153 * month + 2) / 5 + d.day - 1;
    return era * ERA_DAYS + 365 * of_era + of_era / 4 - of_era / 100 + in_year -
           ERA_TO_1970;
}

unsigned weekday_of_day(int64_t day)
{
    int64_t weekday = (day % 7 + 3) % 7; /* 1970-01-01 was a Thursday */
    return (unsigned)(weekday < 0 ? weekday + 7 : weekday);
}

int64_t week_first_day(int64_t day, unsigned first_weekday)
{
    return day - (weekday_of_day(day) + 7 - first_weekday % 7) % 7;
}

int64_t month_of_day(int64_t day)
{
    struct date d = date_of_day(day);
    return ((int64_t)d.year - 1970) * 12 + d.month - 1;
}

int64_t month_first_day(int64_t month)
{
    int64_t years = floor_divide(month, 12);
    return day_of_date((struct date){.year = (int)(1970 + years),
                                     .month = (unsigned)(month - years * 12) + 1,
                                     .day = 1});
}

static int read_part(struct slice text, size_t at, size_t length, uint64_t *ret_number)
{
    return slice_number((struct slice){text.at + at, length}, ret_number);
}

int date_parse(struct slice text, int64_t *ret_day)
{
    uint64_t year, month, day;
    if (text.length != 10 || text.at[4] != '-' || text.at[7] != '-' ||
        read_part(text, 0, 4, &year) != 0 || read_part(text, 5, 2, &month) != 0 ||
        read_part(text, 8, 2, &day) != 0 || month < 1 || month > 12 || day < 1 ||
        day > 31)
        return ERR_MALFORMED;
    struct date d = {(int)year, (unsigned)month, (unsigned)day};
    int64_t number = day_of_date(d);
    if (date_of_day(number).month != d.month)
        return ERR_MALFORMED; /* the 30th of February is in March */
    *ret_day = number;
    return 0;
}

static void write_digits(char *at, unsigned digits, unsigned number)
{
    while (digits > 0) {
        at[--digits] = (char)('0' + number % 10);
        number /= 10;
    }
}

void date_write(int64_t day, char ret_text[11])
{
    struct date d = date_of_day(day);
    if (d.year < 0)
        d = (struct date){0, 1, 1};
    if (d.year > 9999)
        d = (struct date){9999, 12, 31};
    memcpy(ret_text, "0000-00-00", 11);
    write_digits(ret_text, 4, (unsigned)d.year);
    write_digits(ret_text + 5, 2, d.month);
    write_digits(ret_text + 8, 2, d.day);
}
