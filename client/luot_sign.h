/* Datagrams are signed, so that luotd believes them wherever they come from: the header of
 * daemon/parse/signed.h, here from the writer's side. Internal to libluot. */
#ifndef LUOT_CLIENT_SIGN_H
#define LUOT_CLIENT_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LUOT_KEY_ID_MAX = 31, LUOT_SECRET_MIN = 16, LUOT_SECRET_MAX = 1024 };

struct luot_signer {
    char id[LUOT_KEY_ID_MAX + 1]; /* "": nothing is signed */
    uint8_t key[64];              /* BLAKE2b-512 of the secret */
    size_t room;                  /* bytes of the header, always as many; 0: none */
};

/* Both or neither; "" is as good as NULL. false: an ID or a secret that luotd would not
 * take. */
bool luot_signer_init(struct luot_signer *ret_signer, const char *id, const char *secret);
void luot_signer_erase(struct luot_signer *s);

/* Writes the header into the first `room` bytes of a datagram whose lines stand behind it,
 * and signs all of it. */
void luot_sign(const struct luot_signer *s, uint64_t sender, uint64_t seq,
               uint64_t unix_ms, char *datagram, size_t length);

#endif
