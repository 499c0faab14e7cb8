#include "lib/fake_redis.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { STEP_MS = 5, DRIP_MS = 20, WORDS = 16, ANSWERS = 2, IN_BYTES = 1 << 20 };

struct fake_redis {
    int listener;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    enum fake_manner manner;
    const char *bytes, *pushed;
    bool greeting, stopping;
    uint64_t commands, clients;
    struct {
        char word[24];
        uint64_t times;
    } said[WORDS];
    struct {
        const char *word, *bytes;
    } answer[ANSWERS];
    /* the thread's own */
    int fd;
    char *in;
    size_t in_length;
    bool spent; /* of this client: what there was to say is said */
};

struct manner {
    enum fake_manner what;
    const char *bytes;
    bool greeting;
};

static bool is_stopping(struct fake_redis *f)
{
    bool stopping;

    pthread_mutex_lock(&f->lock);
    stopping = f->stopping;
    pthread_mutex_unlock(&f->lock);
    return stopping;
}

static struct manner manner_of(struct fake_redis *f)
{
    struct manner m;

    pthread_mutex_lock(&f->lock);
    m = (struct manner){f->manner, f->bytes, f->greeting};
    pthread_mutex_unlock(&f->lock);
    return m;
}

/* All of it, unless we stop or the client goes. */
static bool give(struct fake_redis *f, const char *bytes, size_t length)
{
    while (length > 0 && !is_stopping(f)) {
        struct pollfd p = {.fd = f->fd, .events = POLLOUT};
        ssize_t n;

        if (poll(&p, 1, STEP_MS) == 0)
            continue;
        n = send(f->fd, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN)
            return false;
        if (n > 0) {
            bytes += n;
            length -= (size_t)n;
        }
    }
    return length == 0;
}

static void count(struct fake_redis *f, const char *word, size_t length)
{
    pthread_mutex_lock(&f->lock);
    f->commands++;
    for (int i = 0; i < WORDS; i++) {
        if (f->said[i].word[0] == '\0')
            snprintf(f->said[i].word, sizeof f->said[i].word, "%.*s", (int)length, word);
        if (strlen(f->said[i].word) == length &&
            memcmp(f->said[i].word, word, length) == 0) {
            f->said[i].times++;
            break;
        }
    }
    pthread_mutex_unlock(&f->lock);
}

/* What a test wants said to a word, or NULL. */
static const char *answer_to(struct fake_redis *f, const char *word, size_t length)
{
    const char *bytes = NULL;

    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < ANSWERS; i++)
        if (f->answer[i].word != NULL && strlen(f->answer[i].word) == length &&
            memcmp(f->answer[i].word, word, length) == 0)
            bytes = f->answer[i].bytes;
    pthread_mutex_unlock(&f->lock);
    return bytes;
}

