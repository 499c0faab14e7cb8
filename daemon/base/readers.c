#include "base/readers.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/writers.h"

enum { BEARER_BYTES = 7 };

struct readers {
    uint32_t version;
    size_t count;
    struct reader reader[];
};

int readers_new(struct readers **ret_readers, const struct config *config,
                uint32_t version)
{
    struct readers *r = calloc(1, sizeof *r + config->reader_count * sizeof r->reader[0]);

    if (r == NULL)
        return ERR_NOMEM;
    r->version = version;
    r->count = config->reader_count;
    for (size_t i = 0; i < r->count; i++) {
        const struct reader_config *from = &config->readers[i];
        struct reader *to = &r->reader[i];

        memcpy(to->name, from->name, sizeof to->name);
        memcpy(to->sites, from->sites, sizeof to->sites);
        memcpy(to->groups, from->groups, sizeof to->groups);
        (void)sodium_hex2bin(to->hash, sizeof to->hash, from->token_hash,
                             strlen(from->token_hash), NULL, NULL, NULL);
    }
    *ret_readers = r;
    return 0;
}

void readers_free(struct readers *r)
{
    free(r);
}

uint32_t readers_version(const struct readers *r)
{
    return r == NULL ? 0 : r->version;
}

size_t readers_count(const struct readers *r)
{
    return r == NULL ? 0 : r->count;
}

const struct reader *readers_at(const struct readers *r, size_t index)
{
    return index < readers_count(r) ? &r->reader[index] : NULL;
}

/* --- Tokens --- */

void reader_token_hash(struct slice token, uint8_t ret_hash[READER_HASH_BYTES])
{
    crypto_generichash(ret_hash, READER_HASH_BYTES, (const unsigned char *)token.at,
                       token.length, NULL, 0);
}

void reader_token_random(char ret_token[READER_TOKEN_TEXT + 1])
{
    uint8_t bytes[READER_TOKEN_BYTES];

    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2hex(ret_token, READER_TOKEN_TEXT + 1, bytes, sizeof bytes);
    sodium_memzero(bytes, sizeof bytes);
}

const struct reader *readers_by_hash(const struct readers *r,
                                     const uint8_t hash[READER_HASH_BYTES])
{
    const struct reader *found = NULL;

    for (size_t i = 0; i < readers_count(r); i++)
        if (sodium_memcmp(r->reader[i].hash, hash, READER_HASH_BYTES) == 0)
            found = &r->reader[i];
    return found;
}

const struct reader *readers_by_token(const struct readers *r, struct slice authorization,
                                      uint8_t ret_hash[READER_HASH_BYTES])
{
    struct slice token;

    memset(ret_hash, 0, READER_HASH_BYTES);
    if (!authorization_is_bearer(authorization))
        return NULL;
    token = slice_trim((struct slice){authorization.at + BEARER_BYTES,
                                      authorization.length - BEARER_BYTES});
    if (token.length != READER_TOKEN_TEXT)
        return NULL;
    reader_token_hash(token, ret_hash);
    return readers_by_hash(r, ret_hash);
}

/* --- Rights --- */

static bool lists(const char *text, struct slice name)
{
    struct slice list = slice_of(text);

    if (list.length == 0)
        return false;
    if (slice_equal(list, SLICE("*")))
        return true;
    while (list.at != NULL && name.length > 0)
        if (slice_equal(slice_trim(slice_cut(&list, ',')), name))
            return true;
    return false;
}

bool reader_may(const struct reader *reader, struct slice key, struct slice group)
{
    return reader != NULL && (lists(reader->sites, key) || lists(reader->groups, group));
}
