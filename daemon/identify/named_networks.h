/* Floor 2 (identify). Which of the configuration's `network NAME = ...` an address is in.
 *
 * The longest prefix wins; of two lists with the same network the first in the file
 * does. A country (`country:VN`) is less than any network and more than 0.0.0.0/0 and
 * ::/0, which are what is left. Five hundred networks cost what one costs: they are one
 * address_map. */
#ifndef LUOT_IDENTIFY_NAMED_NETWORKS_H
#define LUOT_IDENTIFY_NAMED_NETWORKS_H

#include "base/config.h"

struct named_networks; /* immutable: any thread */

/* Copies what it needs of the rules. ERR_NOMEM. */
int named_networks_new(struct named_networks **ret_networks,
                       const struct network_rule *rules, size_t count);
void named_networks_free(struct named_networks *n); /* NULL is a no-op */
/* The name, which lives as long as the networks; empty: it is in none. `country` is two
 * letters or empty. */
struct slice named_networks_find(const struct named_networks *n, const struct address *a,
                                 struct slice country);

#endif
