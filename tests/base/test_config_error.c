/* What luotd says about a configuration that is wrong: where, what, and what to do. */
#include "base/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

#define SECTION_ADVICE                                                                   \
    "a section begins with [site KEY] or [reader NAME], alone on its line"
#define KEY_ADVICE                                                                       \
    "a site's key is 1 to 63 of a-z, 0-9, `_` and `-`, and begins with a letter or a "   \
    "digit"
#define LINE_ADVICE                                                                      \
    "a line is `name = value`, `[site KEY]`, `[reader NAME]` or a # comment"
#define QUOTE_ADVICE "a value that begins with a quote ends with one; inside, write \\\""
#define HOST_ADVICE                                                                      \
    "a comma list of host names like example.gov.vn or *.example.gov.vn, at most 511 "   \
    "bytes, without http:// and without a port"
#define STORE_ADVICE                                                                     \
    "sqlite, sqlite:PATH, redis://[user:pass@]host:port/db, "                            \
    "redis+unix://[user:pass@]PATH[?db=N], "                                             \
    "redis+sentinel://[user:pass@]HOST[:port],HOST.../NAME[/db][?sentinel=user:pass], "  \
    "a comma list of up to 4 of them, or none"
#define LISTEN_ADVICE                                                                    \
    "a comma list of 1 to 8 different ADDRESS:PORT, like 127.0.0.1:8080 or [::1]:8080, " \
    "ports from 0 to 65535"
#define NETWORK_ADVICE                                                                   \
    "a comma list of at most 64 networks like 10.0.0.0/8 or fd00::/8, or loopback, "     \
    "private or none"
#define SIXTY_FOUR "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
    const char *text;
    const char *message;
} MESSAGES[] = {
    /* names */
    {"\nlisen = x\n", "t.conf:2: unknown setting `lisen`; did you mean `listen`?"},
    {"x = 1\n", "t.conf:1: unknown setting `x`; `luotd --help` lists them all"},
    {"trusted_proxy = x\n",
     "t.conf:1: unknown setting `trusted_proxy`; did you mean `trusted_proxies`?"},
    {"= x\n", "t.conf:1: unknown setting ``; `luotd --help` lists them all"},
    {"title = x\n",
     "t.conf:1: `title` is a setting of a site; put it into a file, below [site KEY]"},
    {"[site x]\n\nworkers = 1\n",
     "t.conf:3: `workers` is not a setting of a site; put it above the first [site KEY]"},
    {"[site x]\ntimzone = UTC\n",
     "t.conf:2: unknown setting `timzone`; did you mean `timezone`?"},
    {"Listen = x\n", "t.conf:1: unknown setting `Listen`; did you mean `listen`?"},
    /* lines */
    {"workers 1\n", "t.conf:1: " LINE_ADVICE},
    {"workers: 1\n", "t.conf:1: " LINE_ADVICE},
    {"listen 127.0.0.1:80 = x\n", "t.conf:1: " LINE_ADVICE},
    {"node = \"a\n", "t.conf:1: " QUOTE_ADVICE},
    {"node = \"a\" b\n", "t.conf:1: " QUOTE_ADVICE},
    {"node = \"a\\\"\n", "t.conf:1: " QUOTE_ADVICE},
    {"include = a.conf\n", "t.conf:1: include works in a file only"},
    /* sections */
    {"\n\n[sites x]\n", "t.conf:3: " SECTION_ADVICE},
    {"[site x\n", "t.conf:1: " SECTION_ADVICE},
    {"[site x] y\n", "t.conf:1: " SECTION_ADVICE},
    {"[x]\n", "t.conf:1: " SECTION_ADVICE},
    {"[\n", "t.conf:1: " SECTION_ADVICE},
    {"[]\n", "t.conf:1: " SECTION_ADVICE},
    {"[site]\n", "t.conf:1: " SECTION_ADVICE},
    {"[site X]\n", "t.conf:1: " KEY_ADVICE},
    {"[site -x]\n", "t.conf:1: " KEY_ADVICE},
    {"[site x.y]\n", "t.conf:1: " KEY_ADVICE},
    {"[site " SIXTY_FOUR "]\n", "t.conf:1: " KEY_ADVICE},
    {"[site b]\n[site a]\n\n[site b]\n",
     "t.conf:4: the site `b` is already there (t.conf:1); give this one another key or "
     "remove it"},
    {"sites_max = 1\n[site b]\n[site a]\n",
     "t.conf:3: 2 sites are configured, but sites_max is 1; raise sites_max"},
    /* values: one message for each kind */
    {"listen = 80\n", "t.conf:1: listen = 80: must be " LISTEN_ADVICE},
    {"workers = many\n",
     "t.conf:1: workers = many: must be a number of threads from 0 to 64"},
    {"node = a/b\n",
     "t.conf:1: node = a/b: must be at most 63 letters, digits, `.`, `-` and `_`"},
    {"socket = \x01\n", "t.conf:1: socket = ?: must be a path of at most 107 bytes"},
    {"store = mysql\n", "t.conf:1: store = mysql: must be " STORE_ADVICE},
    {"store = redis://me:secret@h:x\n",
     "t.conf:1: store = redis://***: must be " STORE_ADVICE},
    {"udp_trusted = me\n", "t.conf:1: udp_trusted = me: must be " NETWORK_ADVICE},
    {"log_level = loud\n",
     "t.conf:1: log_level = loud: must be error, warn, info or debug"},
    {"auto_sites = *\n", "t.conf:1: auto_sites = *: must be " HOST_ADVICE},
    {"udp_buffer = 1\n",
     "t.conf:1: udp_buffer = 1: must be a size from 64KiB to 1GiB, like 512KiB or 4MiB"},
    {"[site x]\ngroup = " SIXTY_FOUR "\n",
     "t.conf:2: group = " SIXTY_FOUR ": must be text of at most 63 bytes, in UTF-8"},
    {"[site x]\ntimezone = Asia/Hanoi\n",
     "t.conf:2: timezone = Asia/Hanoi: must be a time zone that this system knows, like "
     "Asia/Ho_Chi_Minh or UTC"},
    {"[site x]\nonline_window = 2h\n", "t.conf:2: online_window = 2h: must be a time "
                                       "from 1min to 1h, like 90s, 5min or 1h"},
    {"[site x]\npublic = maybe\n", "t.conf:2: public = maybe: must be yes or no"},
    {"[site x]\nmetric = hits\n",
     "t.conf:2: metric = hits: must be views, visits or visitors"},
    /* the first of several */
    {"a1 = 1\nb2 = 2\n", "t.conf:1: unknown setting `a1`; `luotd --help` lists them all"},
};

