#include "options.c" /* floor 5 is in no library: it is tested as source */

#include <criterion/criterion.h>

static int parse(struct options *ret_options, struct config_error *ret_error,
                 char *const *argv)
{
    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    ret_error->text[0] = '\0';
    return options_parse(ret_options, argc, argv, ret_error);
}

Test(options, are_all_off_without_arguments)
{
    char program[] = "luotd";
    char *const argv[] = {program, NULL};
    struct options o;
    struct config_error error;
    cr_expect_eq(parse(&o, &error, argv), 0);
    cr_expect_null(o.config_file);
    cr_expect_eq(o.override_count, 0u);
    cr_expect_not(o.check_only || o.print_effective || o.print_example || o.help ||
                  o.version);
}

Test(options, reads_a_file_flags_and_settings_in_order)
{
    char program[] = "luotd", c[] = "-c", name[] = "a.conf", t[] = "-t", big_t[] = "-T";
    char print[] = "--print-conf", help[] = "--help", version[] = "-V";
    char one[] = "--listen=[::1]:80", two[] = "--state-dir=a=b", three[] = "--geo_db=";
    char *const argv[] = {program, c, t, one, two, name, NULL};
    char *const flags[] = {program, t, big_t, print, help, version, three, NULL};
    char *const right[] = {program, one, c, name, two, NULL};
    struct options o;
    struct config_error error;
    cr_expect_eq(parse(&o, &error, right), 0, "%s", error.text);
    cr_expect_str_eq(o.config_file, "a.conf");
    cr_assert_eq(o.override_count, 2u);
    cr_expect_str_eq(o.overrides[0].name, "listen");
    cr_expect_str_eq(o.overrides[0].value, "[::1]:80");
    cr_expect_str_eq(o.overrides[1].name, "state-dir");
    cr_expect_str_eq(o.overrides[1].value, "a=b");
    cr_expect_eq(parse(&o, &error, flags), 0, "%s", error.text);
    cr_expect(o.check_only && o.print_effective && o.print_example && o.help &&
              o.version);
    cr_expect_str_eq(o.overrides[0].value, "");
    cr_expect_eq(parse(&o, &error, argv), OPTIONS_USAGE); /* -c took -t; a.conf is left */
    cr_expect_str_eq(error.text, "a.conf: not an option of luotd; try `luotd --help`");
}

Test(options, says_what_is_wrong)
{
    static const struct {
        const char *argument;
        const char *message;
    } CASES[] = {
        {"-x", "-x: not an option of luotd; try `luotd --help`"},
        {"--", "--: not an option of luotd; try `luotd --help`"},
        {"", ": not an option of luotd; try `luotd --help`"},
        {"-c", "-c: needs the name of a file"},
        {"--lisen=1", "unknown setting --lisen; did you mean --listen?"},
        {"--listen", "--listen: needs a value, as in --listen=[::1]:80"},
        {"--title=x",
         "--title is a setting of a site; put it into a file, below [site KEY]"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        char program[] = "luotd", argument[32];
        char *const argv[] = {program, argument, NULL};
        struct options o;
        struct config_error error;
        snprintf(argument, sizeof(argument), "%s", CASES[i].argument);
        cr_expect_eq(parse(&o, &error, argv), OPTIONS_USAGE);
        cr_expect_str_eq(error.text, CASES[i].message);
    }
}

Test(options, refuses_a_second_file_and_too_many_settings)
{
    char program[] = "luotd", file[] = "-ca.conf", setting[] = "--workers=1";
    char *const twice[] = {program, file, file, NULL};
    char *many[OVERRIDES_MAX + 3] = {program};
    struct options o;
    struct config_error error;
    cr_expect_eq(parse(&o, &error, twice), OPTIONS_USAGE);
    cr_expect_str_eq(o.config_file, "a.conf");
    for (size_t i = 1; i <= OVERRIDES_MAX + 1; i++)
        many[i] = setting;
    cr_expect_eq(parse(&o, &error, many), OPTIONS_USAGE);
    many[OVERRIDES_MAX + 1] = NULL;
    cr_expect_eq(parse(&o, &error, many), 0);
}

Test(options, helps_with_the_usage_and_the_settings)
{
    char help[16384];
    struct buffer b;
    buffer_init(&b, help, sizeof(help) - 1);
    options_write_help(&b);
    cr_assert_eq(buffer_error(&b), 0);
    help[b.length] = '\0';
    cr_expect_not_null(strstr(help, "usage: luotd"));
    cr_expect_not_null(strstr(help, "\n  listen = 127.0.0.1:8080\n"));
}
