/* Floor 1 (parse). Who is behind our proxies, from X-Forwarded-For. Pure. */
#ifndef LUOT_PARSE_FORWARDED_H
#define LUOT_PARSE_FORWARDED_H

#include "base/address.h"

/* Reads the comma list from the right: every proxy appends the address it was called
 * from, so only what trusted proxies wrote can be believed. *ret is the first address
 * from the right that is not in `trusted`; when all are, it is the leftmost. Ports and
 * brackets are tolerated ("1.2.3.4:80", "[::1]:80"). What is no address stops the walk:
 * then *ret is the last address before it. false: there is no address at the right end at
 * all; ask the connection. Call it only when the connection itself comes from a trusted
 * address. */
bool forwarded_client(struct address *ret, struct slice header,
                      const struct networks *trusted);

#endif
