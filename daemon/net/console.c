#include "net/console.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "net/console_client.h"

enum { CONSOLE_BACKLOG = 16, CONSOLE_SWEEP_MS = 1000, SOCKET_UMASK = 0117 };

/* --- The socket file --- */

static int failed(int error, const char *path, char ret_error[256])
{
    snprintf(ret_error, 256,
             "the stats socket %.110s: %s; set `socket` to a path that %s", path,
             strerror(error),
             error == EADDRINUSE ? "no other luotd has" : "luotd can make");
    if (error == EACCES || error == EPERM || error == EROFS)
        return ERR_DENIED;
    return error == EADDRINUSE ? ERR_IN_USE : ERR_IO;
}

/* 0 when somebody listens there, else errno. */
static int try_connect(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int error = connect(fd, (const struct sockaddr *)at, sizeof *at) == 0 ? 0 : errno;
    close(fd);
    return error == EAGAIN ? 0 : error; /* its queue is full: it is there */
}

/* Removes what a process that was killed left behind. */
static int remove_stale(const struct sockaddr_un *at, char ret_error[256])
{
    struct stat found;
    if (lstat(at->sun_path, &found) != 0)
        return errno == ENOENT ? 0 : failed(errno, at->sun_path, ret_error);
    if (!S_ISSOCK(found.st_mode)) {
        snprintf(ret_error, 256,
                 "%.150s is there and is no socket; remove it or change `socket`",
                 at->sun_path);
        return ERR_FOREIGN;
    }
    int error = try_connect(at);
    if (error == 0) {
        snprintf(ret_error, 256,
                 "another process answers on %.150s; stop it or change `socket`",
                 at->sun_path);
        return ERR_IN_USE;
    }
    if (error != ECONNREFUSED && error != ENOENT)
        return failed(error, at->sun_path, ret_error);
    if (unlink(at->sun_path) != 0 && errno != ENOENT)
        return failed(errno, at->sun_path, ret_error);
    return 0;
}

static int make_socket(const char *path, int *ret_fd, char ret_error[256])
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof at.sun_path)
        return failed(ENAMETOOLONG, path, ret_error);
    strcpy(at.sun_path, path);
    int rv = remove_stale(&at, ret_error);
    if (rv != 0)
        return rv;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return failed(errno, path, ret_error);
    mode_t before = umask(SOCKET_UMASK);
    int error = bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 ? 0 : errno;
    umask(before);
    if (error == 0 && listen(fd, CONSOLE_BACKLOG) != 0)
        error = errno;
    if (error != 0) {
        close(fd);
        return failed(error, path, ret_error);
    }
    *ret_fd = fd;
    return 0;
}

/* --- Clients --- */

static void turn_away(int fd)
{
    static const char busy[] = "ERR busy at most 8 clients at once; try again\n.\n";
    (void)!send(fd, busy, sizeof busy - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    close(fd);
}

static void welcome(struct console *console, int fd)
{
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t length = sizeof who;
    (void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &length);
    struct console_peer peer = {.uid = who.uid, .pid = who.pid};
    for (int i = 0; i < CONSOLE_CLIENTS; i++)
        if (console->clients[i].state == CONSOLE_FREE) {
            console_client_start(&console->clients[i], console, fd, peer);
            return;
        }
    turn_away(fd);
}

/* No descriptor or memory: the sweep opens the door again. */
static void pause_accepting(struct console *console, int error)
{
    if (!console->starved)
        log_warn("event=console_accept_failed error=\"%s\" next=retry_every_%dms",
                 strerror(error), CONSOLE_SWEEP_MS);
    console->starved = true;
    uv_poll_stop(&console->poll);
}

static void on_door(uv_poll_t *poll, int status, int events)
{
    struct console *console = poll->data;
    (void)events;
    if (status < 0) {
        pause_accepting(console, -status);
        return;
    }
    int fd = accept4(console->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        console->starved = false;
        welcome(console, fd);
    } else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
        pause_accepting(console, errno);
    }
}

