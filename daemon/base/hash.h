/* Floor 0 (base). The two hashes: a keyed one for whatever strangers choose, a fast one
 * for checksums. */
#ifndef LUOT_BASE_HASH_H
#define LUOT_BASE_HASH_H

#include "base/slice.h"

struct hash_key {
    uint8_t bytes[16];
};

/* SipHash-2-4 (libsodium crypto_shorthash) of the bytes as one little-endian 64-bit
 * number. */
uint64_t hash_keyed(const struct hash_key *key, const void *at, size_t length);
/* XXH3-64: checksums and tables nobody outside can fill. */
uint64_t hash_fast(const void *at, size_t length);
/* The same with a seed: for guesses that are looked at again, never for what must hold. */
uint64_t hash_seeded(uint64_t seed, const void *at, size_t length);
/* A key from the system's random source. libsodium must be initialised (hash_start). */
void hash_key_random(struct hash_key *ret_key);
uint64_t hash_random64(void);
void hash_key_erase(struct hash_key *key);
/* Once at start; ERR_IO when the system has no random source. */
int hash_start(void);

#endif
