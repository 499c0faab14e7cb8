#include "places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { DIR_MODE = 0750 };

/* 0 or errno. */
static int is_usable(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno;
    if (!S_ISDIR(st.st_mode))
        return ENOTDIR;
    return access(path, W_OK | X_OK) == 0 ? 0 : errno;
}

/* Like `mkdir -p`, for the last two levels at most: /run/luot, $XDG_STATE_HOME/luot. */
static int make_dir(const char *path)
{
    char parent[CONFIG_TEXT_MAX + 32];
    char *slash;

    if (mkdir(path, DIR_MODE) == 0)
        return 0;
    if (errno == EEXIST)
        return is_usable(path);
    if (errno != ENOENT)
        return errno;
    snprintf(parent, sizeof parent, "%s", path);
    slash = strrchr(parent, '/');
    if (slash == NULL || slash == parent)
        return ENOENT;
    *slash = '\0';
    if (mkdir(parent, DIR_MODE) != 0)
        return errno == EEXIST ? ENOENT : errno; /* /proc takes no new directory */
    return mkdir(path, DIR_MODE) == 0 ? 0 : errno;
}

struct candidate {
    const char *base; /* NULL or "": not offered                            */
    const char *tail; /* appended                                           */
    bool shared;      /* anyone may make it: it must be ours alone to write */
};

static bool is_ours(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
           (st.st_mode & 022) == 0;
}

/* The first candidate that is a directory we may write, making it where possible. */
static int choose(char *ret_path, size_t size, const char *configured,
                  const char *setting, const struct candidate *candidates, size_t count,
                  char ret_sentence[512])
{
    int rv = ENOENT;

    if (configured[0] != '\0') {
        snprintf(ret_path, size, "%s", configured);
        rv = make_dir(ret_path);
        if (rv == 0)
            return 0;
        snprintf(
            ret_sentence, 512,
            "%s: %s; make the directory writable for this user, or set %s to another one",
            configured, strerror(rv), setting);
        return error_from_errno(rv);
    }
    for (size_t i = 0; i < count; i++) {
        if (candidates[i].base == NULL || candidates[i].base[0] == '\0')
            continue;
        snprintf(ret_path, size, "%s%s", candidates[i].base, candidates[i].tail);
        rv = make_dir(ret_path);
        if (rv == 0 && candidates[i].shared && !is_ours(ret_path))
            rv = EACCES;
        if (rv == 0)
            return 0;
    }
    snprintf(ret_sentence, 512,
             "no directory for %s could be made or written; set %s to one that can",
             setting, setting);
    return error_from_errno(rv);
}

/* `sqlite`: luot.db in the directory for what lasts. */
static int find_database(char *ret_store, size_t size, const struct settings *s,
                         char ret_sentence[512])
{
    char state_dir[CONFIG_TEXT_MAX + 32], local[CONFIG_TEXT_MAX];
    const char *home = getenv("HOME");
    struct candidate candidates[] = {
        {getenv("STATE_DIRECTORY"), "", false},
        {"/var/lib", "/luot", false},
        {getenv("XDG_STATE_HOME"), "/luot", false},
        {home == NULL ? NULL : local, "/luot", false},
    };
    int rv;

    if (home != NULL) {
        snprintf(local, sizeof local, "%s/.local/state", home);
        if (s->state_dir[0] == '\0' && geteuid() != 0) {
            char up[CONFIG_TEXT_MAX];
            snprintf(up, sizeof up, "%s/.local", home);
            (void)mkdir(up, 0700);
            (void)mkdir(local, 0700);
        }
    }
    rv = choose(state_dir, sizeof state_dir, s->state_dir, "state_dir", candidates,
                sizeof candidates / sizeof candidates[0], ret_sentence);
    if (rv == 0)
        snprintf(ret_store, size, "sqlite:%s/luot.db", state_dir);
    return rv;
}

static int find_stores(struct places *p, const struct settings *s, char ret_sentence[512])
{
    struct slice list = slice_of(s->store);
    int rv = 0;

    p->stores = 0;
    if (strcmp(s->store, "none") == 0)
        return 0;
    while (list.at != NULL && rv == 0) {
        struct slice one = store_where_next(&list);
        char *store = p->store[p->stores++];

        if (slice_equal(one, SLICE("sqlite")))
            rv = find_database(store, sizeof p->store[0], s, ret_sentence);
        else
            snprintf(store, sizeof p->store[0], "%.*s", (int)one.length, one.at);
    }
    return rv;
}

int places_find(struct places *ret_places, const struct settings *settings,
                char ret_sentence[512])
{
    char own[32]; /* by user: one must not stand in another's way */
    struct candidate candidates[] = {
        {getenv("RUNTIME_DIRECTORY"), "", false},
        {"/run", "/luot", false},
        {getenv("XDG_RUNTIME_DIR"), "/luot", false},
        {"/dev/shm", own, true},
        {"/tmp", own, true},
    };
    int rv;

    snprintf(own, sizeof own, "/luot-%u", (unsigned)geteuid());
    rv = choose(ret_places->run_dir, sizeof ret_places->run_dir, settings->run_dir,
                "run_dir", candidates, sizeof candidates / sizeof candidates[0],
                ret_sentence);

    if (rv != 0)
        return rv;
    ret_places->makeshift = settings->run_dir[0] == '\0' &&
                            (strncmp(ret_places->run_dir, "/dev/shm/", 9) == 0 ||
                             strncmp(ret_places->run_dir, "/tmp/", 5) == 0);
    if (settings->socket[0] != '\0')
        snprintf(ret_places->socket, sizeof ret_places->socket, "%s", settings->socket);
    else
        snprintf(ret_places->socket, sizeof ret_places->socket, "%s/luotd.sock",
                 ret_places->run_dir);
    return find_stores(ret_places, settings, ret_sentence);
}
