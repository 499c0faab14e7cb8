#include "base/hash_text.h"

#include <sodium.h>

void hash_text_key_random(struct hash_text_key *ret_key)
{
    randombytes_buf(ret_key, sizeof *ret_key);
}

void hash_text_key_erase(struct hash_text_key *key)
{
    sodium_memzero(key, sizeof *key);
}
