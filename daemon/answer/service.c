#include "answer/service.h"

#include "store/history.h"

enum { GAP_DAYS = 36, DAY_S = 86400 };

int service_read_gaps(struct service *service, struct store *store, struct instant now)
{
    int64_t now_s = instant_seconds(now);

    size_t count;
    int rv;

    if (store == NULL)
        return 0;
    rv = history_gaps(store, now_s - (int64_t)GAP_DAYS * DAY_S, now_s + 1, service->gaps,
                      GAPS_MAX, &count);
    /* Who sees the number sees the gaps. */
    if (rv == 0)
        atomic_store_explicit(&service->gap_count, count, memory_order_release);
    return rv;
}

const struct atlas *service_atlas(const struct service *service)
{
    return service->atlas == NULL
               ? NULL
               : atomic_load_explicit(service->atlas, memory_order_acquire);
}

static const struct geo_info *geo_of(const struct service *service)
{
    const struct atlas *atlas = service_atlas(service);

    return atlas == NULL || atlas->geo == NULL ? NULL : geo_info(atlas->geo);
}

struct document service_document(const struct service *service, struct instant now)
{
    struct service_status status = {.durable = false};

    service->status(service->context, &status);
    return (struct document){
        .now = now,
        .durable = status.durable,
        .saved_s = status.durable_since_ms / 1000,
        .nodes = status.nodes_here == 0 ? 1 : status.nodes_here,
        .geo = geo_of(service),
        .gaps = service->gaps,
        .gap_count = atomic_load_explicit(&service->gap_count, memory_order_acquire)};
}
