#include "answer/sites_kept.h"

#include <stdlib.h>

#include "answer/gzip.h"

struct sites_kept {
    int64_t second; /* it was made in; 0: there is none */
    uint64_t changes;
    char *bytes; /* malloc'ed */
    size_t length, room;
    struct gzip *gzip; /* NULL until somebody takes it so: it compresses once */
};

struct sites_kept *sites_kept_new(void)
{
    return calloc(1, sizeof(struct sites_kept));
}

void sites_kept_free(struct sites_kept *k)
{
    if (k == NULL)
        return;
    gzip_free(k->gzip);
    free(k->bytes);
    free(k);
}

static uint64_t mixed(uint64_t sum, uint64_t more)
{
    return (sum ^ more) * UINT64_C(0x9E3779B97F4A7C15) + (sum >> 29);
}

uint64_t sites_kept_changes(const struct destination *to, const struct document *d)
{
    const struct registry *registry = to->service->registry;
    uint64_t sum = d->durable;

    for (size_t i = 0; i < registry_limit(registry); i++) {
        const struct site *s = registry_at(registry, i);

        if (s == NULL)
            continue;
        sum = mixed(sum, i);
        sum = mixed(sum, site_changes(s, d->now));
        sum = mixed(sum, atomic_load_explicit(&s->terms, memory_order_acquire)->version);
        sum = mixed(sum, (uint64_t)(uintptr_t)site_shown_key(s));
    }
    return sum;
}

static void answer(struct sites_kept *k, const struct destination *to)
{
    struct destination with = *to;

    if (to->gzip && k->gzip == NULL)
        k->gzip = gzip_new_of_one(); /* of 120 sites it is more than others keep */
    with.compressor = k->gzip;
    destination_document(&with, (struct slice){k->bytes, k->length});
}

/* A clock that a test steps may stand still for as long as it likes. */
bool sites_kept_answer(struct sites_kept *k, const struct destination *to,
                       const struct document *d)
{
    if (k == NULL || k->second == 0 || k->second != instant_seconds(d->now) ||
        clock_is_stepped(to->service->clock) || k->changes != sites_kept_changes(to, d))
        return false;
    answer(k, to);
    return true;
}

static bool make_room(struct sites_kept *k, size_t length)
{
    char *more;

    if (k == NULL || length <= k->room)
        return k != NULL;
    k->second = 0;
    more = realloc(k->bytes, length);
    if (more == NULL)
        return false;
    k->bytes = more;
    k->room = length;
    return true;
}

void sites_kept_keep(struct sites_kept *k, const struct destination *to,
                     const struct document *d, uint64_t changes, struct slice body)
{
    if (!make_room(k, body.length)) {
        destination_document(to, body);
        return;
    }
    memcpy(k->bytes, body.at, body.length);
    k->length = body.length;
    k->second = instant_seconds(d->now);
    k->changes = changes;
    answer(k, to);
}
