#include "luot_sign.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* Numbers have leading zeros, so that every header is of one length and its room can be left
 * before the lines are known. */
#define HEADER_FORMAT "luot1 %s %016llx %015llu %015llu %032d\n"
enum { HEADER_BYTES = 6 + 1 + 16 + 1 + 15 + 1 + 15 + 1 + 32 + 1, MAC_BYTES = 16 };
#define FIFTEEN_DIGITS 1000000000000000u

static bool is_id(const char *id)
{
    size_t length = strlen(id);
    return length <= LUOT_KEY_ID_MAX &&
           strspn(id,
                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
               length;
}

bool luot_signer_init(struct luot_signer *ret_signer, const char *id, const char *secret)
{
    struct luot_signer s = {.room = 0};
    size_t length = secret != NULL ? strlen(secret) : 0;
    bool has_id = id != NULL && id[0] != '\0';
    *ret_signer = s;
    if (!has_id && length == 0)
        return true;
    if (!has_id || !is_id(id) || length < LUOT_SECRET_MIN || length > LUOT_SECRET_MAX ||
        sodium_init() < 0)
        return false;
    memcpy(s.id, id, strlen(id) + 1);
    crypto_generichash(s.key, sizeof s.key, (const unsigned char *)secret, length, NULL,
                       0);
    s.room = HEADER_BYTES + strlen(id);
    *ret_signer = s;
    sodium_memzero(s.key, sizeof s.key);
    return true;
}

void luot_signer_erase(struct luot_signer *s)
{
    sodium_memzero(s, sizeof *s);
}

void luot_sign(const struct luot_signer *s, uint64_t sender, uint64_t seq,
               uint64_t unix_ms, char *datagram, size_t length)
{
    unsigned char mac[MAC_BYTES];
    char head[HEADER_BYTES + LUOT_KEY_ID_MAX + 1], hex[2 * MAC_BYTES + 1];
    snprintf(head, sizeof head, HEADER_FORMAT, s->id, (unsigned long long)sender,
             (unsigned long long)seq % FIFTEEN_DIGITS,
             (unsigned long long)unix_ms % FIFTEEN_DIGITS, 0);
    memcpy(datagram, head, s->room);
    crypto_generichash(mac, sizeof mac, (const unsigned char *)datagram, length, s->key,
                       sizeof s->key);
    sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
    memcpy(datagram + s->room - 1 - 2 * MAC_BYTES, hex, 2 * MAC_BYTES);
}
