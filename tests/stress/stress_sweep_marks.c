/* Damage to a file of marks: every byte of its first 4 KiB changed in two ways, random flips,
 * cuts at every 512 bytes. What is loaded is what was saved, or the log names the file,
 * which is gone then. FULL=1: all of them and 5,000 flips; else a sample. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "lib/scratch.h"
#include "store/marks.h"
#include "stress/stress.h"

enum { MARKS = 2000, KEY = 77, PAGE = 4096, FILE_MAX = 1 << 16, SAID_MAX = 2048 };

static const struct slice site = {"demo", 4};
static struct scratch dir;
static struct mark mark[MARKS];
static const struct marks saved = {mark, MARKS};
static unsigned char whole[FILE_MAX];
static size_t length;
static int log_fd; /* what is said goes there */
static unsigned long right, said;

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stdout, "marks: %s\n", what);
    exit(2);
}

static const char *file(void)
{
    return scratch_path(&dir, "marks-demo");
}

static void make_whole(void)
{
    int fd;

    for (unsigned i = 0; i < MARKS; i++)
        mark[i] =
            (struct mark){.fp = 1000 + i, .first_slot = 142000000 + i, .last_slot = 0};
    for (unsigned i = 0; i < MARKS; i++)
        mark[i].last_slot = mark[i].first_slot + i % 7;
    must(marks_prepare(&saved, dir.dir, site, KEY) == 0 &&
             marks_commit(dir.dir, site) == 0,
         "save");
    fd = open(file(), O_RDONLY | O_CLOEXEC);
    length = (size_t)read(fd, whole, sizeof whole);
    must(fd >= 0 && length > 2 * PAGE && length < sizeof whole, "read");
    close(fd);
}

static bool was_said(void)
{
    char text[SAID_MAX] = "";
    ssize_t n = pread(log_fd, text, sizeof text - 1, 0);

    must(ftruncate(log_fd, 0) == 0 && lseek(log_fd, 0, SEEK_SET) == 0, "log");
    return n > 0 && strstr(text, "event=marks_damaged file=") != NULL &&
           strstr(text, file()) != NULL && strstr(text, "next=") != NULL;
}

static void try_bytes(const unsigned char *bytes, size_t n, const char *what, size_t at)
{
    struct marks got;
    int fd = open(file(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), rv;
    bool same, loud;

    must(fd >= 0 && write(fd, bytes, n) == (ssize_t)n, "write");
    close(fd);
    rv = marks_load(&got, dir.dir, site, KEY);
    same = rv == 0 && got.count == MARKS && memcmp(got.mark, mark, sizeof mark) == 0;
    loud = was_said();
    right += same;
    said += loud;
    CHECK(same || (rv == 0 && got.count == 0 && loud && access(file(), F_OK) != 0),
          "%s at %zu: neither right nor said", what, at);
    marks_release(&got);
}

static void flip(size_t at, unsigned char mask)
{
    whole[at] ^= mask;
    try_bytes(whole, length, "flip", at);
    whole[at] ^= mask;
}

int main(void)
{
    bool full = getenv("FULL") != NULL;
    uint64_t seed = number_from("SEED", 1);

    must(hash_start() == 0, "hash_start");
    dir = scratch_new();
    log_fd =
        open(scratch_path(&dir, "log"), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    must(log_fd >= 0 && dup2(log_fd, STDERR_FILENO) >= 0, "log");
    make_whole();
    try_bytes(whole, length, "whole", 0);
    CHECK(right == 1, "the whole one is not right");
    for (size_t at = full ? 0 : random_below(&seed, 8); at < PAGE; at += full ? 1 : 9) {
        flip(at, 0xff);
        flip(at, (unsigned char)(1u << random_below(&seed, 8)));
    }
    for (size_t at = 0; at < 48; at++) /* the head, each bit */
        for (int bit = 0; bit < 8; bit++)
            flip(at, (unsigned char)(1u << bit));
    for (int i = 0; i < (full ? 5000 : 300); i++)
        flip(random_below(&seed, length), (unsigned char)(1u << random_below(&seed, 8)));
    for (size_t at = 0; at < length; at += 512)
        try_bytes(whole, at, "cut", at);
    printf("%lu right, %lu said; ", right, said);
    scratch_free(&dir);
    return stress_end();
}
