/* Our HyperLogLog bytes against a real redis-server: what we SET, PFCOUNT counts as we do
 * to the unit, and PFMERGE makes the registers that hll_merge makes. Starts its own
 * server on a unix socket in a directory of its own, and stops it. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "count/hll.h"

enum { REPLY_MAX = 16384, START_TRIES = 500 };

static char dir[] = "/tmp/luot-redis-XXXXXX";
static char path[64];
static pid_t server = -1;

static void stop_server(void)
{
    if (server > 0) {
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
    }
    server = -1;
    unlink(path);
    rmdir(dir);
}

static void check(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "FAILED: %s\n", what);
    stop_server();
    exit(1);
}

static bool redis_is_installed(void)
{
    return system("command -v redis-server >/dev/null 2>&1") == 0;
}

static void start_server(void)
{
    check(mkdtemp(dir) != NULL, "mkdtemp");
    snprintf(path, sizeof path, "%s/redis.sock", dir);
    server = fork();
    check(server >= 0, "fork");
    if (server > 0)
        return;
    if (freopen("/dev/null", "w", stdout) != NULL)
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", path,
               "--save", "", "--appendonly", "no", "--dir", dir, (char *)NULL);
    _exit(127);
}

static int connect_to_server(void)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    for (unsigned i = 0; i < START_TRIES; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
            return fd;
        close(fd);
        nanosleep(&pause, NULL);
    }
    check(false, "redis-server did not listen within 5 s");
    return -1;
}

static void write_all(int fd, const void *at, size_t length)
{
    const char *next = at;

    while (length > 0) {
        ssize_t n = write(fd, next, length);

        check(n > 0, "writing to redis");
        next += n;
        length -= (size_t)n;
    }
}

/* One command of slices; its reply, when that is a line or a bulk: the bytes behind the
 * type or length. */
static struct slice ask(int fd, const struct slice *words, size_t n,
                        char reply[REPLY_MAX])
{
    char head[32];
    size_t have = 0, need = 0, at = 0;

    write_all(fd, head, (size_t)snprintf(head, sizeof head, "*%zu\r\n", n));
    for (size_t i = 0; i < n; i++) {
        write_all(fd, head,
                  (size_t)snprintf(head, sizeof head, "$%zu\r\n", words[i].length));
        write_all(fd, words[i].at, words[i].length);
        write_all(fd, "\r\n", 2);
    }
    while (need == 0 || have < need) {
        ssize_t got = read(fd, reply + have, REPLY_MAX - 1 - have);
        char *line;

        check(got > 0, "reading from redis");
        have += (size_t)got;
        reply[have] = '\0';
        line = memchr(reply, '\n', have);
        if (need != 0 || line == NULL)
            continue;
        at = (size_t)(line + 1 - reply);
        need = at;
        if (reply[0] == '$')
            need += strtoul(reply + 1, NULL, 10) + 2;
    }
    check(reply[0] != '-', reply);
    return reply[0] == '$' ? (struct slice){reply + at, need - at - 2}
                           : (struct slice){reply + 1, at - 3};
}

static void set(int fd, const char *key, const struct hll *h)
{
    uint8_t bytes[HLL_REDIS_MAX];
    char reply[REPLY_MAX];
    struct slice words[] = {SLICE("SET"), slice_of(key), {(const char *)bytes, 0}};

    words[2].length = hll_to_redis(h, bytes);
    check(slice_equal(ask(fd, words, 3, reply), SLICE("OK")), "SET");
}

static long long pfcount(int fd, const char *key)
{
    char reply[REPLY_MAX];
    struct slice words[] = {SLICE("PFCOUNT"), slice_of(key)};

    return strtoll(ask(fd, words, 2, reply).at, NULL, 10);
}

static void pfmerge(int fd, const char *into, const char *a, const char *b)
{
    char reply[REPLY_MAX];
    struct slice words[] = {SLICE("PFMERGE"), slice_of(into), slice_of(a), slice_of(b)};

    check(slice_equal(ask(fd, words, 4, reply), SLICE("OK")), "PFMERGE");
}

