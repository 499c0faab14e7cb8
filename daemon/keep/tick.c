#include "keep/tick.h"

#include "base/date.h"
#include "base/error.h"
#include "base/log.h"

static void say_backing(struct ticking *t, int rv)
{
    if (rv != 0 && !t->full)
        log_error("event=arena_full error=\"%s\" fs=%s "
                  "next=count_on_without_new_rooms_make_the_tmpfs_larger",
                  error_text(rv), arena_fs_name(t->options.arena));
    if (rv == 0 && t->full)
        log_info("event=arena_has_room");
    t->full = rv != 0;
}

static void say_reload(const struct registry_report *report)
{
    if (report->created + report->archived > 0)
        log_info("event=sites_changed created=%u archived=%u", report->created,
                 report->archived);
    if (report->full[0] != '\0')
        log_error("event=sites_full site=%s next=not_counted_raise_sites_max",
                  report->full);
}

/* By luot's clock in UTC: a step is seldom a matter of days' zones. */
static void say_step(int64_t step_ms, struct instant now)
{
    char from[11], to[11];
    int64_t day_s = 86400, to_s = instant_seconds(now), from_s = to_s - step_ms / 1000;

    date_write(from_s / day_s, from);
    date_write(to_s / day_s, to);
    log_warn("event=clock_step step_ms=%lld from=%s to=%s next=follow_it",
             (long long)step_ms, from, to);
}

void tick_say_ahead(const struct registry *r, struct instant now)
{
    struct days_ahead ahead = registry_days_ahead(r, now);
    char first[11], last[11];

    if (ahead.sites == 0)
        return;
    date_write(ahead.first_day, first);
    date_write(ahead.last_day, last);
    log_warn("event=days_ahead sites=%u views=%llu from=%s to=%s "
             "next=they_stay_on_the_days_that_the_clock_said_and_show_when_these_come",
             ahead.sites, (unsigned long long)ahead.views, first, last);
}

static void go_back(struct ticking *t, struct instant now)
{
    if (registry_set_back(t->options.registry, now, true) != 0)
        log_error("event=clock_set_back error=\"no room\" "
                  "next=what_was_counted_of_days_to_come_is_in_totals_only");
    tick_say_ahead(t->options.registry, now);
}

/* Back by more than what a visit may be late, in one step or in several: quarters must
 * close first, and no turn may still date into them. */
static bool is_being_set_back(struct ticking *t, struct instant now)
{
    if (now.ms > t->latest_ms)
        t->latest_ms = now.ms;
    if (t->latest_ms - now.ms > (int64_t)LATE_SLOTS * SLOT_MS &&
        t->set_back_ticket == 0) {
        (void)registry_set_back(t->options.registry, now, false);
        t->set_back_ticket = t->graces.begun + 1;
    }
    if (t->set_back_ticket == 0)
        return false;
    if (t->graces.over < t->set_back_ticket)
        return true;
    go_back(t, now);
    t->set_back_ticket = 0;
    t->latest_ms = now.ms;
    return false;
}

static void keep_sites(struct ticking *t, struct instant now)
{
    struct registry_report report = {0};
    int rv = registry_keep(t->options.registry, &t->graces, now, &report);

    say_reload(&report);
    say_backing(t, rv);
}

struct instant tick(struct ticking *t)
{
    struct turns *turns = &((struct count_head *)arena_head(t->options.arena))->turns;
    int64_t step_ms = clock_tick(t->options.clock);
    struct instant now = clock_now(t->options.clock);

    if (step_ms != 0)
        say_step(step_ms, now);
    graces_tick_begin(&t->graces, turns);
    if (!is_being_set_back(t, now))
        keep_sites(t, now);
    graces_tick_end(&t->graces, turns, t->options.workers);
    arena_beat(t->options.arena, now.ms);
    return now;
}
