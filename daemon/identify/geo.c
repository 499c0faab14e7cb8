#include "identify/geo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <maxminddb.h>
#include <stdio.h>
#include <time.h>

#include "base/error.h"

static int refuse(char ret_sentence[256], const char *path, const char *what, int rv)
{
    snprintf(ret_sentence, 256,
             "geo_db %.120s: %s; give a country database (.mmdb), or leave it empty",
             path, what);
    return rv;
}

int geo_check(const char *path, char ret_sentence[256])
{
    struct sockaddr_in somebody = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(0x01010101)};
    MMDB_s db;
    time_t built;
    struct tm day;
    int rv, error = MMDB_SUCCESS;

    errno = 0;
    rv = MMDB_open(path, MMDB_MODE_MMAP, &db);
    if (rv == MMDB_FILE_OPEN_ERROR)
        return refuse(ret_sentence, path,
                      errno == ENOENT ? "is not there" : "cannot be read",
                      errno == ENOENT ? ERR_NOT_FOUND : ERR_DENIED);
    if (rv != MMDB_SUCCESS)
        return refuse(ret_sentence, path, MMDB_strerror(rv), ERR_FOREIGN);
    (void)MMDB_lookup_sockaddr(&db, (struct sockaddr *)&somebody, &error);
    built = (time_t)db.metadata.build_epoch;
    gmtime_r(&built, &day);
    snprintf(ret_sentence, 256, "%.100s, built %04d-%02d-%02d",
             db.metadata.database_type != NULL ? db.metadata.database_type : "a database",
             day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
    MMDB_close(&db);
    return error == MMDB_SUCCESS
               ? 0
               : refuse(ret_sentence, path, MMDB_strerror(error), ERR_CORRUPT);
}