static void get(int fd, const char *key, struct hll *ret_hll)
{
    char reply[REPLY_MAX];
    struct slice words[] = {SLICE("GET"), slice_of(key)};

    check(hll_from_redis(ret_hll, ask(fd, words, 2, reply)) == 0,
          "reading what redis wrote");
}

static uint64_t fingerprint(uint64_t visitor)
{
    uint64_t z = visitor * 0x9e3779b97f4a7c15; /* splitmix64 */

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return (z ^ z >> 31) & 0xfffffffffff;
}

static void add_range(struct hll *h, uint64_t from, uint64_t until)
{
    for (uint64_t i = from; i < until; i++)
        hll_add(h, fingerprint(i + 1));
}

static bool same(const struct hll *a, const struct hll *b)
{
    return memcmp((const void *)a, (const void *)b, sizeof *a) == 0;
}

static void counts_as_redis_does(int fd)
{
    static const uint64_t sizes[] = {0,    1,    2,     84,     1000,   1400,
                                     1500, 3000, 20000, 200000, 1000000};
    static struct hll h, back;

    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        long long ours, theirs;

        hll_clear(&h);
        add_range(&h, 0, sizes[i]);
        set(fd, "day", &h);
        ours = llround(hll_estimate(&h));
        theirs = pfcount(fd, "day");
        printf("%8llu visitors: ours %lld, PFCOUNT %lld\n", (unsigned long long)sizes[i],
               ours, theirs);
        check(ours == theirs, "PFCOUNT is our estimate");
        get(fd, "day", &back);
        check(same(&h, &back), "GET brings back what was SET");
    }
}

static void merges_as_redis_does(int fd)
{
    static const uint64_t ranges[][4] = {
        {0, 50, 30, 100},
        {0, 84, 0, 84},
        {0, 400, 300, 900},
        {0, 700, 500, 200000},
        {0, 600000, 400000, 1000000},
    };
    static struct hll a, b, back;
    struct slice del[] = {SLICE("DEL"), SLICE("both")};
    char reply[REPLY_MAX];

    for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        hll_clear(&a);
        hll_clear(&b);
        add_range(&a, ranges[i][0], ranges[i][1]);
        add_range(&b, ranges[i][2], ranges[i][3]);
        set(fd, "a", &a);
        set(fd, "b", &b);
        ask(fd, del, 2, reply);
        pfmerge(fd, "both", "a", "b");
        hll_merge(&a, &b);
        get(fd, "both", &back);
        check(same(&a, &back), "PFMERGE makes the registers of hll_merge");
        check(pfcount(fd, "both") == llround(hll_estimate(&a)), "and its count is ours");
    }
    printf("%zu unions have our registers and our count\n",
           sizeof ranges / sizeof ranges[0]);
}

/* What redis itself adds has ranks up to 51; we read and count that too. */
static void reads_what_redis_added(int fd)
{
    static struct hll h;
    char reply[REPLY_MAX], name[32];

    for (unsigned i = 0; i < 5000; i++) {
        struct slice words[] = {SLICE("PFADD"), SLICE("own"), {name, 0}};

        words[2].length = (size_t)snprintf(name, sizeof name, "visitor-%u", i);
        ask(fd, words, 3, reply);
        if (i != 100 && i != 4999)
            continue;
        get(fd, "own", &h);
        check(llround(hll_estimate(&h)) == pfcount(fd, "own"),
              "what redis added counts the same");
    }
    puts("sparse and dense values of PFADD count the same");
}

int main(void)
{
    int fd;

    if (!redis_is_installed()) {
        puts("skipped: no redis-server is installed");
        return 0;
    }
    start_server();
    fd = connect_to_server();
    counts_as_redis_does(fd);
    merges_as_redis_does(fd);
    reads_what_redis_added(fd);
    close(fd);
    stop_server();
    return 0;
}
