/* Floor 0 (base). Writers: programs that are believed wherever they send from, because each
 * shares a secret with us. The setting `writers` is a comma list of ID:FILE. One secret does
 * both ways in:
 *
 *   a datagram is signed with it:  secret_mac() of base/secret.h
 *   a request shows its token:     Authorization: Bearer T, where T is the BLAKE2b-256 of
 *                                  "luot token 1 " | secret, in hex. Who steals a token
 *                                  cannot sign with it. An operator makes it by
 *                                  { printf 'luot token 1 '; tr -d '\n' <FILE; } | b2sum -l 256
 *
 * Immutable once loaded; swapped whole on reload. */
#ifndef LUOT_BASE_WRITERS_H
#define LUOT_BASE_WRITERS_H

#include "base/secret.h"

enum { WRITERS_MAX = 16, WRITER_ID_MAX = 31 };

struct writer {
    char id[WRITER_ID_MAX + 1]; /* [A-Za-z0-9_-] */
    struct secret *secret;
    char token[2 * SECRET_TOKEN_BYTES + 1]; /* hex */
};

struct writers;

/* The list's form: IDs, no two alike, each with a file's name; empty is none. */
bool writers_are_valid(struct slice list);
bool writer_id_is_valid(struct slice id);
/* `list` is valid. Reads each file: as secret_load. An empty list is writers without one.
 * ERR_EXISTS: two have the same secret. Main thread. */
int writers_load(struct writers **ret_writers, const char *list, char ret_sentence[512]);
void writers_free(struct writers *w); /* erases; NULL is a no-op */

/* Any thread. NULL writers have nobody. */
size_t writers_count(const struct writers *w);
/* NULL: none has that ID. */
const struct writer *writers_find(const struct writers *w, struct slice id);
/* The value of an Authorization header, "Bearer T". NULL: not that, or nobody's token.
 * Takes as long for a wrong token as for a right one. */
const struct writer *writers_by_token(const struct writers *w,
                                      struct slice authorization);
/* Does a header say "Bearer ..." at all? */
bool authorization_is_bearer(struct slice authorization);

#endif
