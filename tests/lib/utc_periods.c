#include "lib/utc_periods.h"

#include "base/zone.h"

void utc_periods(int64_t slot, struct visit_periods *ret)
{
    int64_t hour = slot / UTC_HOUR, day = slot / UTC_DAY, week = (day + 3) / 7;
    int64_t month = month_of_day(day);

    *ret = (struct visit_periods){.from_slot = hour * UTC_HOUR,
                                  .until_slot = (hour + 1) * UTC_HOUR,
                                  .online_after = slot - UTC_ONLINE,
                                  .idle_slots = UTC_IDLE};
    ret->number[PERIOD_HOUR] = (uint32_t)hour;
    ret->start[PERIOD_HOUR] = hour * UTC_HOUR;
    ret->number[PERIOD_DAY] = (uint32_t)day;
    ret->start[PERIOD_DAY] = day * UTC_DAY;
    ret->number[PERIOD_WEEK] = (uint32_t)week;
    ret->start[PERIOD_WEEK] = (week * 7 - 3) * UTC_DAY;
    ret->number[PERIOD_MONTH] = (uint32_t)month;
    ret->start[PERIOD_MONTH] = month_first_day(month) * UTC_DAY;
}

void utc_periods_at(void *context, int64_t slot, struct visit_periods *ret_periods)
{
    (void)context;
    utc_periods(slot, ret_periods);
}
