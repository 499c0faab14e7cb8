/* Threads share one handle: every line arrives once and whole, and every line is
 * accounted for. Then a process forks in the middle of it, and two processes go on with
 * one handle.
 *
 *     stress_luot [SECONDS]      default 3 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "luot.h"
#include "luot_beacon.h"
#include "luot_seam.h"

enum { THREADS = 4, ROUND = 2000, WRITERS = THREADS + 1 /* and the child's */ };

#define CHECK(condition)                                                                 \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);              \
            exit(1);                                                                     \
        }                                                                                \
    } while (0)

/* What came, a bit a line: "s=portal&p=/WRITER/NUMBER". */
struct ledger {
    bool came[WRITERS][ROUND];
    unsigned lines;
};

static void ledger_take(struct ledger *ledger, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    CHECK(length > 0 && length <= LUOT_DATAGRAM_MAX && end[-1] == '\n');
    while (bytes < end) {
        unsigned writer, number;
        int used = 0;
        CHECK(sscanf(bytes, "s=portal&p=/%u/%u%n", &writer, &number, &used) == 2);
        CHECK(used > 0 && writer < WRITERS && number < ROUND);
        CHECK(strchr("&\r\n", bytes[used]) != NULL);
        CHECK(!ledger->came[writer][number]);
        ledger->came[writer][number] = true;
        ledger->lines++;
        bytes = (const char *)memchr(bytes, '\n', (size_t)(end - bytes)) + 1;
    }
}

/* --- A system in memory: loses nothing, and refuses now and then --- */

static struct ledger memory; /* guarded by the handle's own lock, which is what we test */
static unsigned turn;        /* likewise                                                */
static _Atomic pid_t process;

static int memory_connect(int fd, const struct sockaddr *to, socklen_t length)
{
    return connect(fd, to, length);
}

static uint64_t memory_now_ms(void)
{
    return 0;
}

static pid_t memory_process(void)
{
    return atomic_load_explicit(&process, memory_order_relaxed);
}

static bool refuses(void)
{
    static const int ERRORS[] = {EAGAIN, ECONNREFUSED, EPERM, EIO, EINTR};
    errno = ERRORS[turn % 5];
    return ++turn % 7 == 0;
}

static ssize_t memory_sendmsg(int fd, const struct msghdr *message, int flags)
{
    char segment[LUOT_DATAGRAM_MAX + 1];
    const struct iovec *piece = message->msg_iov;
    size_t size = piece->iov_len;
    (void)fd, (void)flags;
    if (refuses())
        return -1;
    if (message->msg_control != NULL) {
        uint16_t value;
        memcpy(&value, CMSG_DATA(CMSG_FIRSTHDR(message)), sizeof value);
        size = value;
    }
    for (size_t at = 0; at < piece->iov_len; at += size) {
        size_t rest = piece->iov_len - at, length = rest < size ? rest : size;
        CHECK(length <= LUOT_DATAGRAM_MAX);
        memcpy(segment, (const char *)piece->iov_base + at, length);
        segment[length] = '\0';
        ledger_take(&memory, segment, length);
    }
    return (ssize_t)piece->iov_len;
}

static int memory_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    for (unsigned i = 0; i < count; i++) {
        if (memory_sendmsg(fd, &messages[i].msg_hdr, flags) < 0)
            return i > 0 ? (int)i : -1;
    }
    return (int)count;
}

static const struct luot_seam MEMORY = {
    .allocate = malloc,
    .socket = socket,
    .connect = memory_connect,
    .getsockopt = getsockopt,
    .sendmsg = memory_sendmsg,
    .sendmmsg = memory_sendmmsg,
    .process = memory_process,
    .now_ms = memory_now_ms,
};

/* --- The writers --- */

struct writer {
    struct luot *counter;
    unsigned index;
};

static void hit(struct luot *counter, unsigned writer, unsigned number)
{
    char page[32];
    struct luot_hit hit = LUOT_HIT_INIT;
    snprintf(page, sizeof page, "/%u/%u", writer, number);
    hit.page = page;
    CHECK(luot_hit(counter, &hit) == 0);
}

