/* site rename, merge, archive, restore: what people say of sites. Each is one fact, told to
 * the store first; nothing is moved, so there is nothing to finish after a kill. Old names
 * go on standing for their site, because they are in the pages of portals. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "answer/store_job.h"
#include "base/error.h"
#include "base/log.h"
#include "report/json.h"
#include "store/names.h"

enum { TICK_MS = 10, TICKS_MAX = 300, LAST_SAVES_MS = 5000 };

struct naming { /* under way, on the reader thread */
    struct store_job *job;
    struct store *store;
    struct registry *registry;
    struct site_names *names; /* all that is known */
    struct name_fact fact;
    char site[SITE_KEY_MAX + 1]; /* whose audit trail it goes into */
    char what[160];              /* the line of it */
    char more[384];              /* what the operator should know  */
};

static bool refuse(const struct naming *n, const char *name, const char *sentence)
{
    store_job_error(n->job, name, sentence);
    return false;
}

static bool is_there(const struct naming *n, struct slice key)
{
    int64_t created, live;

    return registry_kept(n->registry, key) != NULL ||
           n->store->ops->site_first(n->store, key, &created, &live) == 0;
}

static struct slice key_of(const struct naming *n, const char *name)
{
    return site_names_key(n->names, slice_of(name));
}

static void set_text(char to[SITE_KEY_MAX + 1], struct slice text)
{
    if (text.length > 0 && text.length <= SITE_KEY_MAX)
        memcpy(to, text.at, text.length);
}

static void copy_host(struct naming *n, struct slice key)
{
    const struct site *s = registry_kept(n->registry, key);

    if (s != NULL)
        memcpy(n->fact.host, s->block->host, sizeof n->fact.host);
}

/* --- The four --- */

static bool plan_rename(struct naming *n)
{
    const struct job_naming *asked = &n->job->naming;
    struct slice key = key_of(n, asked->from), to = slice_of(asked->to);

    if (!site_key_is_valid(to))
        return refuse(n, "usage",
                      "NEW is 1 to 63 of a-z, 0-9, - and _, a letter or digit "
                      "first");
    if (!slice_equal(key_of(n, asked->to), key) &&
        (is_there(n, key_of(n, asked->to)) ||
         site_names_is_taken(n->names, to, SLICE(""))))
        return refuse(n, "exists",
                      "there is a site of the new name; `site merge OLD NEW` "
                      "makes one of the two");
    n->fact.kind = NAME_OF;
    set_text(n->fact.subject, to);
    set_text(n->fact.object, key);
    set_text(n->site, key);
    if (config_site(registry_config(n->registry), slice_of(asked->from)) != NULL)
        snprintf(n->more, sizeof n->more,
                 "Its settings are still those of [site %s]; write [site %s] there when "
                 "you like, and reload.",
                 asked->from, asked->to);
    return true;
}

/* Days that begin at other times cannot be added up. */
static bool have_one_calendar(const struct site *a, const struct site *b)
{
    const struct site_terms *x = atomic_load_explicit(&a->terms, memory_order_acquire);
    const struct site_terms *y = atomic_load_explicit(&b->terms, memory_order_acquire);

    return strcmp(x->config.timezone, y->config.timezone) == 0 &&
           x->config.first_weekday == y->config.first_weekday;
}

static bool plan_merge(struct naming *n)
{
    const struct job_naming *asked = &n->job->naming;
    struct slice from = key_of(n, asked->from), into = key_of(n, asked->to);
    const struct site *source = registry_kept(n->registry, from);
    const struct site *target = registry_kept(n->registry, into);

    if (target == NULL || registry_at(n->registry, target->index) == NULL)
        return refuse(n, "unknown_site",
                      "INTO is no site that counts; `sites` lists them");
    if (slice_equal(from, into))
        return refuse(n, "exists", "the two are one site already");
    if (source != NULL && !have_one_calendar(source, target))
        return refuse(n, "calendar",
                      "their days or weeks begin at different times; give both sites one "
                      "timezone and first_weekday and reload first");
    n->fact.kind = NAME_MERGED;
    set_text(n->fact.subject, from);
    set_text(n->fact.object, into);
    copy_host(n, from);
    set_text(n->site, into);
    if (site_names_section(n->names, registry_config(n->registry), from) != NULL)
        snprintf(
            n->more, sizeof n->more,
            "Its section [site %s] does nothing any more; put its hosts into that of "
            "%s, take it out and reload.",
            asked->from, asked->to);
    return true;
}

