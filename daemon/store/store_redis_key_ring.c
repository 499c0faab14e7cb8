/* What nodes agree on: luot:NAME is the text of whoever was first, and it goes away by
 * itself. SET NX and then GET, in one pipeline: what the second says is what everybody is
 * told from then on, whoever's it is. Between the two it may have gone away (its life was
 * over): that is ERR_NOT_FOUND, and asked again. */
#include <stdio.h>

#include "base/error.h"
#include "store/store_redis.h"

struct sharing {
    struct slice set[6], get[2];
    bool said, any;
    char *text; /* SHARED_MAX bytes */
};

static int say_shared(void *context, struct redis_link *l)
{
    struct sharing *x = context;
    int rv;

    if (x->said)
        return ERR_NOT_FOUND;
    x->said = true;
    rv = redis_say(l, x->set, 6);
    return rv != 0 ? rv : redis_say(l, x->get, 2);
}

static int hear_shared(void *context, size_t number, const redisReply *reply)
{
    struct sharing *x = context;
    struct slice text = redis_text(reply);

    if (number == 0 || reply->type == REDIS_REPLY_NIL) /* OK, or nil: it was there */
        return 0;
    if (text.length == 0 || text.length >= SHARED_MAX)
        return ERR_MALFORMED;
    memcpy(x->text, text.at, text.length);
    x->text[text.length] = '\0';
    x->any = true;
    return 0;
}

int redis_share(struct store *store, const char *name, const char *offer, int64_t life_ms,
                char ret_text[SHARED_MAX], struct deadline d)
{
    struct redis_store *s = redis_store_of(store);
    char key[KEY_MAX], life[24], text[SHARED_MAX];
    struct sharing x = {.text = text};
    const struct redis_talk talk = {
        .ask = say_shared, .answer = hear_shared, .context = &x};
    int64_t give_up_ms;
    int rv = redis_ready(s, d, &give_up_ms);

    if (rv != 0)
        return rv;
    snprintf(key, sizeof key, "luot:%s", name);
    snprintf(life, sizeof life, "%lld", (long long)life_ms);
    x.set[0] = SLICE("SET");
    x.set[1] = x.get[1] = slice_of(key);
    x.set[2] = slice_of(offer);
    x.set[3] = SLICE("NX");
    x.set[4] = SLICE("PX");
    x.set[5] = slice_of(life);
    x.get[0] = SLICE("GET");
    rv = redis_link_talk(s->link, &talk, give_up_ms);
    if (rv == 0 && !x.any)
        rv = ERR_NOT_FOUND;
    if (rv == 0)
        memcpy(ret_text, text, sizeof text);
    return rv;
}
