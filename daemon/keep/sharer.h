/* Floor 4 (keep). The sharer: gets the keys that nodes share from the store that they share,
 * ahead of the periods they are for, and puts them into the ring. The keeper takes them
 * from there, or makes random ones; it never waits.
 *
 * Happy path: a second passes -> which periods do the configured sites have now, and have
 * soon? -> what the ring lacks: 32 random bytes are offered to the store, and whoever was
 * first wins -> the key is derived from them and our secret -> ring. What is in the store is
 * worth nothing without the secret, and goes away when its period ends.
 * It fails when the store is away: tried again each second (the store has its back-off);
 * when keys may have to be made before it is back, one line says so: visitors of this period
 * are then a sum. */
#ifndef LUOT_KEEP_SHARER_H
#define LUOT_KEEP_SHARER_H

#include "base/clock.h"
#include "base/config.h"
#include "base/secret.h"
#include "count/registry.h"
#include "store/store.h"

struct sharer;

/* `store` (one with `share`) is the sharer's from now on, and closed by it, unless this says
 * ERR_NOMEM. The ring is the caller's. */
int sharer_new(struct sharer **ret_sharer, struct store *store, struct key_ring *ring);
/* Any thread. The sharer's from now on; NULL: there is nothing to share. It is for keys that
 * are not in the ring yet. */
void sharer_use(struct sharer *s, struct secret *secret);
/* One round over the sites of a configuration, by a total deadline. `registry` may be NULL:
 * before there is one. Whoever starts us, then the thread. */
void sharer_round(struct sharer *s, const struct config *config,
                  const struct registry *registry, struct instant now, struct deadline d);
/* A round each second. ERR_NOMEM. */
int sharer_start(struct sharer *s, const struct registry *registry,
                 const struct clock *clock);
/* Waits for the round under way, half a second at most; frees it. NULL is a no-op. */
void sharer_stop(struct sharer *s);

#endif
