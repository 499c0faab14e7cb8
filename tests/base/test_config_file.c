/* Where a configuration comes from: files, what they include, the environment, the
 * command line. */
#include "base/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* A folder of its own for each test, gone at the end. */
struct folder {
    char path[64];
    char name[128]; /* the last name that file() made */
};

static void folder_init(struct folder *f)
{
    strcpy(f->path, "/tmp/luot-config-XXXXXX");
    cr_assert_not_null(mkdtemp(f->path));
}

static void folder_release(struct folder *f)
{
    char command[96];
    snprintf(command, sizeof(command), "rm -r '%s'", f->path);
    cr_assert_eq(system(command), 0);
}

static const char *file(struct folder *f, const char *name)
{
    snprintf(f->name, sizeof(f->name), "%s/%s", f->path, name);
    return f->name;
}

static void put(struct folder *f, const char *name, const char *text)
{
    FILE *out = fopen(file(f, name), "w");
    cr_assert_not_null(out);
    fputs(text, out);
    fclose(out);
}

static struct config *load(struct folder *f, char *const *environment,
                           struct config_error *ret_error)
{
    struct config *c = NULL;
    ret_error->text[0] = '\0';
    config_load(&c, file(f, "luotd.conf"), environment, NULL, 0, ret_error);
    return c;
}

/* The message of a config that must be wrong, without its folder. */
static void expect_message(struct folder *f, const char *message)
{
    struct config_error error;
    struct config *c = load(f, NULL, &error);
    const char *text = error.text;
    cr_expect_null(c);
    if (strncmp(text, f->path, strlen(f->path)) == 0)
        text += strlen(f->path) + 1;
    cr_expect_str_eq(text, message);
    config_free(c);
}

Test(config_file, lets_the_later_source_win)
{
    static char workers[] = "LUOT_WORKERS=2";
    static char pages[] = "LUOT_CONNECTIONS=200";
    static char lower[] = "LUOT_workers=9";
    static char other[] = "LUO_T=9";
    char *const environment[] = {workers, pages, lower, other, NULL};
    struct config_override overrides[] = {{"connections", "300"}, {"run-dir", "/r"}};
    struct config_error error = {""};
    struct config *c = NULL;
    struct folder f;
    folder_init(&f);
    put(&f, "luotd.conf", "workers = 1\nconnections = 100\nsites_max = 7\n");
    cr_assert_eq(
        config_load(&c, file(&f, "luotd.conf"), environment, overrides, 2, &error), 0,
        "%s", error.text);
    cr_expect_eq(c->settings.sites_max, 7u);
    cr_expect_eq(c->settings.workers, 2u);
    cr_expect_eq(c->settings.connections, 300u);
    cr_expect_str_eq(c->settings.run_dir, "/r");
    cr_expect_eq(c->site_count, 0u);
    config_free(c);
    folder_release(&f);
}

Test(config_file, includes_by_pattern_sorted_and_beside_the_file)
{
    struct config_error error;
    struct config *c;
    struct folder f;
    folder_init(&f);
    cr_assert_eq(mkdir(file(&f, "sites[1].d"), 0700), 0);
    put(&f, "sites[1].d/b.conf", "workers = 2\n[site b]\n");
    put(&f, "sites[1].d/a.conf", "workers = 1\ninclude = more/*.conf\n[site a]\n");
    put(&f, "sites[1].d/c.txt", "not read\n");
    cr_assert_eq(mkdir(file(&f, "sites[1].d/more"), 0700), 0);
    put(&f, "sites[1].d/more/m.conf", "[site m]\n");
    put(&f, "luotd.conf",
        "include = sites?1?.d/*.conf\ninclude = none.d/*.conf\n[site z]\n");
    c = load(&f, NULL, &error);
    cr_assert_not_null(c, "%s", error.text);
    cr_expect_eq(c->site_count, 4u);
    cr_expect_eq(c->settings.workers, 2u);
    config_free(c);
    folder_release(&f);
}

Test(config_file, reads_each_file_once)
{
    struct config_error error;
    struct config *c;
    struct folder f;
    folder_init(&f);
    put(&f, "luotd.conf", "include = a.conf\ninclude = ./a.conf\ninclude = *.conf\n");
    put(&f, "a.conf", "include = luotd.conf\n[site a]\n");
    c = load(&f, NULL, &error);
    cr_assert_not_null(c, "%s", error.text);
    cr_expect_eq(c->site_count, 1u);
    config_free(c);
    folder_release(&f);
}

