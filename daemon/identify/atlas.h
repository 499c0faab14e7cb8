/* Floor 2 (identify). All that says where an address is: the country database, the named
 * networks, and who is internal. Swapped whole on reload, by an atomic pointer. */
#ifndef LUOT_IDENTIFY_ATLAS_H
#define LUOT_IDENTIFY_ATLAS_H

#include "identify/geo.h"
#include "identify/named_networks.h"
#include "identify/visit.h"

/* The country of an address that the database does not have: ISO 3166 gives it to nobody,
 * and CLDR calls it the unknown region in every language. */
#define COUNTRY_UNKNOWN "ZZ"

struct atlas {
    struct geo *geo;              /* NULL: countries are not asked for; often that of the
                                     atlas before, so the daemon's to free */
    struct named_networks *named; /* NULL: there are none */
    struct networks internal;     /* of all sites         */
    uint64_t id; /* another number for each that a pipeline has ever had */
    char trouble
        [GEO_SENTENCE]; /* why the database is not what was configured; "": it is */
};

/* The whole address of the visitor into DIM_COUNTRIES, DIM_REGIONS and DIM_NETWORKS. */
void visit_where(struct visit *v, const struct atlas *a, const struct address *from);

#endif
