/* Damage to the embedded store, in process: every byte of its first page flipped, random
 * bits anywhere, its file cut at every 512 bytes. Each copy is opened, read, saved to and
 * closed by a child, which must end by itself; its total is the right one, or the damage
 * was said. FULL=1: all bytes, all cuts, 5,000 flips; else a sample of them.
 *
 * What cannot be seen: SQLite has no sums of its pages, so a flipped bit in a row's number
 * is another number. Those flips are counted here and must not crash; the header, the
 * tables and each cut must be seen. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "stress/stress.h"

enum { DAYS = 400, VIEWS = 3, PATIENCE_S = 20, FILE_MAX = 1 << 20 };

enum ending { RIGHT, SAID, WRONG }; /* a child's exit code */

struct image {
    unsigned char bytes[FILE_MAX];
    size_t length;
};

static struct image whole;
static char file[256], where[300];

static int save_days(struct store *s)
{
    static struct change days[DAYS];

    for (int i = 0; i < DAYS; i++)
        days[i] = (struct change){.kind = CHANGE_DAY,
                                  .site = slice_of("demo"),
                                  .number = 20000 + i,
                                  .views = VIEWS,
                                  .visits = 1,
                                  .visitors = 1};
    return s->ops->save(s, days, DAYS, deadline_in(5000));
}

static int add_views(void *context, const struct history_row *row)
{
    *(uint64_t *)context += row->views;
    return 0;
}

static enum ending open_damaged(void)
{
    struct store *s = NULL;
    uint64_t views = 0;
    char sentence[512] = "";
    int rv;

    alarm(PATIENCE_S);
    rv = store_open(&s, where, "node", 1, sentence);
    if (rv != 0)
        return sentence[0] != '\0' ? SAID : WRONG;
    rv = s->ops->history(s, slice_of("demo"), CHANGE_DAY, HISTORY_ALL, 0, 1 << 20,
                         add_views, &views);
    (void)save_days(s);
    s->ops->close(s);
    if (rv != 0 || sentence[0] != '\0')
        return SAID;
    return views == (uint64_t)DAYS * VIEWS ? RIGHT : WRONG;
}

static void write_image(const struct image *image)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

    if (fd < 0 || write(fd, image->bytes, image->length) != (ssize_t)image->length)
        exit(2);
    close(fd);
}

static void sweep_directory(const char *dir)
{
    char command[300];

    snprintf(command, sizeof command, "rm -rf '%s'/*", dir);
    if (system(command) != 0)
        exit(2);
}

static unsigned long said, unseen;

static enum ending try_image(const char *dir, const struct image *image, const char *what,
                             size_t at)
{
    int status = 0;
    pid_t child;

    sweep_directory(dir);
    write_image(image);
    child = fork();
    if (child == 0)
        _exit((int)open_damaged());
    (void)waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) <= WRONG, "%s at %zu: status %x", what,
          at, (unsigned)status);
    said += WIFEXITED(status) && WEXITSTATUS(status) == SAID;
    return WIFEXITED(status) ? (enum ending)WEXITSTATUS(status) : WRONG;
}

static enum ending flip(const char *dir, size_t at, unsigned char mask)
{
    static struct image image;

    image = whole;
    image.bytes[at] ^= mask;
    return try_image(dir, &image, "flip", at);
}

static enum ending cut(const char *dir, size_t at)
{
    static struct image image;

    image = whole;
    image.length = at;
    return try_image(dir, &image, "cut", at);
}

static void make_whole(void)
{
    struct store *s = NULL;
    char sentence[512];
    int fd;
    ssize_t n;

    if (store_open(&s, where, "node", 1, sentence) != 0 || save_days(s) != 0)
        exit(2);
    s->ops->close(s); /* checkpoints: all is in one file */
    fd = open(file, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, whole.bytes, sizeof whole.bytes);
    if (n <= 4096 || n == FILE_MAX)
        exit(2);
    close(fd);
    whole.length = (size_t)n;
}

int main(void)
{
    char dir[] = "/tmp/luot-damage-XXXXXX";
    bool full = getenv("FULL") != NULL;
    const char *seed_text = getenv("SEED");
    uint64_t seed = seed_text == NULL ? 1 : strtoull(seed_text, NULL, 10);

    if (mkdtemp(dir) == NULL)
        return 2;
    snprintf(file, sizeof file, "%s/luot.db", dir);
    snprintf(where, sizeof where, "sqlite:%s", file);
    make_whole();
    CHECK(try_image(dir, &whole, "whole", 0) == RIGHT, "the whole one is not right");
    for (size_t at = full ? 0 : random_below(&seed, 16); at < 4096; at += full ? 1 : 40)
        CHECK(flip(dir, at, 0xff) != WRONG, "byte %zu: a wrong total, not said", at);
    for (int i = 0; i < (full ? 5000 : 60); i++) {
        size_t at = random_below(&seed, whole.length);
        unsigned char mask = (unsigned char)(1u << random_below(&seed, 8));
        unseen += flip(dir, at, mask) == WRONG;
    }
    for (size_t at = 512; at < whole.length; at += full ? 512 : 4096 + 512)
        CHECK(cut(dir, at) != WRONG, "cut at %zu: a wrong total, not said", at);
    sweep_directory(dir);
    (void)rmdir(dir);
    printf("%lu damages said, %lu bits of rows unseen; ", said, unseen);
    return stress_end();
}
