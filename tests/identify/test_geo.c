#include "identify/geo.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"

static const char CORPUS[] = "../shared/corpus/mmdb";

Test(geo, says_what_a_database_is)
{
    char sentence[256];

    if (access(CORPUS, R_OK) != 0) {
        printf("skipped: the corpus of databases is not here\n");
        return;
    }
    cr_assert_eq(geo_check("../shared/corpus/mmdb/GeoIP2-Country-Test.mmdb", sentence),
                 0);
    cr_expect(strstr(sentence, "GeoIP2-Country, built ") == sentence, "%s", sentence);
}

Test(geo, refuses_by_name_what_is_no_database)
{
    char path[] = "/tmp/luot-geo-XXXXXX", sentence[256];
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, "not a database", 14), 14);
    close(fd);
    cr_expect_eq(geo_check(path, sentence), ERR_FOREIGN);
    cr_expect(strstr(sentence, path) != NULL, "%s", sentence);
    unlink(path);
    cr_expect_eq(geo_check(path, sentence), ERR_NOT_FOUND);
}

Test(geo, survives_every_broken_database)
{
    char path[600], sentence[256];
    struct dirent *entry;
    DIR *dir = opendir("../shared/corpus/mmdb/bad");

    if (dir == NULL) {
        printf("skipped: the corpus of databases is not here\n");
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof path, "../shared/corpus/mmdb/bad/%s", entry->d_name);
        if (strstr(entry->d_name, ".mmdb") != NULL)
            (void)geo_check(path, sentence);
    }
    closedir(dir);
}
