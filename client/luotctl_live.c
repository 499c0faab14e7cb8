/* `luotctl top` without KEY: a live screen of all sites, every two seconds over luotd's
 * socket.
 *
 * The happy path: find the socket -> ask once -> the terminal is ours -> draw, wait for a
 * key, a signal or the time, ask again ... -> the terminal as it was. It fails before
 * anything is drawn when luotd does not answer. Later a look that fails is shown and tried
 * again, so that a restart is seen through; after TRIES of them the terminal is given back
 * and the last sentence said. While luotd is waited for, keys and signals work. */
#include "luotctl_live.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "identify/dimension.h"
#include "luotctl_table.h"
#include "luotctl_value.h"

enum { EVERY_MS = 2000, TRIES = 3, STEP_MS = 50, ANSWER_MS = 20000 };
enum { PAGE = 10, ALL = 1 << 20 }; /* rows */

int64_t live_number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

struct slice live_text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_string(value))
        return SLICE("");
    return (struct slice){json_string_value(value), json_string_length(value)};
}

bool live_steps(int key, long *ret_by)
{
    if (key == KEY_UP || key == 'k')
        *ret_by = -1;
    else if (key == KEY_DOWN || key == 'j')
        *ret_by = 1;
    else if (key == KEY_PAGE_UP || key == KEY_PAGE_DOWN)
        *ret_by = key == KEY_PAGE_UP ? -PAGE : PAGE;
    else if (key == KEY_HOME || key == KEY_END)
        *ret_by = key == KEY_HOME ? -ALL : ALL;
    else
        return false;
    return true;
}

/* --- Lines of both screens --- */

static void write_clock(int64_t t, char text[32])
{
    time_t at = (time_t)t;
    struct tm local = {0};

    text[0] = '\0';
    if (localtime_r(&at, &local) != NULL)
        strftime(text, 32, "%d/%m %H:%M:%S", &local);
}

void live_draw_durable(const struct live *l, struct frame *f)
{
    const json_t *store = json_object_get(l->stats, "store");
    char since[32];

    if (json_is_false(json_object_get(store, "there"))) {
        frame_line(f, FRAME_ALARM);
        frame_text(f, SLICE("NOT SAVED: `store = none`; all is lost at a reboot"));
    } else if (json_is_true(json_object_get(store, "durable"))) {
        frame_line(f, FRAME_PLAIN);
        frame_text(f, SLICE("saved: all but the last second"));
    } else {
        write_clock(live_number(store, "durable_since"), since);
        frame_line(f, FRAME_ALARM);
        frame_format(f,
                     "NOT SAVED since %s: counting goes on; `luotctl check` says what "
                     "to do. ",
                     since);
        frame_text(f, live_text(store, "error"));
    }
}

static void draw_reason(struct frame *f, const char *word, int64_t number, int64_t more)
{
    char text[32], grown[32];

    number_write(number, text);
    number_write(more, grown);
    frame_format(f, more > 0 ? "%s %s (+%s)  " : "%s %s  ", word, text, grown);
}

void live_draw_reasons(struct frame *f, const json_t *now, const json_t *before)
{
    const char *word;
    const json_t *value;
    bool any = false;

    json_object_foreach((json_t *)(uintptr_t)now, word, value)
    {
        int64_t number = json_integer_value(value);

        if (number == 0)
            continue;
        any = true;
        draw_reason(f, word, number,
                    before == NULL ? 0 : number - live_number(before, word));
    }
    if (!any)
        frame_text(f, SLICE("none"));
}

void live_draw_bottom(const struct live *l, struct frame *f, const char *keys,
                      const char *brief)
{
    bool trouble = l->trouble[0] != '\0';
    bool fits = text_width(slice_of(keys)) <= f->columns;

    frame_bottom(f, trouble ? FRAME_ALARM : FRAME_CHOSEN);
    frame_text(f, slice_of(trouble ? l->trouble : fits ? keys : brief));
}

static void draw(struct live *l)
{
    unsigned columns, rows;
    struct frame f;

    terminal_size(&l->terminal, &columns, &rows);
    frame_begin(&f, columns, rows, l->colours);
    if (l->site[0] == '\0')
        live_sites_draw(l, &f);
    else
        live_site_draw(l, &f);
    frame_end(&f);
    terminal_draw(&l->terminal, f.bytes, f.length);
    frame_release(&f);
}

/* --- Keys --- */

static void take_key(struct live *l, int key)
{
    if (key == 'q')
        l->leaving = true;
    else if (key == ' ')
        l->stale = true;
    else if (l->site[0] == '\0')
        (void)live_sites_key(l, key);
    else
        (void)live_site_key(l, key);
}

static bool has_ended(const struct live *l)
{
    return l->leaving || l->terminal.ended != 0;
}

/* Waits so many ms for one thing to happen; true: something did. */
static bool take_event(struct live *l, int ms)
{
    int key;
    enum terminal_event event = terminal_wait(&l->terminal, ms, &key);

    if (event == TERMINAL_KEY)
        take_key(l, key);
    return event != TERMINAL_NOTHING;
}

/* --- Asking --- */

struct patience {
    struct live *live;
    unsigned steps;
};

static bool wait_on(void *context)
{
    struct patience *p = context;

    while (p->live->on_screen && !has_ended(p->live) && take_event(p->live, 0))
        draw(p->live);
    return !has_ended(p->live) && ++p->steps < ANSWER_MS / STEP_MS;
}

