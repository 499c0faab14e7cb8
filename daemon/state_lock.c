#include "state_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

enum { LOOK_AGAIN_MS = 20, PID_MAX = 24, LOCK_PATH_MAX = PATH_MAX + 8 };

static const char sqlite_prefix[] = "sqlite:";

static bool try_lock(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(fd, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES);
}

/* What the holder wrote; 0: nothing that is a number. */
static long holder_of(int fd)
{
    char text[PID_MAX];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    return strtol(text, NULL, 10);
}

/* For people, and for who waits: nothing depends on it. */
static void write_pid(int fd)
{
    char text[PID_MAX];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return;
}

/* By the file that is there: a symbolic link does not make two of one. */
static void write_path(const char *database, char ret_path[LOCK_PATH_MAX])
{
    char real[PATH_MAX];

    (void)snprintf(ret_path, LOCK_PATH_MAX, "%s.lock",
                   realpath(database, real) != NULL ? real : database);
}

static int take(struct state_lock *l, unsigned i, const char *database, unsigned wait_ms,
                char ret_sentence[512])
{
    char path[LOCK_PATH_MAX];
    int fd;

    write_path(database, path);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
    if (fd < 0)
        return 0;
    for (unsigned waited = 0; !try_lock(fd); waited += LOOK_AGAIN_MS) {
        if (waited < wait_ms) {
            (void)poll(NULL, 0, LOOK_AGAIN_MS);
            continue;
        }
        snprintf(ret_sentence, 512,
                 "%.300s is held by process %ld: stop that luotd, or give this one "
                 "another state_dir",
                 database, holder_of(fd));
        close(fd);
        return ERR_IN_USE;
    }
    write_pid(fd);
    l->fd[i] = fd;
    l->held[i] = true;
    return 0;
}

int state_lock_take(struct state_lock *l, const struct places *places, unsigned wait_ms,
                    char ret_sentence[512])
{
    const size_t prefix = sizeof sqlite_prefix - 1;
    int rv = 0;

    for (unsigned i = 0; i < places->stores && rv == 0; i++)
        if (!l->held[i] && strncmp(places->store[i], sqlite_prefix, prefix) == 0)
            rv = take(l, i, places->store[i] + prefix, wait_ms, ret_sentence);
    return rv;
}

void state_lock_release(struct state_lock *l)
{
    for (unsigned i = 0; i < STORES_MAX; i++) {
        if (l->held[i])
            close(l->fd[i]);
        l->held[i] = false;
    }
}
