/* The secret's file, and vectors that were computed with python's hashlib:
 *   key = blake2b(secret, digest_size=64).digest()
 *   blake2b(b"luot identity 1" + salt + bytes([kind]) + from.to_bytes(8, "little"), key=key,
 *           digest_size=16) */
#include "base/secret.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "lib/scratch.h"

static void expect_key(const char *secret, uint8_t kind, int64_t from, const char *hex)
{
    uint8_t salt[SECRET_SALT_BYTES];
    struct hash_key key;
    struct secret *s;
    char text[33];

    for (unsigned i = 0; i < sizeof salt; i++)
        salt[i] = (uint8_t)i;
    cr_assert_eq(secret_new(&s, slice_of(secret)), 0);
    secret_derive(s, salt, kind, from, &key);
    for (unsigned i = 0; i < 16; i++)
        snprintf(text + (size_t)2 * i, 3, "%02x", key.bytes[i]);
    cr_expect_str_eq(text, hex);
    secret_free(s);
}

Test(secret, derives_what_python_derives)
{
    cr_assert_eq(hash_start(), 0);
    expect_key("a secret that all nodes have", 3, 148000000,
               "fcd03db3cbc7a07dc0df190db4e73d84");
    expect_key("a secret that all nodes have", 1, -7200,
               "a5f8272690afd1a06b42f6d1b689b25d");
    expect_key("0123456789abcdef", 3, 148000000, "7f41862aee2932923b0fdf8eee82320d");
    expect_key("0123456789abcdef", 1, -7200, "8d1f40bb5a40d8f2e41c9f20a9911188");
}

/* blake2b(b"luot1 a " + b"0" * 32 + b"\ns=demo", key=key, digest_size=16) */
Test(secret, signs_what_python_signs)
{
    const struct slice pieces[3] = {
        SLICE("luot1 a "), SLICE("00000000000000000000000000000000"), SLICE("\ns=demo")};
    static const uint8_t expected[SECRET_MAC_BYTES] = {0x18, 0xc5, 0xd3, 0x6c, 0x0a, 0x37,
                                                       0x36, 0x36, 0x39, 0x32, 0x7f, 0xad,
                                                       0x70, 0x0f, 0x36, 0xcc};
    uint8_t mac[SECRET_MAC_BYTES];
    struct secret *s;

    cr_assert_eq(hash_start(), 0);
    cr_assert_eq(secret_new(&s, SLICE("a secret that all nodes have")), 0);
    secret_mac(s, pieces, mac);
    cr_expect(secret_mac_equal(mac, expected));
    mac[15] ^= 1;
    cr_expect_not(secret_mac_equal(mac, expected));
    secret_free(s);
}

/* { printf 'luot token 1 '; printf 'a secret that all nodes have'; } | b2sum -l 256 */
Test(secret, has_the_token_that_b2sum_makes)
{
    static const uint8_t expected[SECRET_TOKEN_BYTES] = {
        0xef, 0x04, 0x9e, 0xd3, 0xb5, 0x2d, 0x6a, 0x06, 0x09, 0xc2, 0x73,
        0x56, 0xe6, 0x82, 0x65, 0x0e, 0x04, 0x3f, 0x53, 0x5c, 0x5e, 0xbf,
        0x1e, 0xaf, 0x7b, 0x1b, 0xc1, 0xee, 0x79, 0xd6, 0x58, 0x3b};
    uint8_t token[SECRET_TOKEN_BYTES];
    struct secret *s;

    cr_assert_eq(hash_start(), 0);
    cr_assert_eq(secret_new(&s, SLICE("a secret that all nodes have")), 0);
    secret_token(s, token);
    cr_expect_eq(memcmp(token, expected, sizeof token), 0);
    secret_free(s);
}

struct place {
    struct scratch dir;
    const char *file;
    char sentence[512];
    struct secret *secret;
};

static struct place place_with(const char *text, size_t length, mode_t mode)
{
    struct place p = {.dir = scratch_new()};
    int fd;

    cr_assert_eq(hash_start(), 0);
    p.file = scratch_path(&p.dir, "secret");
    fd = open(p.file, O_CREAT | O_WRONLY, 0600);
    cr_assert(fd >= 0 && write(fd, text, length) == (ssize_t)length);
    cr_assert_eq(fchmod(fd, mode), 0);
    close(fd);
    return p;
}

