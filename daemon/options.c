#include "options.h"

#include <stdio.h>

static const char USAGE[] =
    "luotd counts the visitors of web sites. Without a file it serves one site, `demo`.\n"
    "\n"
    "usage: luotd [-c FILE] [-t | -T] [--name=value ...]\n"
    "\n"
    "  -c FILE         read the settings from FILE\n"
    "  -t              check the configuration; exit 0, or 78 and say where it is wrong\n"
    "  -T              print the settings in force, as a file that -c can read\n"
    "  --print-conf    print an example file: every setting, its default, its sentence\n"
    "  -h, --help      print this\n"
    "  -V, --version   print the version\n"
    "\n";

static int usage_error(struct config_error *ret_error, const char *option,
                       const char *advice)
{
    snprintf(ret_error->text, sizeof(ret_error->text), "%.100s: %s", option, advice);
    return OPTIONS_USAGE;
}

static bool *find_flag(struct options *o, const char *argument)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"-t", &o->check_only},
        {"-T", &o->print_effective},
        {"--print-conf", &o->print_example},
        {"-h", &o->help},
        {"--help", &o->help},
        {"-V", &o->version},
        {"--version", &o->version},
    };
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (strcmp(flags[i].name, argument) == 0)
            return flags[i].flag;
    return NULL;
}

/* --name=value */
static int take_override(struct options *o, const char *argument,
                         struct config_error *ret_error)
{
    struct slice rest = slice_of(argument + 2);
    struct slice name = slice_cut(&rest, '=');
    char *copy;
    if (config_check_name(name, ret_error) != 0)
        return OPTIONS_USAGE;
    if (rest.at == NULL)
        return usage_error(ret_error, argument, "needs a value, as in --listen=[::1]:80");
    if (o->override_count == OVERRIDES_MAX || name.length >= OVERRIDE_NAME_MAX)
        return usage_error(ret_error, argument, "too many settings; put them in a file");
    copy = o->names[o->override_count];
    memcpy(copy, name.at, name.length);
    copy[name.length] = '\0';
    o->overrides[o->override_count++] = (struct config_override){copy, rest.at};
    return 0;
}

/* -c FILE or -cFILE */
static int take_file(struct options *o, int argc, char *const *argv, int *i,
                     struct config_error *ret_error)
{
    const char *file = argv[*i] + 2;
    if (*file == '\0' && *i + 1 < argc)
        file = argv[++*i];
    if (*file == '\0')
        return usage_error(ret_error, "-c", "needs the name of a file");
    if (o->config_file != NULL)
        return usage_error(ret_error, "-c", "may be given once; use include in the file");
    o->config_file = file;
    return 0;
}

int options_parse(struct options *ret_options, int argc, char *const *argv,
                  struct config_error *ret_error)
{
    struct options *o = ret_options;
    memset(o, 0, sizeof(*o));
    for (int i = 1; i < argc; i++) {
        bool *flag = find_flag(o, argv[i]);
        int rv = 0;
        if (flag != NULL)
            *flag = true;
        else if (strncmp(argv[i], "-c", 2) == 0)
            rv = take_file(o, argc, argv, &i, ret_error);
        else if (strncmp(argv[i], "--", 2) == 0 && argv[i][2] != '\0')
            rv = take_override(o, argv[i], ret_error);
        else
            rv = usage_error(ret_error, argv[i],
                             "not an option of luotd; try `luotd --help`");
        if (rv != 0)
            return rv;
    }
    return 0;
}

void options_write_help(struct buffer *b)
{
    buffer_text(b, USAGE);
    config_write_help(b);
}
