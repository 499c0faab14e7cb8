#include "base/hash.h"

#include <assert.h>
#include <endian.h>
#include <sodium.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"

static_assert(sizeof(struct hash_key) == crypto_shorthash_KEYBYTES, "SipHash's key");
static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "SipHash's output");

uint64_t hash_keyed(const struct hash_key *key, const void *at, size_t length)
{
    static const uint8_t nothing = 0;
    uint8_t out[crypto_shorthash_BYTES];
    uint64_t number;
    crypto_shorthash(out, length == 0 ? &nothing : at, length, key->bytes);
    memcpy(&number, out, sizeof number);
    return le64toh(number);
}

uint64_t hash_fast(const void *at, size_t length)
{
    return XXH3_64bits(length == 0 ? "" : at, length);
}

uint64_t hash_seeded(uint64_t seed, const void *at, size_t length)
{
    return XXH3_64bits_withSeed(length == 0 ? "" : at, length, seed);
}

void hash_key_random(struct hash_key *ret_key)
{
    randombytes_buf(ret_key->bytes, sizeof ret_key->bytes);
}

void hash_pair_key_random(struct hash_pair_key *ret_key)
{
    randombytes_buf(ret_key->word, sizeof ret_key->word);
}

uint64_t hash_random64(void)
{
    uint64_t number;
    randombytes_buf(&number, sizeof number);
    return number;
}

void hash_key_erase(struct hash_key *key)
{
    sodium_memzero(key, sizeof *key);
}

int hash_start(void)
{
    return sodium_init() < 0 ? ERR_IO : 0;
}