/* 0, with a document that is the caller's, or a status and a sentence; 1: it refused. */
static int ask(struct live *l, const char *command, json_t **ret_document,
               char sentence[SOCKET_SENTENCE_MAX])
{
    struct patience patience = {.live = l};
    const struct socket_wait wait = {STEP_MS, wait_on, &patience};
    struct reply reply;
    json_t *document = NULL;
    int rv = socket_ask_while(&reply, l->path, slice_of(command), (struct slice){NULL, 0},
                              &wait, sentence);

    if (rv != 0)
        return rv;
    if (reply.refused)
        snprintf(sentence, SOCKET_SENTENCE_MAX, "%.*s",
                 (int)(reply.sentence.length < 400 ? reply.sentence.length : 400),
                 reply.sentence.at);
    else
        document = json_loadb(reply.bytes, reply.length,
                              JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
    rv = reply.refused ? 1 : 0;
    reply_release(&reply);
    if (rv == 0 && document == NULL) {
        snprintf(sentence, SOCKET_SENTENCE_MAX,
                 "luotd did not send JSON: luotctl and luotd must be of one version");
        return EX_PROTOCOL;
    }
    if (rv == 0)
        *ret_document = document;
    return rv;
}

static int replace(struct live *l, const char *command, json_t **document)
{
    json_t *fresh;
    int rv = ask(l, command, &fresh, l->trouble);

    if (rv == 0) {
        json_decref(*document);
        *document = fresh;
    }
    return rv;
}

static int look_at_all(struct live *l)
{
    json_t *fresh;
    int rv = replace(l, "json sites", &l->sites);

    if (rv == 0)
        live_sites_sort(l);
    if (rv == 0)
        rv = ask(l, "json stats", &fresh, l->trouble);
    if (rv != 0)
        return rv;
    json_decref(l->before);
    l->before = l->stats;
    l->stats = fresh;
    return 0;
}

/* A site that is not there any more is left; a key that is pressed meanwhile may be another
 * site's: what came for this one is for nobody then. */
static int look_at_site(struct live *l)
{
    char command[2 * LIVE_KEY_MAX], site[LIVE_KEY_MAX];
    unsigned of = l->of;
    json_t *card = NULL, *top = NULL;
    int rv;

    memcpy(site, l->site, sizeof site);
    snprintf(command, sizeof command, "json snapshot \"%s\"", site);
    rv = ask(l, command, &card, l->trouble);
    snprintf(command, sizeof command, "json top \"%s\" of=%s", site,
             dimension_word((enum dimension)of));
    if (rv == 0)
        rv = ask(l, command, &top, l->trouble);
    if (strcmp(site, l->site) == 0 && of == l->of && card != NULL && top != NULL) {
        json_decref(l->card);
        json_decref(l->top);
        l->card = json_incref(card);
        l->top = json_incref(top);
    } else if (rv == 1 && card == NULL) {
        l->site[0] = '\0';
    }
    json_decref(card);
    json_decref(top);
    return rv;
}

/* What went wrong at the last look is shown until one goes well. */
static int look(struct live *l)
{
    int rv;

    l->stale = false;
    rv = look_at_all(l);
    if (rv == 0 && l->site[0] != '\0')
        rv = look_at_site(l);
    if (rv == 0)
        l->trouble[0] = '\0';
    return rv;
}

/* --- The loop --- */

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until it is time to ask again. */
static void wait_until(struct live *l, int64_t next)
{
    int64_t left;

    draw(l);
    while (!has_ended(l) && !l->stale && (left = next - now_ms()) > 0)
        if (take_event(l, (int)left))
            draw(l);
}

static int run(struct live *l)
{
    int failed = 0, rv = 0;

    while (!has_ended(l) && failed < TRIES) {
        int64_t next = now_ms() + EVERY_MS;

        wait_until(l, next);
        if (has_ended(l))
            break;
        rv = look(l);
        failed = rv == 0 || rv == 1 ? 0 : failed + 1;
    }
    return has_ended(l) ? 0 : rv;
}

static void release(struct live *l)
{
    json_decref(l->stats);
    json_decref(l->before);
    json_decref(l->sites);
    json_decref(l->card);
    json_decref(l->top);
}

static int on_terminal(struct live *l, int out)
{
    int rv = terminal_enter(&l->terminal, STDIN_FILENO, out);

    if (rv != 0)
        return luotctl_fail(l->ctl, EX_OSERR, strerror(rv));
    l->on_screen = true;
    rv = run(l);
    terminal_leave(&l->terminal);
    if (rv != 0)
        return luotctl_fail(l->ctl, rv, l->trouble);
    return l->terminal.ended == 0 || l->terminal.ended == SIGINT
               ? 0
               : 128 + l->terminal.ended;
}

int luotctl_live(const struct luotctl *ctl, const struct invocation *i)
{
    const char *term = getenv("TERM");
    int out = fileno(ctl->out);
    struct live l = {.ctl = ctl, .sort = LIVE_TODAY};
    int rv;

    if (invocation_option(i, "of") != NULL || invocation_option(i, "from") != NULL ||
        invocation_option(i, "to") != NULL)
        return luotctl_fail(ctl, EX_USAGE,
                            "--of, --from and --to need a KEY; see "
                            "`luotctl help top`");
    if (ctl->json || out < 0 || !isatty(out) || !isatty(STDIN_FILENO) || term == NULL ||
        strcmp(term, "dumb") == 0)
        return luotctl_fail(ctl, EX_USAGE,
                            "without KEY it is a live screen, which needs a terminal; "
                            "`luotctl sites` is the same once, `luotctl top KEY` the "
                            "rows of a site");
    rv = socket_find(l.path, ctl->socket, l.trouble);
    if (rv == 0)
        rv = look(&l);
    if (rv != 0)
        return luotctl_fail(ctl, rv, l.trouble);
    l.colours = stream_has_colours(ctl->out);
    fflush(ctl->out);
    rv = on_terminal(&l, out);
    release(&l);
    return rv;
}
