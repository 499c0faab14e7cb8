/* Where visitors are, as the settings say it: the country database, read again when its
 * file has changed, and the named networks. It fails in part only: with a database that
 * cannot be read luotd goes on with the one before, or without. Reading one of cities
 * takes a second or two, in which the stats socket waits; nobody else does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "daemon_inner.h"

/* --- The file --- */

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && /* which nobody can set */
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* "" in ret_file->path: no database. */
static void find_file(struct geo_file *ret_file, const char *setting)
{
    memset(ret_file, 0, sizeof *ret_file);
    if (strcmp(setting, "none") == 0)
        return;
    if (setting[0] != '\0')
        memcpy(ret_file->path, setting, strlen(setting) + 1);
    else
        (void)geo_installed(ret_file->path);
    if (ret_file->path[0] != '\0' && stat(ret_file->path, &ret_file->about) != 0)
        memset(&ret_file->about, 0, sizeof ret_file->about);
}

static void say_database(const struct geo *geo, const char *path)
{
    const struct geo_info *info = geo_info(geo);
    time_t built = (time_t)info->built_s;
    struct tm day;

    gmtime_r(&built, &day);
    log_info(
        "event=geo_db is=\"%s, built %04d-%02d-%02d\" file=%s countries=%u regions=%u "
        "bytes=%zu credit=\"%s\"",
        info->type, day.tm_year + 1900, day.tm_mon + 1, day.tm_mday, path,
        info->countries, info->regions, info->bytes, info->credit);
}

/* Where it is kept, flattened, for the next start: beside the arena. False: there is no room
 * for its path. */
static bool kept_path(const struct daemon *d, char *ret_path, size_t size)
{
    int length = snprintf(ret_path, size, "%s/countries", d->places.run_dir);

    return length > 0 && (size_t)length < size;
}

static int open_database(const struct daemon *d, struct geo **ret_geo, const char *path,
                         char ret_sentence[GEO_SENTENCE])
{
    char kept[CONFIG_TEXT_MAX + 64];

    if (!kept_path(d, kept, sizeof kept))
        return geo_open(ret_geo, path, ret_sentence);
    return geo_open_kept(ret_geo, path, kept, ret_sentence);
}

static void forget_kept(const struct daemon *d)
{
    char kept[CONFIG_TEXT_MAX + 64];

    if (kept_path(d, kept, sizeof kept))
        (void)unlink(kept);
}

/* Into an atlas that has the database before this one, or none. */
static void read_database(struct daemon *d, struct atlas *a, const char *setting)
{
    struct geo_file file;
    struct geo *geo;

    find_file(&file, setting);
    if (file.path[0] == '\0') {
        if (d->own_atlas == NULL || a->geo != NULL)
            log_info("event=geo_db is=none next=no_countries_or_set_geo_db");
        a->geo = NULL;
        a->trouble[0] = '\0';
        forget_kept(d);
    } else if (a->geo != NULL && a->trouble[0] == '\0' &&
               strcmp(file.path, d->geo_file.path) == 0 &&
               is_same_file(&file.about, &d->geo_file.about)) {
        return;
    } else if (open_database(d, &geo, file.path, a->trouble) == 0) {
        a->geo = geo;
        a->trouble[0] = '\0';
        say_database(geo, file.path);
    } else {
        log_error("event=geo_db error=\"%s\" next=%s", a->trouble,
                  a->geo == NULL ? "count_on_without_countries"
                                 : "the_old_database_stays");
        return;
    }
    d->geo_file = file;
}

/* --- The atlas --- */

struct atlas *daemon_new_atlas(struct daemon *d, const struct config *c)
{
    struct atlas *a = calloc(1, sizeof *a);

    if (a == NULL)
        return NULL;
    a->internal = c->settings.internal;
    a->id = hash_random64();
    if (c->rule_count > 0 &&
        named_networks_new(&a->named, c->rules, c->rule_count) != 0) {
        free(a);
        return NULL;
    }
    if (d->own_atlas != NULL) {
        a->geo = d->own_atlas->geo;
        memcpy(a->trouble, d->own_atlas->trouble, sizeof a->trouble);
    }
    read_database(d, a, c->settings.geo_db);
    return a;
}

void daemon_use_atlas(struct daemon *d, struct atlas *a)
{
    d->own_atlas = a;
    atomic_store_explicit(&d->atlas, a, memory_order_seq_cst); /* turn.c */
}

void daemon_free_atlas(struct atlas *a, const struct atlas *heir)
{
    if (a == NULL)
        return;
    if (heir == NULL || heir->geo != a->geo)
        geo_free(a->geo);
    named_networks_free(a->named);
    free(a);
}