static bool plan_archive(struct naming *n)
{
    struct slice key = key_of(n, n->job->naming.from);

    if (site_names_section(n->names, registry_config(n->registry), key) != NULL)
        return refuse(
            n, "configured",
            "the configuration has a section for it; take that out and `reload`");
    n->fact.kind = NAME_ARCHIVED;
    set_text(n->fact.subject, key);
    set_text(n->fact.object, SLICE("yes"));
    copy_host(n, key);
    set_text(n->site, key);
    snprintf(n->more, sizeof n->more,
             "Its beacons are refused as unknown_site; `site restore` brings it back.\n");
    return true;
}

static bool plan_restore(struct naming *n)
{
    struct slice key = key_of(n, n->job->naming.from);

    if (!site_names_is_archived(n->names, key))
        return refuse(n, "exists",
                      "it is not archived by `site archive`; a [site KEY] in "
                      "the configuration makes a site that it names count");
    n->fact.kind = NAME_ARCHIVED;
    set_text(n->fact.subject, key);
    set_text(n->fact.object, SLICE("no"));
    set_text(n->site, key);
    if (registry_kept(n->registry, key) == NULL)
        snprintf(n->more, sizeof n->more, "It opens with its next beacon.\n");
    return true;
}

static bool plan(struct naming *n)
{
    static bool (*const plans[])(struct naming *) = {[SITE_RENAME] = plan_rename,
                                                     [SITE_MERGE] = plan_merge,
                                                     [SITE_ARCHIVE] = plan_archive,
                                                     [SITE_RESTORE] = plan_restore};
    static const char *const words[] = {[SITE_RENAME] = "rename",
                                        [SITE_MERGE] = "merge",
                                        [SITE_ARCHIVE] = "archive",
                                        [SITE_RESTORE] = "restore"};
    const struct job_naming *asked = &n->job->naming;

    snprintf(n->what, sizeof n->what, "site %s %s%s%s", words[asked->change], asked->from,
             asked->to[0] != '\0' ? " " : "", asked->to);
    if (!is_there(n, key_of(n, asked->from)))
        return refuse(n, "unknown_site", "there is no such site; `sites` lists them");
    return plans[asked->change](n);
}

/* --- Doing it --- */

/* After what was said before, also where the clock was set back since. */
static void set_time(struct naming *n, struct instant now)
{
    n->fact.at_ms = now.ms;
    n->fact.uid = n->job->uid;
    for (size_t i = 0; i < n->names->count; i++)
        if (n->names->fact[i].at_ms >= n->fact.at_ms)
            n->fact.at_ms = n->names->fact[i].at_ms + 1;
}

/* The keeper takes it up within a tenth of a second: who asks next is to find it done. */
static void wait_until_used(const struct naming *n)
{
    const struct timespec tick = {.tv_nsec = TICK_MS * 1000000};

    for (int i = 0; i < TICKS_MAX; i++) {
        const struct site_names *used = registry_names(n->registry);
        struct site_names *both = site_names_union(used, n->names);
        bool same = both != NULL && site_names_equal(both, used);

        free(both);
        if (same)
            return;
        (void)nanosleep(&tick, NULL);
    }
}

static int add_fact(struct naming *n)
{
    struct site_names *said = site_names_new(&n->fact, 1);
    struct site_names *all = said == NULL ? NULL : site_names_union(n->names, said);

    free(said);
    if (all == NULL)
        return ERR_NOMEM;
    free(n->names);
    n->names = all;
    return 0;
}

