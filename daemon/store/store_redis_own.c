/* What the server has of our own run: two fields a site, all of them in one pipeline, so
 * that a thousand sites are asked about in a few milliseconds and one deadline. */
#include "base/error.h"
#include "store/store_redis.h"

struct asking {
    struct redis_store *s;
    struct own_hits *rows;
    size_t n, said;
};

static int say_site(void *context, struct redis_link *l)
{
    struct asking *a = context;
    const struct slice run = slice_of(a->s->run);
    const struct own_hits *row;
    char key[KEY_MAX], label[16];
    int rv;

    if (a->said == a->n)
        return ERR_NOT_FOUND;
    row = &a->rows[a->said++];
    rv = redis_say(
        l, (const struct slice[]){SLICE("HGET"), redis_key(key, row->site, "total"), run},
        3);
    redis_label(CHANGE_DAY, row->day, label);
    return rv != 0 ? rv
                   : redis_say(l,
                               (const struct slice[]){
                                   SLICE("HGET"),
                                   redis_key_of(key, row->site, "day", label), run},
                               3);
}

static int hear_site(void *context, size_t number, const redisReply *reply)
{
    struct asking *a = context;
    struct own_hits *row = &a->rows[number / 2];
    int64_t n[2] = {0};

    if (number / 2 >= a->n ||
        (reply->type != REDIS_REPLY_NIL && reply->type != REDIS_REPLY_STRING))
        return ERR_MALFORMED;
    redis_numbers(redis_text(reply), n, 2);
    if (number % 2 == 0) {
        row->views = (uint64_t)n[0];
        row->visits = (uint64_t)n[1];
    } else {
        row->day_views = (uint64_t)n[0];
        row->day_visits = (uint64_t)n[1];
    }
    return 0;
}

int redis_own(struct store *store, struct own_hits *rows, size_t n, struct deadline d)
{
    struct asking a = {.s = redis_store_of(store), .rows = rows, .n = n};
    const struct redis_talk talk = {.ask = say_site, .answer = hear_site, .context = &a};
    int64_t give_up_ms;
    int rv;

    for (size_t i = 0; i < n; i++)
        if (rows[i].site.length > 63)
            return ERR_TOO_LONG;
    rv = redis_ready(a.s, d, &give_up_ms);
    return rv != 0 || n == 0 ? rv : redis_link_talk(a.s->link, &talk, give_up_ms);
}
