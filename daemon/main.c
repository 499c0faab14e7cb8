#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "daemon.h"
#include "identify/agent_file.h"
#include "identify/geo.h"
#include "identify/referrer_list.h"
#include "options.h"

extern char **environ;

typedef void write_fn(struct buffer *b, const struct config *c);

static void write_options(struct buffer *b, const struct config *c)
{
    (void)c;
    options_write_help(b);
}

static void write_example(struct buffer *b, const struct config *c)
{
    (void)c;
    config_write_example(b);
}

static int print(write_fn *write_text, const struct config *c)
{
    struct buffer b;
    size_t limit = config_write_limit(c);
    char *memory = malloc(limit);

    if (memory == NULL)
        return EXIT_OSERR;
    buffer_init(&b, memory, limit);
    write_text(&b, c);
    fwrite(b.at, 1, b.length, stdout);
    free(memory);
    return fflush(stdout) == 0 && buffer_error(&b) == 0 ? EXIT_OK : EXIT_IOERR;
}

/* What is named is there. A start would go on without it; who asks wants to know. */
static int check_geo(const char *setting)
{
    char sentence[GEO_SENTENCE];
    struct geo *geo;

    if (setting[0] == '\0' || strcmp(setting, "none") == 0)
        return EXIT_OK;
    if (geo_open(&geo, setting, sentence) != 0) {
        fprintf(stderr, "luotd: %s\n", sentence);
        return EXIT_CONFIG;
    }
    geo_free(geo);
    return EXIT_OK;
}

static int check(const struct config *c)
{
    char sentence[REFERRER_LIST_SENTENCE_MAX], trouble[AGENT_FILE_TROUBLE_MAX];
    struct referrer_list *referrers;
    struct agents *agents;

    if (hash_start() != 0)
        return EXIT_OSERR;
    if (check_geo(c->settings.geo_db) != EXIT_OK)
        return EXIT_CONFIG;
    if (referrer_list_open(&referrers, c->settings.referrer_list,
                           c->settings.referrer_deny, sentence) != 0) {
        fprintf(stderr, "luotd: %s\n", sentence);
        return EXIT_CONFIG;
    }
    referrer_list_free(referrers);
    if (agents_open(&agents, c->settings.agent_list, c->settings.bot_list, 1, trouble) !=
        0) {
        fprintf(stderr, "luotd: %s\n", trouble);
        return EXIT_CONFIG;
    }
    agents_free(agents);
    printf("the configuration is right: %zu site%s, listen %s\n", c->site_count,
           c->site_count == 1 ? "" : "s", c->settings.listen);
    return EXIT_OK;
}

/* A parent may have closed some of 0, 1 and 2. The next file opened would then be what we
 * log to or print on: the arena, the database. */
static bool open_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    return true;
}

static void ask_of_the_kernel(void)
{
    /* A core would hold what is being counted at that moment. 1 and not 0: no core pipe
     * (core_pattern) is fed then either. */
    struct rlimit no_core = {1, 1}, files;
    sigset_t reload;

    (void)setrlimit(RLIMIT_CORE, &no_core);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max; /* the connection limit is ours to keep */
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file over its limit is an error of write() */
    (void)sigemptyset(&reload);
    /* One that comes too early waits until we are ready. */
    (void)sigaddset(&reload, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &reload, NULL);
}

/* Malloc keeps what was large once for a next time, and a heap for each thread. A beacon
 * allocates nothing, so whoever waits or asks the kernel here is never one: what is large
 * is the kernel's, and goes back when it is freed. 2 to 5 MiB less. */
static void ask_of_malloc(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, 128 << 10);
    (void)mallopt(M_ARENA_MAX, 1);
}

int main(int argc, char **argv)
{
    struct options options;
    struct config_error error;
    struct config *config;
    int rv;

    if (!open_standard_files())
        return EXIT_OSERR;
    ask_of_the_kernel();
    ask_of_malloc();
    if (options_parse(&options, argc, argv, &error) != 0) {
        fprintf(stderr, "luotd: %s\n", error.text);
        return EXIT_USAGE;
    }
    if (options.help)
        return print(write_options, NULL);
    if (options.version)
        return printf("luotd %s\n", LUOT_VERSION) > 0 ? EXIT_OK : EXIT_IOERR;
    if (options.print_example)
        return print(write_example, NULL);
    rv = config_load(&config, options.config_file, environ, options.overrides,
                     options.override_count, &error);
    if (rv != 0) {
        fprintf(stderr, "luotd: %s\n", error.text);
        return rv == ERR_NOMEM ? EXIT_OSERR : EXIT_CONFIG;
    }
    if (!options.print_effective && !options.check_only)
        return daemon_run(config, &options, environ);
    rv = options.print_effective ? print(config_write_effective, config) : check(config);
    config_free(config);
    return rv;
}