static int carry_out(struct naming *n, struct instant now)
{
    struct site *into;
    int rv;

    set_time(n, now);
    rv = add_fact(n);
    if (rv == 0)
        rv = names_say(n->store, &n->fact, slice_of(n->site), n->what);
    if (rv == 0)
        rv = names_follow(n->registry, n->store, n->job->service->run_dir);
    if (rv != 0)
        return rv;
    wait_until_used(n);
    into = registry_kept(n->registry, slice_of(n->site));
    if (n->fact.kind != NAME_MERGED || into == NULL)
        return 0;
    /* What FROM counted last is saved within a second or two. */
    atomic_store_explicit(&into->peer_stale_ms, deadline_in(LAST_SAVES_MS).at_ms,
                          memory_order_relaxed);
    return history_load(into, n->store, now);
}

static void answer(const struct naming *n)
{
    char memory[STORE_ANSWER_BYTES];
    struct slice shown = site_names_shown(n->names, slice_of(n->site));
    struct json_out out;
    struct buffer b;

    buffer_init(&b, memory, sizeof memory);
    if (n->job->json) {
        json_out_init(&out, &b);
        json_out_object(&out, NULL);
        json_out_slice(&out, "site", shown);
        json_out_text(&out, "key", n->site);
        json_out_text(&out, "done", n->what);
        json_out_text(&out, "note", n->more);
        json_out_object_end(&out);
        buffer_byte(&b, '\n');
    } else {
        buffer_format(&b, "%s: done\n%s%s", n->what, n->more,
                      n->more[0] != '\0' ? "\n" : "");
    }
    store_job_answer(n->job, &b);
}

static void work_names(struct store_job *j, struct store *store, struct instant now)
{
    struct naming n = {.job = j, .store = store, .registry = j->service->registry};
    struct site_names *there;
    int rv = names_read(store, &there);

    if (rv == 0) {
        n.names = site_names_union(registry_names(n.registry), there);
        free(there);
        rv = n.names == NULL ? ERR_NOMEM : 0;
    }
    if (rv == 0 && plan(&n)) {
        rv = carry_out(&n, now);
        if (rv == 0) {
            log_info("event=audit command=\"%s\" uid=%u", n.what, (unsigned)j->uid);
            answer(&n);
        }
    }
    if (rv != 0)
        store_job_error(j, "store", store_error_message(rv));
    free(n.names);
}

/* --- What is typed --- */

static bool copy_word(char to[SITE_KEY_MAX + 1], struct slice word)
{
    set_text(to, word);
    return word.length > 0 && word.length <= SITE_KEY_MAX;
}

void command_site(struct asked_command *c)
{
    static const struct {
        const char *word;
        enum site_change change;
        unsigned places;
    } changes[] = {{"rename", SITE_RENAME, 3},
                   {"merge", SITE_MERGE, 3},
                   {"archive", SITE_ARCHIVE, 2},
                   {"restore", SITE_RESTORE, 2}};
    const struct slice *place = c->words->place;
    size_t i = 0;
    struct store_job *j;

    if (c->words->places == 1) {
        command_site_card(c);
        return;
    }
    while (i < 4 && (!slice_equal(place[0], slice_of(changes[i].word)) ||
                     c->words->places != changes[i].places))
        i++;
    if (i == 4) {
        command_usage(c, "that is none of them");
        return;
    }
    j = store_job_new(c, NULL, work_names);
    if (j == NULL)
        return;
    j->naming.change = changes[i].change;
    if (!copy_word(j->naming.from, place[1]) ||
        (changes[i].places == 3 && !copy_word(j->naming.to, place[2]))) {
        command_error(c, "unknown_site", "there is no such site; `sites` lists them");
        free(j);
        return;
    }
    store_job_submit(j);
}