static void on_sweep(uv_timer_t *timer)
{
    struct console *console = timer->data;
    for (int i = 0; i < CONSOLE_CLIENTS; i++)
        console_client_sweep(&console->clients[i]);
    if (console->starved)
        (void)uv_poll_start(&console->poll, UV_READABLE, on_door);
}

static void on_bell(uv_async_t *bell)
{
    struct console *console = bell->data;
    for (struct letter *letter = mailbox_take(&console->mailbox), *next; letter != NULL;
         letter = next) {
        next = letter->next;
        console_client_reply(&console->clients[letter->token.connection],
                             letter->token.generation, letter->bytes, letter->length);
        free(letter);
    }
}

void console_reply(struct console *c, uint64_t token, struct slice answer)
{
    struct reply_token to = {.connection = (uint32_t)(token % CONSOLE_CLIENTS),
                             .generation = (uint32_t)(token >> 32)};
    char *copy = malloc(answer.length + 1);
    if (copy == NULL)
        return; /* no memory for the answer: the client waits until it gives up */
    if (answer.length > 0)
        memcpy(copy, answer.at, answer.length);
    mailbox_put(&c->mailbox, to, copy, answer.length, 0);
}

/* --- Life --- */

void console_on_closed(struct console *console)
{
    assert(console->open_handles > 0);
    if (--console->open_handles > 0)
        return;
    mailbox_release(&console->mailbox);
    free(console);
}

static void on_closed(uv_handle_t *handle)
{
    console_on_closed(handle->data);
}

static int start_handles(struct console *c)
{
    if (mailbox_init(&c->mailbox, c->loop, on_bell, c) != 0)
        return ERR_NOMEM;
    (void)uv_timer_init(c->loop, &c->sweep); /* cannot fail */
    c->sweep.data = c;
    c->poll.data = c;
    c->open_handles = 2;
    if (uv_poll_init_socket(c->loop, &c->poll, c->fd) != 0) {
        mailbox_close(&c->mailbox, on_closed);
        uv_close((uv_handle_t *)&c->sweep, on_closed);
        return ERR_IO;
    }
    c->open_handles++;
    (void)uv_timer_start(&c->sweep, on_sweep, CONSOLE_SWEEP_MS, CONSOLE_SWEEP_MS);
    (void)uv_poll_start(&c->poll, UV_READABLE, on_door);
    return 0;
}

/* A client that has gone is an errno for us. A handler that somebody installed stays. */
static void ignore_broken_pipes(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        (void)signal(SIGPIPE, SIG_IGN);
}

int console_start(struct console **ret_console, struct uv_loop_s *loop, const char *path,
                  const struct console_handlers *handlers, void *context,
                  char ret_error[256])
{
    int fd = -1;
    int rv = make_socket(path, &fd, ret_error);
    if (rv != 0)
        return rv;
    struct console *c = calloc(1, sizeof *c);
    if (c == NULL) {
        rv = ERR_NOMEM;
        goto remove_socket;
    }
    c->loop = loop;
    c->handlers = handlers;
    c->context = context;
    c->fd = fd;
    strcpy(c->path, path);
    (void)lstat(path, &c->made);
    rv = start_handles(c);
    if (rv == ERR_NOMEM)
        free(c); /* no handle was opened; else the memory goes back with the last */
    if (rv != 0)
        goto remove_socket;
    ignore_broken_pipes();
    *ret_console = c;
    return 0;
remove_socket:
    snprintf(ret_error, 256, "the stats socket %.150s: %s", path, error_text(rv));
    close(fd);
    unlink(path);
    return rv;
}

static void remove_socket_file(const struct console *c)
{
    struct stat now;
    if (lstat(c->path, &now) == 0 && now.st_ino == c->made.st_ino &&
        now.st_dev == c->made.st_dev)
        unlink(c->path);
}

void console_stop(struct console *c)
{
    if (c == NULL || c->stopping)
        return;
    c->stopping = true;
    remove_socket_file(c);
    for (int i = 0; i < CONSOLE_CLIENTS; i++)
        console_client_stop(&c->clients[i]);
    mailbox_close(&c->mailbox, on_closed);
    uv_close((uv_handle_t *)&c->poll, on_closed);
    uv_close((uv_handle_t *)&c->sweep, on_closed);
    close(c->fd);
}
