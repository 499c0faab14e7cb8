/* Floor 0 (base). A text to 64 bits, keyed, for tables of this process that strangers would
 * like to fill and whose hashes nobody sees: a tenth of what SipHash takes.
 *
 * Two texts, or one text under two salts, have one hash with a chance of 2^-63, whatever they
 * are, for a random key. NH over sixteen bytes a multiplication (as in UMAC and VMAC), then a
 * multilinear hash of its two halves, the length and the salt. Who could see hashes would
 * learn the key: what is stored, sent or shown is hash_keyed. */
#ifndef LUOT_BASE_HASH_TEXT_H
#define LUOT_BASE_HASH_TEXT_H

#include "base/slice.h"

enum { HASH_TEXT_BYTES = 512 /* what is behind counts by its number only */ };

struct hash_text_key {
    uint64_t block[HASH_TEXT_BYTES / 8];
    uint64_t word[10]; /* five numbers of 128 bits */
};

/* libsodium must be initialised (hash_start). */
void hash_text_key_random(struct hash_text_key *ret_key);
void hash_text_key_erase(struct hash_text_key *key);

static inline uint64_t hash_text_word(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint64_t hash_text_half(const char *at)
{
    uint32_t word;

    memcpy(&word, at, sizeof word);
    return word;
}

/* Four numbers to one: two tuples have one hash with a chance of 2^-64. */
static inline uint64_t hash_words(const struct hash_text_key *key, uint64_t a, uint64_t b,
                                  uint64_t c, uint64_t d)
{
    typedef unsigned __int128 wide;
    const uint64_t *k = key->word;
    wide sum = ((wide)k[0] << 64 | k[1]) + ((wide)k[2] << 64 | k[3]) * a +
               ((wide)k[4] << 64 | k[5]) * b + ((wide)k[6] << 64 | k[7]) * c +
               ((wide)k[8] << 64 | k[9]) * d;

    return (uint64_t)(sum >> 64);
}

/* What hash_text says of less than eight bytes without a salt: two of the four numbers are 0,
 * and need no multiplication. */
static inline uint64_t hash_text_word_only(const struct hash_text_key *key, uint64_t word,
                                           size_t length)
{
    typedef unsigned __int128 wide;
    const uint64_t *k = key->word;

    return (uint64_t)((((wide)k[0] << 64 | k[1]) + ((wide)k[2] << 64 | k[3]) * word +
                       ((wide)k[6] << 64 | k[7]) * length) >>
                      64);
}

/* Up to sixteen bytes, as two words from which, with their number, they can be told: no two
 * texts of one length have the same. */
static inline void hash_text_short(struct slice text, uint64_t ret_words[2])
{
    size_t n = text.length;
    const char *at = text.at;

    ret_words[0] = ret_words[1] = 0;
    if (n >= 8) {
        ret_words[0] = hash_text_word(at);
        ret_words[1] = hash_text_word(at + n - 8);
    } else if (n >= 4) {
        ret_words[0] = hash_text_half(at) | hash_text_half(at + n - 4) << 32;
    } else if (n > 0) {
        ret_words[0] = (uint64_t)(unsigned char)at[0] |
                       (uint64_t)(unsigned char)at[n / 2] << 8 |
                       (uint64_t)(unsigned char)at[n - 1] << 16;
    }
}

static inline unsigned __int128 hash_text_block(const uint64_t k[2], const char *at)
{
    return (unsigned __int128)(hash_text_word(at) + k[0]) *
           (hash_text_word(at + 8) + k[1]);
}

/* More than sixteen; the last block may overlap the one before. Two at a time, which is a
 * tenth less. */
static inline void hash_text_long(const struct hash_text_key *key, struct slice text,
                                  uint64_t ret_words[2])
{
    typedef unsigned __int128 wide;
    size_t n = text.length < HASH_TEXT_BYTES ? text.length : HASH_TEXT_BYTES, i = 0;
    const uint64_t *k = key->block;
    wide sum = 0;

    for (; i + 32 < n; i += 32, k += 4)
        sum += hash_text_block(k, text.at + i) + hash_text_block(k + 2, text.at + i + 16);
    if (i + 16 < n) {
        sum += hash_text_block(k, text.at + i);
        k += 2;
    }
    sum += hash_text_block(k, text.at + n - 16);
    ret_words[0] = (uint64_t)sum;
    ret_words[1] = (uint64_t)(sum >> 64);
}

static inline uint64_t hash_text(const struct hash_text_key *key, struct slice text,
                                 uint64_t salt)
{
    uint64_t words[2];

    if (text.length <= 16)
        hash_text_short(text, words);
    else
        hash_text_long(key, text, words);
    if (salt == 0 && text.length < sizeof words[0])
        return hash_text_word_only(key, words[0], text.length);
    return hash_words(key, words[0], words[1], text.length, salt);
}

#endif
