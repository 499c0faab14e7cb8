#include "keep/keeper.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

enum { TICK_MS = 100, STEPPED_TICK_MS = 5 };

struct keeper {
    struct keeper_options options;
    pthread_t thread;
    int bell; /* eventfd: rung by workers, and by stop    */
    _Atomic bool stopping;
    _Atomic int64_t as_of_ms;
    struct graces graces;     /* the thread's own, as all that follows    */
    uint64_t set_back_ticket; /* waiting for turns after a clock set back */
    bool full;                /* the file system is: said once            */
};

static void say_backing(struct keeper *k, int rv)
{
    if (rv != 0 && !k->full)
        log_error("event=arena_full error=\"%s\" fs=%s "
                  "next=count_on_without_new_rooms_make_the_tmpfs_larger",
                  error_text(rv), arena_fs_name(k->options.arena));
    if (rv == 0 && k->full)
        log_info("event=arena_has_room");
    k->full = rv != 0;
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

/* A clock set back by more than what a visit may be late: quarters must close first, and
 * no turn may still date into them. */
static bool clock_is_being_set_back(struct keeper *k, int64_t step_ms, struct instant now)
{
    if (step_ms != 0)
        log_warn("event=clock_step step_ms=%lld next=follow_it", (long long)step_ms);
    if (step_ms < -(int64_t)LATE_SLOTS * SLOT_MS && k->set_back_ticket == 0) {
        registry_set_back(k->options.registry, now, false);
        k->set_back_ticket = k->graces.begun + 1;
    }
    if (k->set_back_ticket == 0)
        return false;
    if (k->graces.over < k->set_back_ticket)
        return true;
    registry_set_back(k->options.registry, now, true);
    k->set_back_ticket = 0;
    return false;
}

static void tick(struct keeper *k)
{
    struct count_head *head = arena_head(k->options.arena);
    struct registry_report report = {0};
    int64_t step_ms = clock_tick(k->options.clock);
    struct instant now = clock_now(k->options.clock);
    int rv;

    graces_tick_begin(&k->graces, &head->turns);
    if (!clock_is_being_set_back(k, step_ms, now)) {
        rv = registry_keep(k->options.registry, &k->graces, now, &report);
        say_reload(&report);
        say_backing(k, rv);
    }
    graces_tick_end(&k->graces, &head->turns, k->options.workers);
    arena_beat(k->options.arena, now.ms);
    atomic_store_explicit(&k->as_of_ms, now.ms, memory_order_release);
    if (k->options.tick != NULL)
        k->options.tick(k->options.context);
}

static void *run(void *argument)
{
    struct keeper *k = argument;
    struct pollfd bell = {.fd = k->bell, .events = POLLIN};
    uint64_t rings;

    while (!atomic_load_explicit(&k->stopping, memory_order_acquire)) {
        tick(k);
        if (poll(&bell, 1,
                 clock_is_stepped(k->options.clock) ? STEPPED_TICK_MS : TICK_MS) > 0)
            (void)!read(k->bell, &rings, sizeof rings);
    }
    return NULL;
}

int keeper_start(struct keeper **ret_keeper, const struct keeper_options *options)
{
    struct keeper *k = calloc(1, sizeof *k);

    if (k == NULL)
        return ERR_NOMEM;
    k->options = *options;
    k->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (k->bell < 0 || pthread_create(&k->thread, NULL, run, k) != 0) {
        if (k->bell >= 0)
            close(k->bell);
        free(k);
        return ERR_IO;
    }
    *ret_keeper = k;
    return 0;
}

void keeper_ring(struct keeper *k)
{
    uint64_t one = 1;

    (void)!write(k->bell, &one, sizeof one); /* full: it is ringing already */
}

struct instant keeper_as_of(const struct keeper *k)
{
    return (struct instant){atomic_load_explicit(&k->as_of_ms, memory_order_acquire)};
}

void keeper_stop(struct keeper *k)
{
    if (k == NULL)
        return;
    atomic_store_explicit(&k->stopping, true, memory_order_release);
    keeper_ring(k);
    pthread_join(k->thread, NULL);
    close(k->bell);
    free(k);
}
