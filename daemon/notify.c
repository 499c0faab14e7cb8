#include "notify.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_MS = 1000 };

void notify_init(struct notify *n)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t length = path == NULL ? 0 : strlen(path);

    n->fd = -1;
    if (length < 2 || length >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(to.sun_path, path, length);
    if (to.sun_path[0] == '@')
        to.sun_path[0] = '\0'; /* the abstract namespace */
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (n->fd >= 0 &&
        connect(n->fd, (struct sockaddr *)&to,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) != 0)
        notify_release(n);
    unsetenv("NOTIFY_SOCKET");
}

void notify_send(const struct notify *n, const char *message)
{
    if (n->fd >= 0)
        (void)!send(n->fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A message that must arrive, with a descriptor beside it, or -1. */
static bool deliver(const struct notify *n, const char *message, int fd)
{
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(sizeof fd)];
    } control = {0};
    struct iovec text = {.iov_len = strlen(message)};
    struct msghdr header = {.msg_iov = &text, .msg_iovlen = 1};
    struct pollfd room = {.fd = n->fd, .events = POLLOUT};

    memcpy(&text.iov_base, &message, sizeof message); /* sendmsg() only reads it */
    if (fd >= 0) {
        header.msg_control = &control;
        header.msg_controllen = sizeof control;
        control.aligned.cmsg_level = SOL_SOCKET;
        control.aligned.cmsg_type = SCM_RIGHTS;
        control.aligned.cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(&control.aligned), &fd, sizeof fd);
    }
    while (n->fd >= 0) {
        if (sendmsg(n->fd, &header, MSG_NOSIGNAL) >= 0)
            return true;
        if (errno != EINTR && (errno != EAGAIN || poll(&room, 1, PATIENCE_MS) != 1))
            break;
    }
    return false;
}

bool notify_store(const struct notify *n, const char *name, int fd)
{
    char message[128];

    snprintf(message, sizeof message, "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
    return deliver(n, message, fd);
}

void notify_forget(const struct notify *n, const char *name)
{
    char message[128];

    snprintf(message, sizeof message, "FDSTOREREMOVE=1\nFDNAME=%s", name);
    (void)deliver(n, message, -1);
}

void notify_release(struct notify *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}