static void expect_refused(struct place *p, const char *path, int error, const char *says)
{
    cr_expect_eq(secret_load(&p->secret, path, p->sentence), error);
    cr_expect_null(p->secret);
    cr_expect_not_null(strstr(p->sentence, says), "%s", p->sentence);
}

Test(secret, a_file_is_read_without_the_newline_at_its_end)
{
    struct place p = place_with("0123456789abcdef\n", 17, 0400);
    uint8_t salt[SECRET_SALT_BYTES] = {0};
    struct hash_key one, other;
    struct secret *plain;

    cr_assert_eq(secret_load(&p.secret, p.file, p.sentence), 0, "%s", p.sentence);
    cr_assert_eq(secret_new(&plain, SLICE("0123456789abcdef")), 0);
    secret_derive(p.secret, salt, 3, 1, &one);
    secret_derive(plain, salt, 3, 1, &other);
    cr_expect_arr_eq(one.bytes, other.bytes, sizeof one.bytes);
    secret_free(p.secret);
    secret_free(plain);
    scratch_free(&p.dir);
}

Test(secret, its_length_is_sixteen_to_1024_bytes)
{
    char text[SECRET_MAX + 2];

    memset(text, 'x', sizeof text);
    for (size_t length = 0; length <= sizeof text; length++) {
        struct place p = place_with(text, length, 0400);
        bool fits = length >= SECRET_MIN && length <= SECRET_MAX;
        if (fits)
            cr_expect_eq(secret_load(&p.secret, p.file, p.sentence), 0);
        else
            expect_refused(&p, p.file, ERR_RANGE, "16 to 1024 bytes; make one with");
        secret_free(p.secret);
        scratch_free(&p.dir);
        if (length == SECRET_MIN + 1)
            length = SECRET_MAX - 2;
    }
}

Test(secret, a_file_that_others_can_read_is_refused)
{
    static const mode_t bad[] = {0404, 0420, 0402, 0410, 0444, 0644, 0666};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct place p = place_with("0123456789abcdef", 16, bad[i]);
        expect_refused(&p, p.file, ERR_DENIED, "others can read it; chmod 0400");
        scratch_free(&p.dir);
    }
}

/* So systemd hands credentials out; of our own user its group is somebody else. */
Test(secret, only_of_root_the_group_may_read)
{
    struct place p = place_with("0123456789abcdef", 16, 0440);

    if (geteuid() == 0) {
        cr_expect_eq(secret_load(&p.secret, p.file, p.sentence), 0, "%s", p.sentence);
        secret_free(p.secret);
        p.secret = NULL;
        cr_assert_eq(chown(p.file, 12345, 12345), 0);
        expect_refused(&p, p.file, ERR_DENIED,
                       "chown it to root or to the user of luotd");
    } else {
        expect_refused(&p, p.file, ERR_DENIED, "others can read it");
    }
    scratch_free(&p.dir);
}

Test(secret, what_is_no_regular_file_is_refused_at_once)
{
    struct place p = place_with("0123456789abcdef", 16, 0400);
    const char *pipe = scratch_path(&p.dir, "pipe");

    cr_assert_eq(mkfifo(pipe, 0400), 0);
    expect_refused(&p, pipe, ERR_MALFORMED, "not a regular file");
    expect_refused(&p, p.dir.dir, ERR_MALFORMED, "not a regular file");
    expect_refused(&p, scratch_path(&p.dir, "none"), ERR_NOT_FOUND, "make the file");
    scratch_free(&p.dir);
}

Test(secret, a_credential_of_systemd_is_found_by_its_name)
{
    struct place p = place_with("0123456789abcdef", 16, 0400);

    unsetenv("CREDENTIALS_DIRECTORY");
    expect_refused(&p, "$CREDENTIALS_DIRECTORY/secret", ERR_MALFORMED,
                   "add LoadCredential=secret:FILE to the unit");
    setenv("CREDENTIALS_DIRECTORY", p.dir.dir, 1);
    cr_expect_eq(secret_load(&p.secret, "$CREDENTIALS_DIRECTORY/secret", p.sentence), 0,
                 "%s", p.sentence);
    secret_free(p.secret);
    scratch_free(&p.dir);
}
