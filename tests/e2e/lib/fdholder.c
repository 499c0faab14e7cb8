/* A service manager in small, for the tests of upgrades: keeps the descriptors that its
 * child hands over (FDSTORE=1) and starts the child again with them (LISTEN_FDS) whenever
 * it ends, until SIGTERM. What the child says is printed, a line a message.
 *
 *   fdholder NOTIFY_SOCKET PROGRAM ARGUMENT... */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELD_MAX = 256, FIRST_FD = 3, FAR_FD = 512, NAME_MAX_BYTES = 64 };

struct holder {
    int fd[HELD_MAX]; /* all above FAR_FD, so that a child can be given 3, 4, ... */
    char name[HELD_MAX][NAME_MAX_BYTES];
    size_t count;
    pid_t child;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void start(struct holder *h, char **command)
{
    char names[HELD_MAX * NAME_MAX_BYTES] = "", number[16];
    sigset_t none;

    fflush(stdout);
    h->child = fork();
    if (h->child != 0)
        return;
    for (size_t i = h->count; i-- > 0;) { /* the last stored first, as systemd does */
        int to = FIRST_FD + (int)(h->count - 1 - i);
        if (dup2(h->fd[i], to) < 0)
            die("dup2");
        strcat(strcat(names, names[0] == '\0' ? "" : ":"), h->name[i]);
    }
    snprintf(number, sizeof number, "%ld", (long)getpid());
    setenv("LISTEN_PID", number, 1);
    snprintf(number, sizeof number, "%zu", h->count);
    setenv("LISTEN_FDS", number, 1);
    setenv("LISTEN_FDNAMES", names, 1);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(command[0], command);
    die(command[0]);
}

static void forget(struct holder *h, const char *name)
{
    for (size_t i = h->count; i-- > 0;)
        if (strcmp(h->name[i], name) == 0) {
            close(h->fd[i]);
            h->count--;
            memmove(&h->fd[i], &h->fd[i + 1], (h->count - i) * sizeof h->fd[0]);
            memmove(h->name[i], h->name[i + 1], (h->count - i) * sizeof h->name[0]);
        }
}

static void keep(struct holder *h, const char *name, int fd)
{
    int far = fcntl(fd, F_DUPFD_CLOEXEC, FAR_FD);

    close(fd);
    if (far < 0 || h->count == HELD_MAX)
        die("no room for a descriptor");
    h->fd[h->count] = far;
    snprintf(h->name[h->count++], NAME_MAX_BYTES, "%s", name);
}

static void hear(struct holder *h, int notify)
{
    char text[512], name[NAME_MAX_BYTES] = "stored";
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = text, .iov_len = sizeof text - 1};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control};
    ssize_t length = recvmsg(notify, &header, MSG_CMSG_CLOEXEC);
    const char *at;

    if (length < 0)
        return;
    text[length] = '\0';
    at = strstr(text, "FDNAME=");
    if (at != NULL)
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 7, "\n"), at + 7);
    if (strncmp(text, "FDSTOREREMOVE=1", 15) == 0) {
        forget(h, name);
    } else if (strncmp(text, "FDSTORE=1", 9) == 0 && CMSG_FIRSTHDR(&header) != NULL) {
        int fd;
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof fd);
        keep(h, name, fd);
    }
    if (strncmp(text, "WATCHDOG", 8) != 0)
        printf("held %zu: %.*s\n", h->count, (int)strcspn(text, "\n"), text);
    fflush(stdout);
}

static int listen_at(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0)
        die(path);
    setenv("NOTIFY_SOCKET", path, 1);
    return fd;
}

/* The notify socket is looked at first: what a child said before it ended counts. */
int main(int argc, char **argv)
{
    static struct holder h;
    sigset_t signals;
    int status = 0;

    if (argc < 3)
        return 64;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    struct pollfd wait[] = {
        {.fd = listen_at(argv[1]), .events = POLLIN},
        {.fd = signalfd(-1, &signals, SFD_CLOEXEC), .events = POLLIN}};
    for (bool stopping = false;;) {
        struct signalfd_siginfo signal;
        if (h.child == 0)
            start(&h, argv + 2);
        if (poll(wait, 2, -1) < 0)
            die("poll");
        if (wait[0].revents != 0) {
            hear(&h, wait[0].fd);
            continue;
        }
        if (read(wait[1].fd, &signal, sizeof signal) != sizeof signal)
            die("signalfd");
        if (signal.ssi_signo == SIGTERM) {
            stopping = true;
            kill(h.child, SIGTERM);
        }
        if (waitpid(h.child, &status, WNOHANG) == h.child) {
            printf("ended %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128);
            fflush(stdout);
            if (stopping)
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
            h.child = 0;
        }
    }
}