static bool is_greeting(const char *word, size_t length)
{
    static const char *const words[] = {"AUTH", "SELECT", "PING", "SCRIPT"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
            return true;
    return false;
}

static bool answer_greeting(struct fake_redis *f, const char *word)
{
    static const char sha[] = "$40\r\n0123456789abcdef0123456789abcdef01234567\r\n";

    return word[0] == 'S' && word[1] == 'C' ? give(f, sha, sizeof sha - 1)
                                            : give(f, "+OK\r\n", 5);
}

/* False: this client is done with. */
static bool behave(struct fake_redis *f, const struct manner *m)
{
    size_t n = m->bytes == NULL ? 0 : strlen(m->bytes);

    if (f->spent)
        return true;
    switch (m->what) {
    case FAKE_GOOD:
        return give(f, ":1\r\n", 4);
    case FAKE_ANSWER:
        return give(f, m->bytes, n);
    case FAKE_ONCE:
        f->spent = true;
        return give(f, m->bytes, n);
    case FAKE_CLOSE:
        (void)give(f, m->bytes, n);
        return false;
    case FAKE_HALF:
        f->spent = true;
        (void)give(f, m->bytes, n);
        (void)shutdown(f->fd, SHUT_WR);
        return true;
    case FAKE_DRIP:
        for (size_t i = 0; give(f, m->bytes + i % n, 1) && !is_stopping(f); i++)
            poll(NULL, 0, DRIP_MS);
        return false;
    case FAKE_FLOOD:
        while (give(f, m->bytes, n))
            ;
        return false;
    case FAKE_DEAF:
        while (!is_stopping(f) && manner_of(f).what == FAKE_DEAF)
            poll(NULL, 0, STEP_MS);
        return false;
    }
    return false;
}

/* The length of a whole command at `at`, or 0; and its first word. */
static size_t whole_command(const char *at, size_t length, const char **ret_word,
                            size_t *ret_word_length)
{
    const char *p = at, *end = at + length;
    long words, n;

    for (words = -1; words != 0; words--) {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        if (line == NULL)
            return 0;
        n = strtol(p + 1, NULL, 10);
        p = line + 1;
        if (words == -1) {
            words = n + 1;
            *ret_word = NULL;
            continue;
        }
        if (end - p < n + 2)
            return 0;
        if (*ret_word == NULL) {
            *ret_word = p;
            *ret_word_length = (size_t)n;
        }
        p += n + 2;
        if (words == 1)
            break;
    }
    return (size_t)(p - at);
}

static bool answer_commands(struct fake_redis *f)
{
    size_t at = 0, n, length = 0;
    const char *word = NULL;
    bool goes_on = true;

    while (goes_on &&
           (n = whole_command(f->in + at, f->in_length - at, &word, &length)) > 0) {
        struct manner m = manner_of(f);
        const char *bytes = answer_to(f, word, length);
        count(f, word, length);
        if (bytes != NULL)
            goes_on = give(f, bytes, strlen(bytes));
        else if (is_greeting(word, length) && !m.greeting)
            goes_on = answer_greeting(f, word);
        else
            goes_on = behave(f, &m);
        at += n;
    }
    memmove(f->in, f->in + at, f->in_length - at);
    f->in_length -= at;
    return goes_on;
}

static void push(struct fake_redis *f)
{
    const char *bytes;

    pthread_mutex_lock(&f->lock);
    bytes = f->pushed;
    f->pushed = NULL;
    pthread_mutex_unlock(&f->lock);
    if (bytes != NULL)
        (void)give(f, bytes, strlen(bytes));
}

static void serve(struct fake_redis *f)
{
    f->in_length = 0;
    f->spent = false;
    while (!is_stopping(f)) {
        struct pollfd p = {.fd = f->fd, .events = POLLIN};
        ssize_t n;

        push(f);
        if (poll(&p, 1, STEP_MS) <= 0)
            continue;
        n = recv(f->fd, f->in + f->in_length, IN_BYTES - f->in_length, 0);
        if (n <= 0)
            return;
        f->in_length += (size_t)n;
        if (!answer_commands(f))
            return;
    }
}

static void *run(void *context)
{
    struct fake_redis *f = context;

    while (!is_stopping(f)) {
        struct pollfd p = {.fd = f->listener, .events = POLLIN};

        if (poll(&p, 1, STEP_MS) <= 0)
            continue;
        f->fd = accept(f->listener, NULL, NULL);
        if (f->fd < 0)
            continue;
        /* As a real one does; of a unix socket it is refused. */
        (void)setsockopt(f->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        pthread_mutex_lock(&f->lock);
        f->clients++;
        pthread_mutex_unlock(&f->lock);
        serve(f);
        close(f->fd);
    }
    return NULL;
}

static struct fake_redis *begin(int family, const void *address, socklen_t length)
{
    struct fake_redis *f = calloc(1, sizeof *f);

    if (f == NULL || (f->in = malloc(IN_BYTES)) == NULL)
        abort();
    f->listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (f->listener < 0 || bind(f->listener, address, length) != 0 ||
        listen(f->listener, 8) != 0)
        abort();
    pthread_mutex_init(&f->lock, NULL);
    if (pthread_create(&f->thread, NULL, run, f) != 0)
        abort();
    return f;
}

struct fake_redis *fake_redis_new(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return begin(AF_UNIX, &address, sizeof address);
}

struct fake_redis *fake_redis_on_port(unsigned *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    struct fake_redis *f = begin(AF_INET, &address, sizeof address);

    if (getsockname(f->listener, (struct sockaddr *)&address, &length) != 0)
        abort();
    *ret_port = ntohs(address.sin_port);
    return f;
}

void fake_redis_answer(struct fake_redis *f, const char *word, const char *bytes)
{
    int i = 0;

    pthread_mutex_lock(&f->lock);
    while (i < ANSWERS - 1 && f->answer[i].word != NULL &&
           strcmp(f->answer[i].word, word) != 0)
        i++;
    f->answer[i].word = word;
    f->answer[i].bytes = bytes;
    pthread_mutex_unlock(&f->lock);
}

void fake_redis_manner(struct fake_redis *f, enum fake_manner manner, const char *bytes,
                       bool greeting)
{
    pthread_mutex_lock(&f->lock);
    f->manner = manner;
    f->bytes = bytes;
    f->greeting = greeting;
    pthread_mutex_unlock(&f->lock);
}

void fake_redis_push(struct fake_redis *f, const char *bytes)
{
    pthread_mutex_lock(&f->lock);
    f->pushed = bytes;
    pthread_mutex_unlock(&f->lock);
}

uint64_t fake_redis_commands(struct fake_redis *f)
{
    uint64_t n;

    pthread_mutex_lock(&f->lock);
    n = f->commands;
    pthread_mutex_unlock(&f->lock);
    return n;
}

uint64_t fake_redis_clients(struct fake_redis *f)
{
    uint64_t n;

    pthread_mutex_lock(&f->lock);
    n = f->clients;
    pthread_mutex_unlock(&f->lock);
    return n;
}

uint64_t fake_redis_said(struct fake_redis *f, const char *word)
{
    uint64_t n = 0;

    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < WORDS; i++)
        if (strcmp(f->said[i].word, word) == 0)
            n = f->said[i].times;
    pthread_mutex_unlock(&f->lock);
    return n;
}

void fake_redis_free(struct fake_redis *f)
{
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->thread, NULL);
    close(f->listener);
    pthread_mutex_destroy(&f->lock);
    free(f->in);
    free(f);
}
