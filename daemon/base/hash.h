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
/* Two numbers to one, keyed, in some four multiplications: for tables that strangers would
 * like to fill, whose hashes nobody sees. Two pairs have one hash with a chance of 2^-64, for
 * every pair and a random key (multilinear hashing). Who could see hashes would learn the
 * key: then it is hash_keyed. */
struct hash_pair_key {
    uint64_t word[6]; /* three numbers of 128 bits */
};
void hash_pair_key_random(struct hash_pair_key *ret_key);
static inline uint64_t hash_pair(const struct hash_pair_key *key, uint64_t a, uint64_t b)
{
    typedef unsigned __int128 wide;
    const uint64_t *k = key->word;
    wide sum = ((wide)k[0] << 64 | k[1]) + ((wide)k[2] << 64 | k[3]) * a +
               ((wide)k[4] << 64 | k[5]) * b;

    return (uint64_t)(sum >> 64);
}
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
