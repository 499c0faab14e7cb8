/* Floor 2 (identify). Who: a keyed hash that nobody can compute once its key is erased.
 * Keys live in the arena only. */
#ifndef LUOT_IDENTIFY_VISITOR_H
#define LUOT_IDENTIFY_VISITOR_H

#include "base/address.h"
#include "base/hash.h"

/* SipHash-2-4(key, site key | 0 | 16-byte unit | User-Agent, cut at 512 bytes). Live and
 * import alike. */
uint64_t visitor_hash(const struct hash_key *key, struct slice site,
                      const struct address *unit, struct slice user_agent);
/* The same for a log whose first field is a host name: its bytes stand for the
 * address. */
uint64_t visitor_hash_name(const struct hash_key *key, struct slice site,
                           struct slice host, struct slice user_agent);

#endif
