#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The only file with variables of its own (style, "global state"): a log line may come
 * from anywhere. */

enum { LOG_LINE_MAX = 4096 /* PIPE_BUF: a pipe takes it whole or not at all */ };
enum { JOURNAL_UNKNOWN, JOURNAL_NO, JOURNAL_YES };

static _Atomic int level_now = LOG_INFO;
static _Atomic int journal = JOURNAL_UNKNOWN;
static _Atomic uint64_t dropped;
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

static const struct {
    const char *word;
    int priority; /* syslog's, which the journal reads from "<n>" */
} levels[] = {
    [LOG_ERROR] = {"error", 3},
    [LOG_WARN] = {"warn", 4},
    [LOG_INFO] = {"info", 6},
    [LOG_DEBUG] = {"debug", 7},
};

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&level_now, (int)level, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
    return (enum log_level)atomic_load_explicit(&level_now, memory_order_relaxed);
}

uint64_t log_dropped(void)
{
    return atomic_load_explicit(&dropped, memory_order_relaxed);
}

/* $JOURNAL_STREAM is "device:inode" of the stream that systemd gave us; it is inherited,
 * so a child whose standard error goes elsewhere must compare. */
static int look_for_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;
    if (stream == NULL || sscanf(stream, "%llu:%llu", &device, &inode) != 2 ||
        fstat(STDERR_FILENO, &st) != 0)
        return JOURNAL_NO;
    return st.st_dev == device && st.st_ino == inode ? JOURNAL_YES : JOURNAL_NO;
}

static bool goes_to_journal(void)
{
    /* Two threads may both look the first time, and find the same. */
    int known = atomic_load_explicit(&journal, memory_order_relaxed);
    if (known == JOURNAL_UNKNOWN) {
        known = look_for_journal();
        atomic_store_explicit(&journal, known, memory_order_relaxed);
    }
    return known == JOURNAL_YES;
}

/* "2026-11-23T09:15:02.123+07:00 ": local time as the machine has it; sites' zones are no
 * matter here. */
static size_t write_time(char *text, size_t limit)
{
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    long east = tm.tm_gmtoff < 0 ? -tm.tm_gmtoff : tm.tm_gmtoff;
    size_t length = strftime(text, limit, "%Y-%m-%dT%H:%M:%S", &tm);
    return length + (size_t)snprintf(text + length, limit - length,
                                     ".%03ld%c%02ld:%02ld ", now.tv_nsec / 1000000,
                                     tm.tm_gmtoff < 0 ? '-' : '+', east / 3600,
                                     east / 60 % 60);
}

/* Never waits. A socket (the journal) takes MSG_DONTWAIT. A pipe that says POLLOUT takes
 * LOG_LINE_MAX bytes, and the lock keeps our own threads from taking the room first.
 * Another process on the same pipe still could; then this line waits for the reader,
 * once. */
static bool write_line(const char *line, size_t length)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    pthread_mutex_lock(&writing);
    ssize_t done = send(STDERR_FILENO, line, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done < 0 && errno == ENOTSOCK && poll(&out, 1, 0) == 1 &&
        (out.revents & (POLLOUT | POLLERR)) == POLLOUT)
        done = write(STDERR_FILENO, line, length);
    pthread_mutex_unlock(&writing);
    return done == (ssize_t)length;
}

void log_write(enum log_level level, const char *format, ...)
{
    char line[LOG_LINE_MAX];
    size_t length;
    va_list list;
    if (level > log_get_level())
        return;

    if (goes_to_journal())
        length = (size_t)snprintf(line, sizeof line, "<%d>", levels[level].priority);
    else
        length = write_time(line, sizeof line);
    length +=
        (size_t)snprintf(line + length, sizeof line - length, "%s ", levels[level].word);
    size_t message = length;
    va_start(list, format);
    int wanted = vsnprintf(line + length, sizeof line - length, format, list);
    va_end(list);
    if (wanted > 0)
        length += (size_t)wanted;
    if (length > sizeof line - 1)
        length = sizeof line - 1;
    for (size_t i = message; i < length; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = '?'; /* one event is one line, whatever a field forgot to escape */
    line[length++] = '\n';
    if (!write_line(line, length))
        atomic_fetch_add_explicit(&dropped, 1, memory_order_relaxed);
}
