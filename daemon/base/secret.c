#include "base/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { KEY_BYTES = 64, PATH_BYTES = 1024 };

static_assert(KEY_BYTES <= crypto_generichash_KEYBYTES_MAX, "BLAKE2b's key");
static_assert(SECRET_MAC_BYTES >= crypto_generichash_BYTES_MIN, "its output");
static_assert(sizeof(struct hash_key) >= crypto_generichash_BYTES_MIN, "its output");

struct secret {
    uint8_t key[KEY_BYTES]; /* BLAKE2b-512 of the file's text: any length is one key */
    uint8_t token[SECRET_TOKEN_BYTES]; /* the other thing that is made of the text */
};

static void make_token(struct secret *s, struct slice text)
{
    static const char domain[] = "luot token 1 ";
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, sizeof s->token);
    crypto_generichash_update(&state, (const uint8_t *)domain, sizeof domain - 1);
    crypto_generichash_update(&state, (const uint8_t *)text.at, text.length);
    crypto_generichash_final(&state, s->token, sizeof s->token);
    sodium_memzero(&state, sizeof state);
}

int secret_new(struct secret **ret_secret, struct slice text)
{
    struct secret *s;

    if (text.length < SECRET_MIN || text.length > SECRET_MAX)
        return ERR_RANGE;
    s = sodium_malloc(sizeof *s); /* locked and not dumped where the system allows it */
    if (s == NULL)
        return ERR_NOMEM;
    crypto_generichash(s->key, sizeof s->key, (const uint8_t *)text.at, text.length, NULL,
                       0);
    make_token(s, text);
    *ret_secret = s;
    return 0;
}

void secret_free(struct secret *s)
{
    sodium_free(s);
}

/* --- The file --- */

static const char credentials[] = "$CREDENTIALS_DIRECTORY/";

static int find_file(char file[PATH_BYTES], const char *path, char ret_sentence[512])
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    size_t skip = sizeof credentials - 1;
    int n;

    if (strncmp(path, credentials, skip) != 0) {
        n = snprintf(file, PATH_BYTES, "%s", path);
    } else if (directory == NULL) {
        snprintf(
            ret_sentence, 512,
            "%.300s: systemd handed us no credentials; add LoadCredential=%.100s:FILE "
            "to the unit, or name a file",
            path, path + skip);
        return ERR_MALFORMED;
    } else {
        n = snprintf(file, PATH_BYTES, "%s/%s", directory, path + skip);
    }
    if (n < PATH_BYTES)
        return 0;
    snprintf(ret_sentence, 512, "%.300s: the path is too long; name a shorter one", path);
    return ERR_MALFORMED;
}

/* What is wrong with who owns it and who may read it; NULL: nothing. */
static const char *complaint(const struct stat *st)
{
    mode_t others = st->st_uid == 0 ? 0037 : 0077;

    if (!S_ISREG(st->st_mode))
        return "it is not a regular file; put the secret into one";
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return "it belongs to somebody else; chown it to root or to the user of luotd";
    if ((st->st_mode & others) != 0)
        return "others can read it; chmod 0400 it, and put a new secret into it on each "
               "node";
    return NULL;
}

static int read_text(int fd, char *text, size_t room, size_t *ret_length)
{
    size_t length = 0;
    ssize_t n = 1;

    while (length < room && n != 0) {
        n = read(fd, text + length, room - length);
        if (n < 0 && errno != EINTR)
            return error_from_errno(errno);
        length += n > 0 ? (size_t)n : 0;
    }
    *ret_length = length;
    return 0;
}

static int read_secret(struct secret **ret_secret, int fd, const char *file,
                       char ret_sentence[512])
{
    char text[SECRET_MAX + 2]; /* a newline, and one byte that is too much */
    size_t length = 0;
    int rv = read_text(fd, text, sizeof text, &length);

    if (rv == 0 && length > 0 && text[length - 1] == '\n')
        length--;
    if (rv == 0)
        rv = secret_new(ret_secret, (struct slice){text, length});
    sodium_memzero(text, sizeof text);
    if (rv == ERR_RANGE)
        snprintf(ret_sentence, 512,
                 "%.300s: a secret has 16 to 1024 bytes; make one with `head -c 32 "
                 "/dev/urandom | base64` and put the same on each node",
                 file);
    else if (rv != 0)
        snprintf(ret_sentence, 512, "%.300s: %s; try again", file, error_text(rv));
    return rv;
}

int secret_load(struct secret **ret_secret, const char *path, char ret_sentence[512])
{
    char file[PATH_BYTES];
    const char *wrong = NULL;
    struct stat st;
    int fd, rv = find_file(file, path, ret_sentence);

    if (rv != 0)
        return rv;
    fd = open(file,
              O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe may stand there */
    if (fd < 0 || fstat(fd, &st) != 0) {
        rv = error_from_errno(errno);
        snprintf(
            ret_sentence, 512,
            "%.300s: %s; make the file, readable for the user of luotd only, or leave "
            "the setting empty",
            file, strerror(errno));
    } else if ((wrong = complaint(&st)) != NULL) {
        rv = S_ISREG(st.st_mode) ? ERR_DENIED : ERR_MALFORMED;
        snprintf(ret_sentence, 512, "%.300s: %s", file, wrong);
    } else {
        rv = read_secret(ret_secret, fd, file, ret_sentence);
    }
    if (fd >= 0)
        close(fd);
    return rv;
}

/* --- What is derived --- */

void secret_derive(const struct secret *s, const uint8_t salt[SECRET_SALT_BYTES],
                   uint8_t kind, int64_t from, struct hash_key *ret_key)
{
    static const char domain[] = "luot identity 1";
    crypto_generichash_state state;
    uint8_t number[8];

    for (unsigned i = 0; i < sizeof number; i++)
        number[i] = (uint8_t)((uint64_t)from >> (8 * i));
    crypto_generichash_init(&state, s->key, sizeof s->key, sizeof ret_key->bytes);
    crypto_generichash_update(&state, (const uint8_t *)domain, sizeof domain - 1);
    crypto_generichash_update(&state, salt, SECRET_SALT_BYTES);
    crypto_generichash_update(&state, &kind, 1);
    crypto_generichash_update(&state, number, sizeof number);
    crypto_generichash_final(&state, ret_key->bytes, sizeof ret_key->bytes);
    sodium_memzero(&state, sizeof state);
}

void secret_mac(const struct secret *s, const struct slice piece[3],
                uint8_t ret_mac[SECRET_MAC_BYTES])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, s->key, sizeof s->key, SECRET_MAC_BYTES);
    for (unsigned i = 0; i < 3; i++)
        crypto_generichash_update(&state, (const uint8_t *)piece[i].at, piece[i].length);
    crypto_generichash_final(&state, ret_mac, SECRET_MAC_BYTES);
}

bool secret_mac_equal(const uint8_t a[SECRET_MAC_BYTES],
                      const uint8_t b[SECRET_MAC_BYTES])
{
    return sodium_memcmp(a, b, SECRET_MAC_BYTES) == 0;
}

void secret_token(const struct secret *s, uint8_t ret_token[SECRET_TOKEN_BYTES])
{
    memcpy(ret_token, s->token, SECRET_TOKEN_BYTES);
}

void secret_salt_random(uint8_t ret_salt[SECRET_SALT_BYTES])
{
    randombytes_buf(ret_salt, SECRET_SALT_BYTES);
}
