#include "luot_seam.h"

#include <sodium.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* glibc declares connect with a union of pointers, which no plain pointer type
 * matches. */
static int kernel_connect(int fd, const struct sockaddr *to, socklen_t length)
{
    return connect(fd, to, length);
}

/* The coarse clock is read without a system call and is exact to some milliseconds. */
static uint64_t kernel_now_ms(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t kernel_unix_ms(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t kernel_random(void)
{
    uint64_t number;
    randombytes_buf(&number, sizeof number);
    return number;
}

const struct luot_seam luot_seam_kernel = {
    .allocate = malloc,
    .socket = socket,
    .connect = kernel_connect,
    .getsockopt = getsockopt,
    .sendmsg = sendmsg,
    .sendmmsg = sendmmsg,
    .process = getpid,
    .now_ms = kernel_now_ms,
    .unix_ms = kernel_unix_ms,
    .random = kernel_random,
};
