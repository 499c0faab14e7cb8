/* Many who follow live numbers: opens so many connections, asks each for a stream, and reads
 * whatever comes until standard input ends.
 *
 *   listeners PORT TARGET COUNT
 *
 * Says `listening` when every stream has begun, and at the end
 * `COUNT listeners, EVENTS events, BYTES bytes, CLOSED closed`. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AT_ONCE = 512, READ_BYTES = 65536, EVENTS = 256 };

struct crowd {
    int poll;
    unsigned count, opened, begun, closed;
    unsigned long events, bytes;
    char *begins; /* by descriptor: it has said something */
    size_t begins_size;
    struct sockaddr_in to;
    char request[512];
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void open_one(struct crowd *c)
{
    struct epoll_event event = {.events = EPOLLIN};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || (size_t)fd >= c->begins_size)
        fail("socket");
    if (connect(fd, (struct sockaddr *)&c->to, sizeof c->to) != 0)
        fail("connect");
    if (send(fd, c->request, strlen(c->request), 0) < 0)
        fail("send");
    event.data.fd = fd;
    if (epoll_ctl(c->poll, EPOLL_CTL_ADD, fd, &event) != 0)
        fail("epoll_ctl");
    c->opened++;
}

/* Each event has one line that begins with "id: "; a read may cut it, which is rare. */
static unsigned long events_in(const char *at, size_t length)
{
    unsigned long events = length >= 4 && memcmp(at, "id: ", 4) == 0;
    const char *end = at + length;

    while ((at = memmem(at, (size_t)(end - at), "\nid: ", 5)) != NULL) {
        events++;
        at += 5;
    }
    return events;
}

static void read_one(struct crowd *c, int fd)
{
    static char bytes[READ_BYTES];
    ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        c->closed++;
        close(fd);
        return;
    }
    c->bytes += (unsigned long)got;
    c->events += events_in(bytes, (size_t)got);
    if (c->begins[fd])
        return;
    if (strncmp(bytes, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "listeners: %.60s\n", bytes);
        exit(1);
    }
    c->begins[fd] = 1;
    c->begun++;
}

/* False: standard input has ended. */
static int turn(struct crowd *c, int ms)
{
    struct epoll_event event[EVENTS];
    int n = epoll_wait(c->poll, event, EVENTS, ms), goes_on = 1;

    for (int i = 0; i < n; i++)
        if (event[i].data.fd == STDIN_FILENO)
            goes_on = 0;
        else
            read_one(c, event[i].data.fd);
    return goes_on;
}

int main(int argc, char **argv)
{
    struct epoll_event input = {.events = EPOLLIN, .data.fd = STDIN_FILENO};
    struct crowd c = {.to = {.sin_family = AF_INET}};

    if (argc != 4) {
        fputs("usage: listeners PORT TARGET COUNT\n", stderr);
        return 64;
    }
    c.count = (unsigned)strtoul(argv[3], NULL, 10);
    c.to.sin_port = htons((unsigned short)strtoul(argv[1], NULL, 10));
    c.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    snprintf(c.request, sizeof c.request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", argv[2]);
    c.begins_size = c.count + 64;
    c.begins = calloc(1, c.begins_size);
    c.poll = epoll_create1(0);
    if (c.begins == NULL || c.poll < 0 ||
        epoll_ctl(c.poll, EPOLL_CTL_ADD, STDIN_FILENO, &input) != 0)
        fail("epoll");
    while (c.begun < c.count) {
        while (c.opened < c.count && c.opened - c.begun < AT_ONCE)
            open_one(&c);
        if (!turn(&c, 1000) || c.closed > 0)
            break;
    }
    puts("listening");
    fflush(stdout);
    c.events = c.bytes = 0;
    while (turn(&c, 1000))
        continue;
    printf("%u listeners, %lu events, %lu bytes, %u closed\n", c.begun, c.events, c.bytes,
           c.closed);
    return 0;
}
