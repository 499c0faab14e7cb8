#include "state_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

enum { LOOK_AGAIN_MS = 20, PID_MAX = 24 };

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

static int take(struct state_lock *l, const char *database, unsigned wait_ms,
                char ret_sentence[512])
{
    char path[CONFIG_TEXT_MAX + 96];
    int fd;

    snprintf(path, sizeof path, "%s.lock", database);
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
                 path, holder_of(fd));
        close(fd);
        return ERR_IN_USE;
    }
    write_pid(fd);
    l->fd[l->count++] = fd;
    return 0;
}

int state_lock_take(struct state_lock *l, const struct places *places, unsigned wait_ms,
                    char ret_sentence[512])
{
    int rv = 0;

    for (unsigned i = 0; i < places->stores && rv == 0; i++)
        if (strncmp(places->store[i], sqlite_prefix, sizeof sqlite_prefix - 1) == 0)
            rv = take(l, places->store[i] + sizeof sqlite_prefix - 1, wait_ms,
                      ret_sentence);
    return rv;
}

void state_lock_release(struct state_lock *l)
{
    while (l->count > 0)
        close(l->fd[--l->count]);
}
