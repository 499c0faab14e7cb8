#include "keep/tick.h"

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

/* Back by more than what a visit may be late, in one step or in several: quarters must
 * close first, and no turn may still date into them. */
static bool is_being_set_back(struct ticking *t, struct instant now)
{
    if (now.ms > t->latest_ms)
        t->latest_ms = now.ms;
    if (t->latest_ms - now.ms > (int64_t)LATE_SLOTS * SLOT_MS &&
        t->set_back_ticket == 0) {
        registry_set_back(t->options.registry, now, false);
        t->set_back_ticket = t->graces.begun + 1;
    }
    if (t->set_back_ticket == 0)
        return false;
    if (t->graces.over < t->set_back_ticket)
        return true;
    registry_set_back(t->options.registry, now, true);
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
        log_warn("event=clock_step step_ms=%lld next=follow_it", (long long)step_ms);
    graces_tick_begin(&t->graces, turns);
    if (!is_being_set_back(t, now))
        keep_sites(t, now);
    graces_tick_end(&t->graces, turns, t->options.workers);
    arena_beat(t->options.arena, now.ms);
    return now;
}
