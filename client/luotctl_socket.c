/* The happy path: connect -> command, document, `.` -> bytes until a line `.` -> reply.
 * It fails when nobody listens, when we may not, when luotd is gone before its `.`, or
 * when nothing moves for SOCKET_WAIT_S. A write that fails is not yet the end: luotd may
 * have said why (ERR busy) before it closed. */
#include "luotctl_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

enum { READ_STEP = 64 * 1024, REPLY_MAX = 256 << 20 };

/* --- Where --- */

static int too_long(const char *path, char ret_sentence[SOCKET_SENTENCE_MAX])
{
    snprintf(ret_sentence, SOCKET_SENTENCE_MAX,
             "the path of a socket has at most %d bytes: %.200s", SOCKET_PATH_MAX - 1,
             path);
    return EX_USAGE;
}

/* Does DIRECTORY/REST exist? A path that is too long does not. */
static bool is_there(char ret_path[SOCKET_PATH_MAX], const char *directory,
                     const char *rest)
{
    if (directory == NULL || *directory == '\0')
        return false;
    int length = snprintf(ret_path, SOCKET_PATH_MAX, "%s/%s", directory, rest);
    return length < SOCKET_PATH_MAX && access(ret_path, F_OK) == 0;
}

/* Where luotd of an account lies that can write to neither. */
static bool is_makeshift(char ret_path[SOCKET_PATH_MAX])
{
    char rest[64];
    snprintf(rest, sizeof rest, "luot-%u/luotd.sock", (unsigned)geteuid());
    return is_there(ret_path, "/dev/shm", rest) || is_there(ret_path, "/tmp", rest);
}

int socket_find(char ret_path[SOCKET_PATH_MAX], const char *given,
                char ret_sentence[SOCKET_SENTENCE_MAX])
{
    const char *named = given != NULL ? given : getenv("LUOT_SOCKET");
    if (named != NULL && *named != '\0') {
        if (strlen(named) >= SOCKET_PATH_MAX)
            return too_long(named, ret_sentence);
        strcpy(ret_path, named);
        return 0;
    }
    if (is_there(ret_path, getenv("RUNTIME_DIRECTORY"), "luotd.sock") ||
        is_there(ret_path, "/run/luot", "luotd.sock") ||
        is_there(ret_path, getenv("XDG_RUNTIME_DIR"), "luot/luotd.sock") ||
        is_makeshift(ret_path))
        return 0;
    snprintf(ret_sentence, SOCKET_SENTENCE_MAX,
             "luotd has no socket at /run/luot/luotd.sock or below $XDG_RUNTIME_DIR: is "
             "it running? Start it, or name its socket with --socket PATH");
    return EX_UNAVAILABLE;
}

/* --- One exchange --- */

/* What errno means for who typed the command. */
static int failed(int error, const char *path, char ret_sentence[SOCKET_SENTENCE_MAX])
{
    if (error == EACCES || error == EPERM) {
        snprintf(ret_sentence, SOCKET_SENTENCE_MAX,
                 "%s belongs to another user and group: run luotctl as a member of that "
                 "group, or with sudo",
                 path);
        return EX_NOPERM;
    }
    if (error == ENOENT || error == ECONNREFUSED) {
        snprintf(ret_sentence, SOCKET_SENTENCE_MAX,
                 "luotd does not answer at %s: is it running? Start it, or name its "
                 "socket with --socket PATH",
                 path);
        return EX_UNAVAILABLE;
    }
    if (error == EAGAIN || error == EWOULDBLOCK) {
        snprintf(ret_sentence, SOCKET_SENTENCE_MAX,
                 "luotd took the command at %s but did not answer for %d s: see its log",
                 path, SOCKET_WAIT_S);
        return EX_UNAVAILABLE;
    }
    snprintf(ret_sentence, SOCKET_SENTENCE_MAX, "%s: %s", path, strerror(error));
    return error == ENOTSOCK || error == EPROTOTYPE ? EX_UNAVAILABLE : EX_OSERR;
}

/* The time is over: is it worth another step? */
static bool goes_on(const struct socket_wait *wait, int error)
{
    return wait != NULL && (error == EAGAIN || error == EWOULDBLOCK) &&
           wait->on(wait->context);
}

static int connect_to(int *ret_fd, const char *path, const struct socket_wait *wait,
                      char ret_sentence[SOCKET_SENTENCE_MAX])
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = SOCKET_WAIT_S};
    if (wait != NULL)
        limit = (struct timeval){.tv_sec = wait->step_ms / 1000,
                                 .tv_usec = wait->step_ms % 1000 * 1000};
    if (strlen(path) >= sizeof at.sun_path)
        return too_long(path, ret_sentence);
    strcpy(at.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return failed(errno, path, ret_sentence);
    int error = 0;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0)
        error = errno;
    while (error == 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) != 0)
        error = goes_on(wait, errno) ? 0 : errno;
    if (error != 0) {
        close(fd);
        return failed(error, path, ret_sentence);
    }
    *ret_fd = fd;
    return 0;
}