Test(config_file, follows_includes_8_deep_and_no_further)
{
    struct config_error error;
    struct config *c;
    struct folder f;
    folder_init(&f);
    put(&f, "luotd.conf", "include = 1\n");
    for (int i = 1; i <= 8; i++) {
        char name[8], text[32];
        snprintf(name, sizeof(name), "%d", i);
        snprintf(text, sizeof(text), i == 8 ? "[site x]\n" : "include = %d\n", i + 1);
        put(&f, name, text);
    }
    c = load(&f, NULL, &error);
    cr_expect_not_null(c, "%s", error.text);
    config_free(c);
    put(&f, "8", "#\n#\ninclude = 9\n");
    expect_message(&f, "8:3: includes are more than 8 deep");
    folder_release(&f);
}

Test(config_file, names_the_included_file)
{
    struct folder f;
    folder_init(&f);
    put(&f, "luotd.conf", "\ninclude = a.conf\n[site x]\n");
    put(&f, "a.conf", "#\nworkers = x\n");
    expect_message(&f, "a.conf:2: workers = x: must be a number of threads from 0 to 64");
    put(&f, "luotd.conf", "[site x]\ninclude = a.conf\n");
    expect_message(
        &f, "luotd.conf:2: include belongs above the first [site KEY] and [reader NAME]");
    put(&f, "luotd.conf", "include =\n");
    expect_message(&f, "luotd.conf:1: include: must be the path of a file or a pattern "
                       "like sites.d/*.conf");
    folder_release(&f);
}

Test(config_file, names_both_places_of_a_site_that_is_there_twice)
{
    struct config_error error;
    char message[512];
    struct folder f;
    folder_init(&f);
    put(&f, "luotd.conf", "include = a.conf\n\n[site x]\n");
    put(&f, "a.conf", "[site x]\n");
    cr_expect_null(load(&f, NULL, &error));
    snprintf(
        message, sizeof(message),
        "%s/luotd.conf:3: the site `x` is already there (%s/a.conf:1); give this one "
        "another key or remove it",
        f.path, f.path);
    cr_expect_str_eq(error.text, message);
    folder_release(&f);
}

Test(config_file, says_why_a_file_cannot_be_read)
{
    struct config_error error;
    char message[512];
    struct folder f;
    folder_init(&f);
    expect_message(&f, "luotd.conf: cannot be read: No such file or directory");
    cr_assert_eq(mkdir(file(&f, "luotd.conf"), 0700), 0);
    expect_message(&f, "luotd.conf: cannot be read: it is not a regular file");
    cr_assert_eq(rmdir(file(&f, "luotd.conf")), 0);
    cr_assert_eq(mkfifo(file(&f, "luotd.conf"), 0600), 0);
    expect_message(&f, "luotd.conf: cannot be read: it is not a regular file");
    cr_assert_eq(unlink(file(&f, "luotd.conf")), 0);
    put(&f, "luotd.conf", "#\ninclude = a.conf\n");
    cr_expect_null(load(&f, NULL, &error));
    snprintf(message, sizeof(message),
             "%s/luotd.conf:2: include: %s/a.conf cannot be read: No such file or "
             "directory",
             f.path, f.path);
    cr_expect_str_eq(error.text, message);
    folder_release(&f);
}

Test(config_file, refuses_a_file_of_more_than_1_MiB)
{
    struct config_error error;
    struct config *c;
    struct folder f;
    char *text = malloc(CONFIG_FILE_MAX + 2);
    folder_init(&f);
    memset(text, '\n', CONFIG_FILE_MAX + 1);
    text[CONFIG_FILE_MAX] = '\0';
    put(&f, "luotd.conf", text);
    c = load(&f, NULL, &error);
    cr_expect_not_null(c, "%s", error.text);
    config_free(c);
    text[CONFIG_FILE_MAX] = '\n';
    text[CONFIG_FILE_MAX + 1] = '\0';
    put(&f, "luotd.conf", text);
    expect_message(&f, "luotd.conf: cannot be read: it is larger than 1 MiB");
    free(text);
    folder_release(&f);
}

Test(config_file, says_that_the_system_has_no_time_zones)
{
    struct folder f;
    folder_init(&f);
    cr_assert_eq(setenv("TZDIR", f.path, 1), 0);
    put(&f, "luotd.conf", "#\n[site x]\n");
    expect_message(&f, "luotd.conf:2: the time zone Asia/Ho_Chi_Minh cannot be read; "
                       "install tzdata or set timezone");
    folder_release(&f);
}
