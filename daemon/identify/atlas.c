#include "identify/atlas.h"

void visit_where(struct visit *v, const struct atlas *a, const struct address *from)
{
    struct geo_place place = {.country = {NULL, 0}};

    if (a->geo != NULL) {
        place = geo_find(a->geo, from);
        visit_put(v, DIM_COUNTRIES,
                  place.country.length > 0 ? place.country : SLICE(COUNTRY_UNKNOWN));
        visit_put(v, DIM_REGIONS, place.region);
    }
    if (a->named != NULL)
        visit_put(v, DIM_NETWORKS, named_networks_find(a->named, from, place.country));
}
