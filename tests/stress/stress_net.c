/* A net under clients that come, ask, wait and vanish at random, with answers from
 * another thread, and listeners of streams that read, dawdle and vanish, until it is stopped
 * in the middle of it all. Holds: answers of a connection are in order, every datagram is
 * handled or a counted drop, each stream ends once, no connection is left. Arguments: seconds (default 5), seed (default 1). Meant for SAN=thread and
 * SAN=address. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/net.h"

enum {
    WORKERS = 3,
    CLIENTS = 4,
    SENDERS = 2,
    LISTENERS = 4,
    QUEUE = 256,
    BURST_MAX = 100
};

static struct net *net;
static uint16_t port;
static struct metrics_row rows[WORKERS];
static uint64_t lanes[WORKERS]; /* datagrams of each, by its thread alone */
static atomic_bool over, stopped;
static atomic_ullong sent, answered, wrong, begun, ended, events;
static unsigned seed = 1;

/* Answers that are `later`, for the thread that gives them. */
static struct {
    pthread_mutex_t lock;
    struct reply_token token[QUEUE];
    char name[QUEUE][32];
    unsigned count;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER};

#define CHECK(truth)                                                                     \
    do {                                                                                 \
        if (!(truth)) {                                                                  \
            fprintf(stderr, "%s:%d: %s is false\n", __FILE__, __LINE__, #truth);         \
            exit(1);                                                                     \
        }                                                                                \
    } while (0)

static void nothing(void *lane)
{
    (void)lane;
}

static void on_datagram(void *lane, struct slice datagram, const struct address *from)
{
    (void)datagram;
    (void)from;
    ++*(uint64_t *)lane;
}

static void on_request(void *lane, const struct http_request *request,
                       const struct address *peer, struct exchange *ret_exchange)
{
    (void)lane;
    (void)peer;
    ret_exchange->word[0] = request->target.length;
}

static int answer(char *out, size_t size, struct slice target)
{
    return snprintf(out, size, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%.*s",
                    target.length, (int)target.length, target.at);
}

static void on_respond(void *lane, const struct http_request *request,
                       const struct exchange *exchange, struct response *response)
{
    char bytes[256];
    (void)lane;
    CHECK(exchange->word[0] == request->target.length);
    if (slice_starts(request->target, SLICE("/later"))) {
        pthread_mutex_lock(&queue.lock);
        if (queue.count < QUEUE) {
            queue.token[queue.count] = response->token;
            snprintf(queue.name[queue.count++], 32, "%.*s", (int)request->target.length,
                     request->target.at);
            response->later = true;
        }
        pthread_mutex_unlock(&queue.lock);
    }
    response->streams = slice_starts(request->target, SLICE("/stream"));
    if (response->streams) {
        atomic_fetch_add(&begun, 1);
        buffer_text(response->out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        response->stream.word[0] = request->target.length > 8 ? 200000 : 20;
        response->stream.word[1] = 0;
    } else if (!response->later)
        buffer_bytes(response->out, bytes,
                     (size_t)answer(bytes, sizeof bytes, request->target));
}

/* One in eight ends by itself, one in eight turns has nothing to say. */
static bool on_stream(void *lane, struct exchange *stream, uint64_t second,
                      struct shared_bytes **ret_bytes)
{
    uint64_t turn = ++stream->word[1];
    char *text = malloc(stream->word[0]);
    (void)lane;
    (void)second;
    CHECK(text != NULL);
    memset(text, '.', stream->word[0]);
    if (turn % 8 != 0) {
        *ret_bytes = shared_bytes_new((struct slice){text, stream->word[0]});
        atomic_fetch_add(&events, 1);
    }
    free(text);
    return turn % 8 != 7;
}

static void on_stream_end(void *lane, const struct exchange *stream)
{
    (void)lane;
    CHECK(stream->word[0] == 20 || stream->word[0] == 200000);
    atomic_fetch_add(&ended, 1);
}

static void *reply(void *data)
{
    (void)data;
    while (!atomic_load(&stopped)) {
        pthread_mutex_lock(&queue.lock);
        while (queue.count > 0) {
            char *bytes = malloc(256);
            queue.count--;
            int length = answer(bytes, 256, slice_of(queue.name[queue.count]));
            net_reply(net, queue.token[queue.count], bytes, (size_t)length, 200);
        }
        pthread_mutex_unlock(&queue.lock);
        sched_yield();
    }
    return NULL;
}

static int dial(int type)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {.tv_sec = 10};
    int fd = socket(AF_INET, type, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Sends a burst of requests and reads the answers, or vanishes: false. One in four bursts
 * says that it is the last: its end is read, too. */
static bool converse(int fd, unsigned *random)
{
    static _Thread_local char all[BURST_MAX * 64 + 32], wanted[BURST_MAX * 96],
        got[sizeof wanted];
    unsigned burst = 1 + (unsigned)rand_r(random) % BURST_MAX;
    size_t length = 0, expected = 0, have = 0;
    bool last = rand_r(random) % 4 == 0;
    for (unsigned i = 0; i < burst; i++) {
        char target[32];
        snprintf(target, sizeof target, rand_r(random) % 8 == 0 ? "/later%u" : "/%u", i);
        length +=
            (size_t)sprintf(all + length, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", target,
                            last && i + 1 == burst ? "Connection: close\r\n" : "");
        expected +=
            (size_t)answer(wanted + expected, sizeof wanted - expected, slice_of(target));
    }
    if (send(fd, all, length, MSG_NOSIGNAL) != (ssize_t)length || rand_r(random) % 4 == 0)
        return false;
    while (have < expected) {
        ssize_t more = recv(fd, got + have, expected - have, 0);
        if (more <= 0)
            break;
        have += (size_t)more;
    }
    if (memcmp(got, wanted, have) != 0 || (have < expected && !atomic_load(&over)))
        atomic_fetch_add(&wrong, 1);
    if (have == expected)
        atomic_fetch_add(&answered, burst);
    if (last && have == expected && recv(fd, got, 1, 0) != 0)
        atomic_fetch_add(&wrong, 1);
    return have == expected && !last;
}

static void *client(void *data)
{
    unsigned random = seed + (unsigned)(uintptr_t)data;
    while (!atomic_load(&stopped)) {
        int fd = dial(SOCK_STREAM);
        if (fd < 0)
            continue;
        int bursts = 1 + rand_r(&random) % 4;
        while (bursts > 0 && converse(fd, &random))
            bursts--;
        close(fd);
    }
    return NULL;
}

/* Asks for a stream, behind something else or alone, and listens for a while. */
static void *listener(void *data)
{
#define STREAM "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"
    static const char alone[] = STREAM;
    static const char large[] = "GET /stream/large HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char behind[] =
        "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" STREAM "GET /2 HTTP";
    static const char *const requests[] = {alone, large, behind};
    unsigned random = seed + 100 + (unsigned)(uintptr_t)data;
    char got[4096];
    while (!atomic_load(&stopped)) {
        struct timeval patience = {.tv_usec = 1000 * (1 + rand_r(&random) % 50)};
        const char *request = requests[rand_r(&random) % 3];
        int reads = rand_r(&random) % 40, fd = dial(SOCK_STREAM);
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        (void)!send(fd, request, strlen(request), MSG_NOSIGNAL);
        while (reads-- > 0 && recv(fd, got, sizeof got, 0) != 0)
            continue;
        close(fd);
    }
    return NULL;
}

static void *sender(void *data)
{
    int fd = dial(SOCK_DGRAM);
    (void)data;
    while (!atomic_load(&over)) {
        for (int i = 0; i < 20; i++)
            if (send(fd, "s=demo", 6, 0) == 6)
                atomic_fetch_add(&sent, 1);
        sched_yield();
    }
    close(fd);
    return NULL;
}

static void open_net(void)
{
    static const struct net_handlers handlers = {.turn_begin = nothing,
                                                 .datagram = on_datagram,
                                                 .request = on_request,
                                                 .turn_end = nothing,
                                                 .respond = on_respond,
                                                 .stream = on_stream,
                                                 .stream_end = on_stream_end,
                                                 .second = nothing};
    static void *lane_pointers[WORKERS] = {&lanes[0], &lanes[1], &lanes[2]};
    struct net_options options = {.listen = "127.0.0.1:0",
                                  .udp = true,
                                  .workers = WORKERS,
                                  .connections = 16,
                                  .connections_per_address = 16,
                                  .udp_buffer = 4 << 20,
                                  .rows = rows,
                                  .handlers = &handlers,
                                  .lanes = lane_pointers};
    char error[256];
    size_t count;
    CHECK(net_open(&net, &options, error) == 0);
    port = net_listeners(net, &count)[0].port;
    CHECK(net_start(net) == 0);
}

int main(int argc, char **argv)
{
    pthread_t replier, clients[CLIENTS], senders[SENDERS], listeners[LISTENERS];
    struct timespec time = {.tv_sec = argc > 1 ? atoi(argv[1]) : 5};
    struct metrics_total total;
    if (argc > 2)
        seed = (unsigned)atoi(argv[2]);
    open_net();
    pthread_create(&replier, NULL, reply, NULL);
    for (uintptr_t i = 0; i < CLIENTS; i++)
        pthread_create(&clients[i], NULL, client, (void *)i);
    for (uintptr_t i = 0; i < LISTENERS; i++)
        pthread_create(&listeners[i], NULL, listener, (void *)i);
    for (int i = 0; i < SENDERS; i++)
        pthread_create(&senders[i], NULL, sender, NULL);
    nanosleep(&time, NULL);
    atomic_store(&over, true);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(senders[i], NULL);
    net_stop(net, 1000);
    atomic_store(&stopped, true);
    pthread_join(replier, NULL);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    for (int i = 0; i < LISTENERS; i++)
        pthread_join(listeners[i], NULL);
    uint64_t drops = net_kernel_drops(net);
    net_free(net);
    metrics_sum(rows, WORKERS, &total);
    printf("net: seed=%u sent=%llu drops=%llu answered=%llu accepted=%llu away=%llu "
           "streams=%llu events=%llu\n",
           seed, (unsigned long long)sent, (unsigned long long)drops,
           (unsigned long long)answered, (unsigned long long)total.http_accepted,
           (unsigned long long)total.http_turned_away, (unsigned long long)begun,
           (unsigned long long)events);
    CHECK(begun == ended && total.http_streams == 0 && begun > 0);
    CHECK(lanes[0] + lanes[1] + lanes[2] + drops == sent);
    CHECK(total.udp_datagrams + drops == sent);
    CHECK(total.http_connections == 0 && wrong == 0 && answered > 0);
    CHECK(total.http_requests >= answered);
    return 0;
}