Test(config_error, names_the_line_and_what_to_do)
{
    for (size_t i = 0; i < sizeof(MESSAGES) / sizeof(MESSAGES[0]); i++) {
        struct config *c = NULL;
        struct config_error error = {""};
        int rv = config_parse(&c, slice_of(MESSAGES[i].text), "t.conf", &error);
        cr_expect_eq(rv, ERR_MALFORMED, "%s", MESSAGES[i].text);
        cr_expect_str_eq(error.text, MESSAGES[i].message);
        config_free(c);
    }
}

Test(config_error, refuses_a_long_line_instead_of_cutting_it)
{
    struct config *c = NULL;
    struct config_error error = {""};
    char *text = malloc(CONFIG_LINE_MAX + 16);
    struct slice line = {text, CONFIG_LINE_MAX + 1};
    memset(text, '#', CONFIG_LINE_MAX + 16);
    text[0] = '\n';
    cr_expect_eq(config_parse(&c, line, "t.conf", &error), 0, "%s", error.text);
    config_free(c);
    line.length++;
    cr_expect_eq(config_parse(&c, line, "t.conf", &error), ERR_MALFORMED);
    cr_expect_str_eq(error.text,
                     "t.conf:2: the line is longer than 4096 bytes; make it shorter");
    text[CONFIG_LINE_MAX] = '\0';
    line.length--;
    cr_expect_eq(config_parse(&c, line, "t.conf", &error), ERR_MALFORMED);
    cr_expect_str_eq(error.text,
                     "t.conf:2: the line has a NUL byte; is this a text file?");
    free(text);
}

Test(config_error, shows_a_long_value_cut)
{
    struct config *c = NULL;
    struct config_error error = {""};
    cr_expect_eq(
        config_parse(&c, SLICE("workers = " SIXTY_FOUR SIXTY_FOUR), "t.conf", &error),
        ERR_MALFORMED);
    cr_expect_not_null(strstr(error.text, "012345...: must be a number"), "%s",
                       error.text);
}

static int load(char *const *environment, const char *name, const char *value,
                struct config_error *ret_error)
{
    struct config *c = NULL;
    struct config_override override = {name, value};
    int rv =
        config_load(&c, NULL, environment, &override, name == NULL ? 0 : 1, ret_error);
    config_free(c);
    return rv;
}

Test(config_error, names_the_variable_of_the_environment)
{
    static char wrong[] = "LUOT_LISTEN=80";
    static char unknown[] = "LUOT_LISTN=80";
    static char site[] = "LUOT_TITLE=80";
    static char *const environments[][2] = {{wrong, NULL}, {unknown, NULL}, {site, NULL}};
    struct config_error error = {""};
    cr_expect_eq(load(environments[0], NULL, NULL, &error), ERR_MALFORMED);
    cr_expect_str_eq(error.text, "LUOT_LISTEN=80: must be " LISTEN_ADVICE);
    cr_expect_eq(load(environments[1], NULL, NULL, &error), ERR_MALFORMED);
    cr_expect_str_eq(error.text, "unknown setting LUOT_LISTN; did you mean LUOT_LISTEN?");
    cr_expect_eq(load(environments[2], NULL, NULL, &error), ERR_MALFORMED);
    cr_expect_str_eq(error.text,
                     "LUOT_TITLE is a setting of a site; put it into a file, below "
                     "[site KEY]");
}

Test(config_error, names_the_option_of_the_command_line)
{
    struct config_error error = {""};
    cr_expect_eq(load(NULL, "workers", "65\x1b[2J", &error), ERR_MALFORMED);
    cr_expect_str_eq(error.text,
                     "--workers=65?[2J: must be a number of threads from 0 to 64");
    cr_expect_eq(load(NULL, "worker", "1", &error), ERR_MALFORMED);
    cr_expect_str_eq(error.text, "unknown setting --worker; did you mean --workers?");
    cr_expect_eq(config_check_name(SLICE("state-dir"), &error), 0);
    cr_expect_eq(config_check_name(SLICE("state-di"), &error), ERR_MALFORMED);
}
