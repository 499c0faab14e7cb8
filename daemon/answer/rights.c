#include "answer/rights.h"

const struct readers *service_readers(const struct service *service)
{
    return service->readers == NULL
               ? NULL
               : atomic_load_explicit(service->readers, memory_order_acquire);
}

const struct reader *rights_reader(const struct rights *r)
{
    return r->shown ? readers_by_hash(service_readers(r->service), r->token) : NULL;
}
