/* A Redis server, or a sentinel, that does what a test wants of one: on a unix socket or a
 * port, in a thread, one client after the other. It answers the first words on a connection (AUTH, SELECT, PING,
 * SCRIPT LOAD) as a server does; what comes then as the test says. */
#ifndef LUOT_TESTS_LIB_FAKE_REDIS_H
#define LUOT_TESTS_LIB_FAKE_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_redis;

enum fake_manner {
    FAKE_GOOD,   /* :1 to everything                                     */
    FAKE_ANSWER, /* the bytes, to every command                          */
    FAKE_ONCE,   /* the bytes, to the first command; then nothing         */
    FAKE_CLOSE,  /* the bytes, and the connection is closed              */
    FAKE_HALF,   /* the bytes, and only its sending half is closed       */
    FAKE_DRIP,   /* the bytes again and again, one each 20 ms            */
    FAKE_FLOOD,  /* the bytes again and again, as fast as they are taken */
    FAKE_DEAF    /* nothing is read or said any more                     */
};

struct fake_redis *fake_redis_new(const char *path);
struct fake_redis *fake_redis_on_port(unsigned *ret_port); /* of 127.0.0.1 */
/* The bytes to every command that begins with the word, whatever the manner; at most two
 * words. `bytes` must live on; NULL: as the manner says. */
void fake_redis_answer(struct fake_redis *f, const char *word, const char *bytes);
/* From the next command on. With `greeting` for the first words too. `bytes` must live on;
 * NULL with FAKE_GOOD. */
void fake_redis_manner(struct fake_redis *f, enum fake_manner manner, const char *bytes,
                       bool greeting);
/* Sends bytes that nobody asked for, to the client that is there. */
void fake_redis_push(struct fake_redis *f, const char *bytes);
uint64_t fake_redis_commands(struct fake_redis *f);
uint64_t fake_redis_clients(struct fake_redis *f);
/* How often a word was the first one of a command. */
uint64_t fake_redis_said(struct fake_redis *f, const char *word);
void fake_redis_free(struct fake_redis *f);

#endif