/* 0 or errno. */
static int send_all(int fd, struct slice bytes)
{
    while (bytes.length > 0) {
        ssize_t sent = send(fd, bytes.at, bytes.length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno;
        bytes.at += sent;
        bytes.length -= (size_t)sent;
    }
    return 0;
}

/* The bytes up to the next line that begins with '.', which needs one more. */
static struct slice cut_before_dot(struct slice *rest)
{
    struct slice piece = {rest->at, 0};
    do {
        size_t line = slice_find(*rest, '\n');
        line += line < rest->length ? 1 : 0;
        rest->at += line;
        rest->length -= line;
        piece.length += line;
    } while (rest->length > 0 && rest->at[0] != '.');
    return piece;
}

static int send_document(int fd, struct slice document)
{
    struct slice rest = document;
    bool ended = document.length == 0 || document.at[document.length - 1] == '\n';
    int error = 0;
    while (rest.length > 0 && error == 0) {
        if (rest.at[0] == '.')
            error = send_all(fd, SLICE("."));
        if (error == 0)
            error = send_all(fd, cut_before_dot(&rest));
    }
    if (error == 0)
        error = send_all(fd, ended ? SLICE(".\n") : SLICE("\n.\n"));
    return error;
}

static bool has_ended(const char *bytes, size_t length)
{
    return (length == 2 && memcmp(bytes, ".\n", 2) == 0) ||
           (length > 2 && memcmp(bytes + length - 3, "\n.\n", 3) == 0);
}

/* Everything up to and with the line `.`. 0, or errno; EPIPE: luotd closed before it. */
static int receive_all(int fd, const struct socket_wait *wait, char **ret_bytes,
                       size_t *ret_length)
{
    size_t length = 0, capacity = 0;
    char *bytes = NULL;
    int error = 0;
    while (error == 0 && !has_ended(bytes, length)) {
        if (capacity - length < READ_STEP) {
            capacity = capacity == 0 ? 2 * READ_STEP : 2 * capacity;
            char *grown = capacity > REPLY_MAX ? NULL : realloc(bytes, capacity);
            if (grown == NULL) {
                error = ENOMEM;
                break;
            }
            bytes = grown;
        }
        ssize_t got = recv(fd, bytes + length, capacity - length - 1, 0);
        if (got > 0)
            length += (size_t)got;
        else if (got == 0 || (errno != EINTR && !goes_on(wait, errno)))
            error = got == 0 ? EPIPE : errno;
    }
    if (error != 0) {
        free(bytes);
        return error;
    }
    *ret_bytes = bytes;
    *ret_length = length;
    return 0;
}

/* Takes the last line away, and one '.' from each line that begins with one. */
static void unstuff(struct reply *reply, size_t length)
{
    char *to = reply->bytes;
    bool begins = true;
    length -= 2;
    for (size_t i = 0; i < length; i++) {
        char c = reply->bytes[i];
        if (!(begins && c == '.'))
            *to++ = c;
        begins = c == '\n';
    }
    *to = '\0';
    reply->length = (size_t)(to - reply->bytes);
}

static void read_refusal(struct reply *reply)
{
    struct slice rest = {reply->bytes, reply->length};
    struct slice line = slice_cut(&rest, '\n');
    reply->refused = slice_equal(slice_cut(&line, ' '), SLICE("ERR"));
    if (!reply->refused)
        return;
    reply->name = slice_cut(&line, ' ');
    reply->sentence = line.length > 0 ? slice_trim(line) : reply->name;
}

int socket_ask_while(struct reply *ret_reply, const char *path, struct slice command,
                     struct slice document, const struct socket_wait *wait,
                     char ret_sentence[SOCKET_SENTENCE_MAX])
{
    struct reply reply = {0};
    size_t length = 0;
    int fd = -1;
    int rv = connect_to(&fd, path, wait, ret_sentence);
    if (rv != 0)
        return rv;
    int error = send_all(fd, command);
    if (error == 0)
        error = send_all(fd, SLICE("\n"));
    if (error == 0 && document.at != NULL)
        error = send_document(fd, document);
    if (error == 0 || error == EPIPE || error == ECONNRESET)
        error = receive_all(fd, wait, &reply.bytes, &length);
    close(fd);
    if (error == EPIPE || error == ECONNRESET) {
        snprintf(ret_sentence, SOCKET_SENTENCE_MAX,
                 "luotd at %s went away before it had answered: see its log", path);
        return EX_UNAVAILABLE;
    }
    if (error != 0)
        return failed(error, path, ret_sentence);
    unstuff(&reply, length);
    read_refusal(&reply);
    *ret_reply = reply;
    return 0;
}

int socket_ask(struct reply *ret_reply, const char *path, struct slice command,
               struct slice document, char ret_sentence[SOCKET_SENTENCE_MAX])
{
    return socket_ask_while(ret_reply, path, command, document, NULL, ret_sentence);
}

void reply_release(struct reply *reply)
{
    free(reply->bytes);
    *reply = (struct reply){0};
}
