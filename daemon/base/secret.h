/* Floor 0 (base). A secret that nodes, or a writer and we, share: a file that only they can
 * read, and what is derived from it. The text is hashed as it is read, and only the hash is kept, in memory
 * that is locked and in no core dump. It never leaves the process. */
#ifndef LUOT_BASE_SECRET_H
#define LUOT_BASE_SECRET_H

#include "base/hash.h"

enum {
    SECRET_MIN = 16, /* bytes of the file, without one newline at its end */
    SECRET_MAX = 1024,
    SECRET_SALT_BYTES = 32,
    SECRET_MAC_BYTES = 16,
    SECRET_TOKEN_BYTES = 32
};

struct secret;

/* A path that begins with $CREDENTIALS_DIRECTORY/ is one of systemd's credentials. The file
 * must be a regular one, of root or of our user, which nobody else can read (of root, its
 * group may: so systemd hands them out). ERR_NOMEM, or ERR_NOT_FOUND, ERR_DENIED, ERR_IO,
 * ERR_RANGE (its length), ERR_MALFORMED (no such credential, no regular file), with a
 * sentence that says what to do. Main thread (it reads the environment). */
int secret_load(struct secret **ret_secret, const char *path, char ret_sentence[512]);
/* From memory: 16 to 1,024 bytes, else ERR_RANGE; ERR_NOMEM. */
int secret_new(struct secret **ret_secret, struct slice text);
void secret_free(struct secret *s); /* erases it; NULL is a no-op */

/* A key that nobody has without both. BLAKE2b of 16 bytes, keyed with the BLAKE2b-512 of the
 * secret, over "luot identity 1" (15 bytes) | salt | kind (a byte) | from (8 bytes, little
 * endian). Any thread. */
void secret_derive(const struct secret *s, const uint8_t salt[SECRET_SALT_BYTES],
                   uint8_t kind, int64_t from, struct hash_key *ret_key);
/* A signature of three pieces, one behind the other: BLAKE2b-128, keyed with the BLAKE2b-512
 * of the secret's text. Any thread; asks nothing of the heap. */
void secret_mac(const struct secret *s, const struct slice piece[3],
                uint8_t ret_mac[SECRET_MAC_BYTES]);
bool secret_mac_equal(const uint8_t a[SECRET_MAC_BYTES],
                      const uint8_t b[SECRET_MAC_BYTES]); /* in constant time */
/* BLAKE2b-256 of "luot token 1 " | the secret's text: says that one has it, and no more. */
void secret_token(const struct secret *s, uint8_t ret_token[SECRET_TOKEN_BYTES]);
void secret_salt_random(uint8_t ret_salt[SECRET_SALT_BYTES]);

#endif
