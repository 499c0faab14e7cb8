/* `luotctl classify referrers`: what is behind the tops of referrers and their classes. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "identify/visit_referrer.h"
#include "luotctl_classify.h"

struct opened {
    struct referrer_list *list;
    struct referrer_cache cache;
    struct visit_text text;
    struct site_config site; /* a site without hosts: nothing is internal */
};

static void close_all(void *opened)
{
    struct opened *o = opened;

    referrer_list_free(o->list);
    free(o);
}

static void *open_all(const struct invocation *i, char ret_sentence[512])
{
    const char *list = invocation_option(i, "list"), *deny = invocation_option(i, "deny");
    struct opened *o = calloc(1, sizeof *o);

    snprintf(ret_sentence, 512, "%s", error_text(ERR_NOMEM));
    if (o == NULL)
        return NULL;
    if (hash_start() != 0 ||
        referrer_list_open(&o->list, list == NULL ? "" : list, deny == NULL ? "" : deny,
                           ret_sentence) != 0) {
        free(o);
        return NULL;
    }
    return o;
}

static void show(void *opened, FILE *out, struct slice line)
{
    struct opened *o = opened;
    struct beacon beacon = {.kind = BEACON_VIEW, .referrer = line};
    struct visit_scene scene = {.beacon = &beacon, .config = &o->site};
    struct visit visit = {.kind = VISIT_VIEW};
    bool denied = !visit_referrer(&visit, &scene, &o->text, o->list, &o->cache);
    struct slice host = denied ? slice_of(o->text.referrer) : visit.key[DIM_REFERRERS];
    bool app = slice_starts(line, SLICE("android-app:")) ||
               slice_starts(line, SLICE("ios-app:"));
    char json[8 * CLASSIFY_LINE_MAX];
    struct buffer b;

    buffer_init(&b, json, sizeof json);
    buffer_text(&b, "{\"referrer\":");
    buffer_json(&b, line);
    buffer_text(&b, ",\"host\":");
    buffer_json(&b, host);
    buffer_text(&b, ",\"domain\":");
    buffer_json(&b, host.length > 0 && !app
                        ? referrer_list_domain(o->list, o->text.referrer)
                        : SLICE(""));
    buffer_text(&b, ",\"class\":");
    buffer_json(&b, denied ? SLICE("denied") : visit.key[DIM_REFERRER_CLASSES]);
    buffer_text(&b, "}\n");
    fwrite(b.at, 1, b.length, out);
}

const struct classifier classify_referrers = {"referrers", open_all, show, close_all};
