/* Floor 3 (store), private to the files that a redis_link is made of: store_redis_link (a
 * talk, and when to try again), _connect (the first words), _sentinel (who the master is),
 * _socket (bytes), _trouble (what went wrong, in a sentence). */
#ifndef LUOT_STORE_STORE_REDIS_LINK_INNER_H
#define LUOT_STORE_STORE_REDIS_LINK_INNER_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "store/store_redis_link.h"

enum { SHA_LENGTH = 40, OUT_BYTES = OUT_WINDOW + SAY_AT_ONCE * SAY_MAX };

struct redis_link {
    struct redis_where where;
    char name[384]; /* for people: without a password               */
    int fd;         /* -1: not connected                            */
    redisReader *reader;
    redisReplyObjectFunctions theirs, ours; /* hiredis', and with our limit */
    char *out;                              /* OUT_BYTES            */
    size_t out_from, out_until;             /* what waits to be sent        */
    size_t said;                            /* commands of this talk        */
    size_t unfinished;                      /* bytes of no whole reply yet  */
    int64_t give_up_ms;                     /* of the call under way        */
    _Atomic int64_t hurry_ms; /* of every call; 0: no hurry. Any thread     */
    int64_t retry_ms;         /* not before                   */
    int64_t back_off_ms;      /* 0: nothing failed            */
    size_t sentinel;          /* whom to ask first: who knew last */
    bool guided;              /* a sentinel named a master, the last time that we asked */
    uint64_t connections, random;
    char sha[SCRIPTS][SHA_LENGTH + 1]; /* "": by its text               */
    bool lost_scripts;                 /* it has forgotten them         */
    int error;                         /* the first one since all was well */
    unsigned trouble;
    char sentence[320];
};

int64_t redis_now_ms(void); /* CLOCK_MONOTONIC */

/* --- store_redis_trouble.c: each remembers the first trouble and returns its error --- */
void redis_link_note(struct redis_link *l, unsigned trouble, int error, const char *what,
                     const char *advice);
int redis_link_fail(struct redis_link *l, unsigned trouble, int error, const char *what);
int redis_link_fail_errno(struct redis_link *l, int number);
int redis_link_fail_late(struct redis_link *l);
int redis_link_fail_replica(struct redis_link *l); /* as READONLY */
void redis_link_note_reply(struct redis_link *l, const redisReply *reply);
/* Is the connection as good as before, whatever was said? */
bool redis_link_trouble_keeps(const struct redis_link *l);
/* What is fit for a line of the log: cut to `size`, and no byte that means something. */
void redis_link_clean(char *to, size_t size, const char *from, size_t length);

/* --- store_redis_socket.c: 0, or an error that ends the connection --- */
int redis_link_open(struct redis_link *l, const struct sockaddr *address,
                    socklen_t length);
int redis_link_listen(struct redis_link *l); /* makes what reads replies */
void redis_link_hang_up(struct redis_link *l);
/* Waits for what we want of the socket, also no longer than a hurry allows. */
int redis_link_wait(struct redis_link *l, short events, short *ret_events);
int redis_link_send(struct redis_link *l);
int redis_link_read(struct redis_link *l);
/* The next whole reply, or NULL. */
int redis_link_take(struct redis_link *l, redisReply **ret_reply);
/* What came while nobody asked is the end of the connection, or nothing of ours. */
void redis_link_check_silence(struct redis_link *l);

/* --- store_redis_connect.c --- */
/* To the server that `store` names, and signed in; until l->give_up_ms. */
int redis_link_connect(struct redis_link *l);
/* Only the socket; its addresses in turn, until one answers. */
int redis_link_connect_host(struct redis_link *l, const char *host, unsigned port);
int redis_link_sign_in(struct redis_link *l);
/* AUTH, with a user unless it is "". */
int redis_say_auth(struct redis_link *l, const char *user, const char *pass);

/* --- store_redis_sentinel.c --- */
/* To the master that the sentinels name, and signed in; until l->give_up_ms. */
int redis_link_follow(struct redis_link *l);
/* Is it a master? Else, and when it may not be asked, an error. */
int redis_link_check_role(struct redis_link *l);

/* --- store_redis_link.c --- */
/* One talk. 0, an error that ends the connection, or one (in l->error) of a reply. */
int redis_link_converse(struct redis_link *l, const struct redis_talk *talk);

#endif
