#include "lib/scratch.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scratch scratch_new(void)
{
    struct scratch s;

    strcpy(s.dir, access("/dev/shm", W_OK) == 0 ? "/dev/shm/luot-test-XXXXXX"
                                                : "/tmp/luot-test-XXXXXX");
    if (mkdtemp(s.dir) == NULL)
        abort();
    return s;
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path);
}

void scratch_free(const struct scratch *s)
{
    nftw(s->dir, drop, 8, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(const struct scratch *s, const char *name)
{
    static char paths[8][256];
    static unsigned next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof paths[0], "%s/%s", s->dir, name);
    return path;
}

unsigned scratch_count(const struct scratch *s, const char *start)
{
    DIR *d = opendir(s->dir);
    struct dirent *e;
    unsigned n = 0;

    while (d != NULL && (e = readdir(d)) != NULL)
        n += strncmp(e->d_name, start, strlen(start)) == 0;
    if (d != NULL)
        closedir(d);
    return n;
}