static void *write_round(void *argument)
{
    const struct writer *writer = argument;
    for (unsigned i = 0; i < ROUND; i++) {
        struct luot_stats stats = LUOT_STATS_INIT;
        hit(writer->counter, writer->index, i);
        if (i % 97 == writer->index)
            CHECK(luot_flush(writer->counter) == 0);
        if (i % 89 == writer->index) {
            CHECK(luot_stats(writer->counter, &stats) == 0);
            CHECK(stats.hits == stats.sent + stats.dropped + stats.waiting);
        }
    }
    return NULL;
}

static void start_writers(pthread_t threads[THREADS], struct writer writers[THREADS],
                          struct luot *counter)
{
    for (unsigned i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){counter, i};
        CHECK(pthread_create(&threads[i], NULL, write_round, &writers[i]) == 0);
    }
}

static void join_writers(const pthread_t threads[THREADS])
{
    for (unsigned i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

/* Four threads, of a process that has just forked: all of them find the parent's
 * batch. */
static void run_in_memory(unsigned round)
{
    pthread_t threads[THREADS];
    struct writer writers[THREADS];
    struct luot_options options = LUOT_OPTIONS_INIT;
    struct luot_stats stats = LUOT_STATS_INIT;
    options.site = "portal";
    options.batch_bytes = round % 3 * 700;
    memset(&memory, 0, sizeof memory);
    atomic_store_explicit(&process, 1, memory_order_relaxed);
    struct luot *counter = luot_open_with(&options, &MEMORY);
    CHECK(counter != NULL);
    atomic_store_explicit(&process, 2, memory_order_relaxed);
    start_writers(threads, writers, counter);
    join_writers(threads);
    CHECK(luot_flush(counter) == 0);
    CHECK(luot_stats(counter, &stats) == 0);
    CHECK(stats.hits == THREADS * ROUND && stats.waiting == 0);
    CHECK(stats.sent == memory.lines && stats.dropped == stats.hits - stats.sent);
    luot_close(counter);
}

/* --- Two processes over a real socket --- */

static int bind_wire(char ret_address[32])
{
    struct sockaddr_in self = {.sin_family = AF_INET};
    socklen_t length = sizeof self;
    int bytes = 16 << 20, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&self, sizeof self) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&self, &length) == 0);
    (void)!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    snprintf(ret_address, 32, "127.0.0.1:%u", ntohs(self.sin_port));
    return fd;
}

static void drain(int fd, struct ledger *ledger)
{
    static char datagram[LUOT_DATAGRAM_MAX + 1];
    ssize_t n;
    while ((n = recv(fd, datagram, LUOT_DATAGRAM_MAX, MSG_DONTWAIT)) > 0) {
        datagram[n] = '\0';
        ledger_take(ledger, datagram, (size_t)n);
    }
}

/* Forks while the writers write: one of them may hold the lock, and lines are waiting. */
static void run_with_fork(void)
{
    static struct ledger ledger;
    char address[32];
    pthread_t threads[THREADS];
    struct writer writers[THREADS];
    struct luot_options options = LUOT_OPTIONS_INIT;
    int status, fd = bind_wire(address);
    memset(&ledger, 0, sizeof ledger);
    options.address = address;
    options.site = "portal";
    struct luot *counter = luot_open(&options);
    CHECK(counter != NULL);
    start_writers(threads, writers, counter);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct luot_stats stats = LUOT_STATS_INIT;
        for (unsigned i = 0; i < ROUND; i++)
            hit(counter, THREADS, i);
        CHECK(luot_stats(counter, &stats) == 0 && stats.hits == ROUND);
        luot_close(counter);
        _exit(0);
    }
    join_writers(threads);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    luot_close(counter);
    drain(fd, &ledger); /* twice would have been found there */
    CHECK(ledger.lines > 0);
    for (unsigned i = 0; i < WRITERS; i++)
        CHECK(ledger.came[i][0]); /* the buffer had room for the first */
    close(fd);
}

int main(int argc, char **argv)
{
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 3);
    unsigned rounds = 0;
    do {
        run_in_memory(rounds++);
        run_with_fork();
    } while (time(NULL) < end);
    printf("%u rounds of %d threads, and as many forks\n", rounds, THREADS);
    return 0;
}
