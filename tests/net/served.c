#include "net/served.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 5 };

/* --- The handlers --- */

static void turn_begin(void *context)
{
    struct served_lane *lane = context;
    lane->in_turn = true;
}

static void turn_end(void *context)
{
    struct served_lane *lane = context;
    lane->in_turn = false;
}

static void on_datagram(void *context, struct slice datagram, const struct address *from)
{
    struct served_lane *lane = context;
    struct served *s = lane->served;
    pthread_mutex_lock(&s->lock);
    if (!lane->in_turn || !address_is_v4(from))
        s->wrong_turns++;
    if (s->datagrams < HEARD_MAX) {
        s->heard[s->datagrams] = datagram.length;
        s->first[s->datagrams] = datagram.at[0];
    }
    lane->datagrams++;
    s->datagrams++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void on_request(void *context, const struct http_request *request,
                       const struct address *peer, struct exchange *ret_exchange)
{
    struct served_lane *lane = context;
    struct served *s = lane->served;
    pthread_mutex_lock(&s->lock);
    if (!lane->in_turn || !address_is_v4(peer))
        s->wrong_turns++;
    lane->requests++;
    s->requests++;
    ret_exchange->word[0] = request->target.length;
    ret_exchange->pointer[0] = request->target.at;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void write_answer(struct buffer *out, const struct http_request *request)
{
    if (slice_equal(request->path, SLICE("/stream"))) {
        buffer_text(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbegin\n");
    } else if (slice_equal(request->path, SLICE("/big"))) {
        uint64_t size = 0;
        slice_number(request->query, &size);
        buffer_format(out, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n\r\n",
                      (unsigned long long)size);
        for (uint64_t i = 0; i < size && buffer_error(out) == 0; i++)
            buffer_byte(out, (char)('a' + i % 26));
    } else if (request->method == METHOD_POST) {
        char number[24];
        snprintf(number, sizeof number, "%zu", request->body.length);
        buffer_format(out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                      strlen(number), number);
    } else {
        buffer_format(out, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s\r\n",
                      request->target.length,
                      request->keep_alive ? "" : "Connection: close\r\n");
        if (request->method != METHOD_HEAD)
            buffer_slice(out, request->target);
    }
}

static void on_respond(void *context, const struct http_request *request,
                       const struct exchange *exchange, struct response *response)
{
    struct served_lane *lane = context;
    struct served *s = lane->served;
    pthread_mutex_lock(&s->lock);
    if (lane->in_turn || exchange->word[0] != request->target.length ||
        exchange->pointer[0] != request->target.at)
        s->wrong_turns++;
    lane->responses++;
    response->later = slice_equal(request->path, SLICE("/later"));
    response->streams = slice_equal(request->path, SLICE("/stream"));
    response->close = slice_equal(request->path, SLICE("/close"));
    if (response->streams) {
        response->stream.word[0] = 0;
        response->stream.word[1] = 7; /* an event's bytes, with its end */
        slice_number(request->query, &response->stream.word[1]);
        s->streams++;
    }
    if (response->later && s->token_count < TOKENS_MAX)
        s->tokens[s->token_count++] = response->token;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (!response->later)
        write_answer(response->out, request);
}

/* "000001\n" and so on, as long as was asked. */
static bool on_stream(void *context, struct exchange *stream, uint64_t second,
                      struct shared_bytes **ret_bytes)
{
    struct served_lane *lane = context;
    struct served *s = lane->served;
    size_t length = stream->word[1];
    char *text = malloc(length + 7);
    bool ends;
    (void)second;
    pthread_mutex_lock(&s->lock);
    ends = s->streams_end;
    if (lane->in_turn)
        s->wrong_turns++;
    pthread_mutex_unlock(&s->lock);
    if (text != NULL && !ends) {
        snprintf(text, 7, "%06u", (unsigned)++stream->word[0]);
        memset(text + 6, '.', length - 6);
        text[length - 1] = '\n';
        *ret_bytes = shared_bytes_new((struct slice){text, length});
    }
    free(text);
    return !ends;
}

static void on_stream_end(void *context, const struct exchange *stream)
{
    struct served_lane *lane = context;
    struct served *s = lane->served;
    (void)stream;
    pthread_mutex_lock(&s->lock);
    s->streams_ended++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void on_second(void *context)
{
    struct served_lane *lane = context;
    lane->seconds++;
}

/* --- The net --- */

void served_init(struct served *s)
{
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->handlers = (struct net_handlers){.turn_begin = turn_begin,
                                        .datagram = on_datagram,
                                        .request = on_request,
                                        .turn_end = turn_end,
                                        .respond = on_respond,
                                        .stream = on_stream,
                                        .stream_end = on_stream_end,
                                        .second = on_second};
    for (int i = 0; i < SERVED_WORKERS; i++) {
        s->lanes[i].served = s;
        s->lane_pointers[i] = &s->lanes[i];
    }
    s->options = (struct net_options){.listen = "127.0.0.1:0",
                                      .udp = true,
                                      .workers = 1,
                                      .connections = 64,
                                      .connections_per_address = 64,
                                      .udp_buffer = 1 << 20,
                                      .rows = s->rows,
                                      .handlers = &s->handlers,
                                      .lanes = s->lane_pointers};
}

int served_open(struct served *s)
{
    size_t count;
    int rv = net_open(&s->net, &s->options, s->error);
    if (rv == 0)
        s->port = net_listeners(s->net, &count)[0].port;
    return rv;
}

void served_start(struct served *s)
{
    cr_assert_eq(served_open(s), 0, "%s", s->error);
    cr_assert_eq(net_start(s->net), 0);
}

void served_stop(struct served *s)
{
    net_stop(s->net, 0);
    net_free(s->net);
    s->net = NULL;
    cr_expect_eq(s->wrong_turns, 0);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
}

static bool wait_until(struct served *s, const unsigned *number, unsigned count)
{
    struct timespec until;
    int rv = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&s->lock);
    while (*number < count && rv == 0)
        rv = pthread_cond_timedwait(&s->changed, &s->lock, &until);
    bool reached = *number >= count;
    pthread_mutex_unlock(&s->lock);
    return reached;
}

bool served_datagrams(struct served *s, unsigned count)
{
    return wait_until(s, &s->datagrams, count);
}

bool served_requests(struct served *s, unsigned count)
{
    return wait_until(s, &s->requests, count);
}

bool served_streams_ended(struct served *s, unsigned count)
{
    return wait_until(s, &s->streams_ended, count);
}

struct reply_token served_token(struct served *s, unsigned index)
{
    cr_assert(wait_until(s, &s->token_count, index + 1));
    return s->tokens[index];
}

void served_reply(struct served *s, struct reply_token token, const char *body)
{
    char *bytes = malloc(strlen(body) + 64);
    int length = sprintf(bytes, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                         strlen(body), body);
    net_reply(s->net, token, bytes, (size_t)length, 200);
}

uint64_t served_metric(struct served *s, enum metrics_number number)
{
    struct metrics_total total;
    metrics_sum(s->rows, SERVED_WORKERS, &total);
    return total.by_number[number];
}

/* --- Clients --- */

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

struct client *client_new(uint16_t port)
{
    struct sockaddr_in to = loopback(port);
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int on = 1, small = 8192;
    struct client *c = malloc(sizeof *c);
    c->begin = c->end = 0;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0)
        return c;
    client_free(c);
    return NULL;
}

void client_free(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    free(c);
}

void client_send_bytes(struct client *c, const void *at, size_t length)
{
    const char *bytes = at;
    while (length > 0) {
        ssize_t sent = send(c->fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* the answer, or its absence, is what tests look at */
        bytes += sent;
        length -= (size_t)sent;
    }
}

void client_send(struct client *c, const char *text)
{
    client_send_bytes(c, text, strlen(text));
}

static bool receive(struct client *c)
{
    if (c->begin > 0) {
        memmove(c->bytes, c->bytes + c->begin, c->end - c->begin);
        c->end -= c->begin;
        c->begin = 0;
    }
    ssize_t got = recv(c->fd, c->bytes + c->end, sizeof c->bytes - c->end, 0);
    if (got > 0)
        c->end += (size_t)got;
    return got > 0;
}

static size_t content_length(const char *head)
{
    const char *at = strstr(head, "Content-Length: ");
    return at == NULL ? 0 : strtoul(at + 16, NULL, 10);
}

bool client_answer(struct client *c, bool head_only)
{
    const char *end;
    while ((end = memmem(c->bytes + c->begin, c->end - c->begin, "\r\n\r\n", 4)) == NULL)
        if (!receive(c))
            return false;
    size_t length = (size_t)(end + 4 - c->bytes) - c->begin;
    cr_assert(length < sizeof c->head);
    memcpy(c->head, c->bytes + c->begin, length);
    c->head[length] = '\0';
    c->begin += length;
    c->status = (unsigned)strtoul(c->head + 9, NULL, 10);
    c->length = head_only ? 0 : content_length(c->head);
    while (c->end - c->begin < c->length)
        if (!receive(c))
            return false;
    c->body = c->bytes + c->begin;
    c->begin += c->length;
    return true;
}

bool client_body_is(const struct client *c, const char *body)
{
    return slice_equal((struct slice){c->body, c->length}, slice_of(body));
}

bool client_is_closed(struct client *c)
{
    char byte;
    return c->begin == c->end && recv(c->fd, &byte, 1, 0) == 0;
}

int sender_new(uint16_t port)
{
    struct sockaddr_in to = loopback(port);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}
