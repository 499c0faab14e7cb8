/* Floor 0 (base). Readers: people and programs that may read the documents of private
 * sites. Each `[reader NAME]` of the configuration has the hash of a token of 32 random
 * bytes in hex, which was shown once and is kept nowhere, and the sites and groups that it
 * opens. The token comes as `Authorization: Bearer TOKEN`; who reads the configuration
 * cannot make it.
 *
 * Immutable once made; swapped whole on reload. Every one has another `version`, so that
 * whoever remembers that he was let in knows when to ask again. */
#ifndef LUOT_BASE_READERS_H
#define LUOT_BASE_READERS_H

#include "base/config.h"

enum {
    READER_TOKEN_BYTES = 32, /* random; a token is as many pairs of hexadecimal digits */
    READER_TOKEN_TEXT = 2 * READER_TOKEN_BYTES,
    READER_HASH_BYTES = 32
};

struct readers;

struct reader {
    char name[READER_NAME_MAX + 1];
    char sites[CONFIG_TEXT_MAX]; /* keys, a comma list; "*": all */
    char groups[CONFIG_TEXT_MAX];
    uint8_t hash[READER_HASH_BYTES]; /* of its token */
};

/* Main thread. ERR_NOMEM. */
int readers_new(struct readers **ret_readers, const struct config *config,
                uint32_t version);
void readers_free(struct readers *r); /* NULL is a no-op */

/* Any thread; NULL readers have nobody. */
uint32_t readers_version(const struct readers *r);
size_t readers_count(const struct readers *r);
const struct reader *readers_at(const struct readers *r, size_t index);
/* Of the value of an Authorization header: whose token it is, NULL: nobody's, or no token.
 * *ret_hash is its hash (zero where there is none), by which readers_by_hash finds him again.
 * Takes as long for a wrong token as for a right one. */
const struct reader *readers_by_token(const struct readers *r, struct slice authorization,
                                      uint8_t ret_hash[READER_HASH_BYTES]);
const struct reader *readers_by_hash(const struct readers *r,
                                     const uint8_t hash[READER_HASH_BYTES]);
/* May he read a site with this key, in this group ("": in none)? NULL may nothing. */
bool reader_may(const struct reader *reader, struct slice key, struct slice group);

/* BLAKE2b-256 of a token's text, as `printf %s TOKEN | b2sum -l 256` makes it. */
void reader_token_hash(struct slice token, uint8_t ret_hash[READER_HASH_BYTES]);
/* A new one, NUL-terminated. */
void reader_token_random(char ret_token[READER_TOKEN_TEXT + 1]);

#endif
