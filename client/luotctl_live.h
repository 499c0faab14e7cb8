/* `luotctl top`: what a live screen shows, and what is drawn of it. The loop around it is
 * luotctl_live.c; the list of sites and a site's tops are a file each. */
#ifndef LUOT_LUOTCTL_LIVE_H
#define LUOT_LUOTCTL_LIVE_H

#include <jansson.h>

#include "luotctl_frame.h"
#include "luotctl_run.h"
#include "luotctl_socket.h"
#include "luotctl_terminal.h"

enum live_sort {
    LIVE_ONLINE,
    LIVE_TODAY,
    LIVE_YESTERDAY,
    LIVE_WEEK,
    LIVE_MONTH,
    LIVE_TOTAL,
    LIVE_NAME,
    LIVE_SORTS
};

enum { LIVE_KEY_MAX = 256 };

struct live {
    const struct luotctl *ctl;
    struct terminal terminal;
    bool on_screen; /* the terminal is ours */
    char path[SOCKET_PATH_MAX];
    bool colours;
    bool leaving; /* q */
    bool stale;   /* what is shown has to be asked for now */

    json_t *stats, *before; /* now, and when it was asked before */
    json_t *sites;          /* its array is sorted as it is shown */
    enum live_sort sort;
    size_t chosen;                  /* row */
    char chosen_site[LIVE_KEY_MAX]; /* which it is of: rows move */

    char site[LIVE_KEY_MAX]; /* "": the list of sites is shown */
    unsigned of;             /* enum dimension                 */
    json_t *card, *top;      /* of that site                   */
    size_t from;             /* the first row that is shown    */

    char trouble[SOCKET_SENTENCE_MAX]; /* of the last look; "": none */
};

/* --- luotctl_live_sites.c --- */
/* After `sites` or `sort` changed: puts the rows in order and finds the chosen one. */
void live_sites_sort(struct live *l);
void live_sites_draw(const struct live *l, struct frame *f);
bool live_sites_key(struct live *l, int key); /* false: it means nothing here */

/* --- luotctl_live_site.c --- */
void live_site_draw(const struct live *l, struct frame *f);
bool live_site_key(struct live *l, int key);

/* --- Of both --- */
/* By how many rows a key moves; false: it is none that does. */
bool live_steps(int key, long *ret_by);
/* Whether what was counted is saved, in plain words. */
void live_draw_durable(const struct live *l, struct frame *f);
/* "bot 34 (+2)  suspect 5": what is not 0; `before` may be NULL. */
void live_draw_reasons(struct frame *f, const json_t *now, const json_t *before);
/* What went wrong, else which keys there are: `brief` where all of them do not fit. */
void live_draw_bottom(const struct live *l, struct frame *f, const char *keys,
                      const char *brief);

int64_t live_number(const json_t *object, const char *key);
struct slice live_text(const json_t *object, const char *key);

#endif
