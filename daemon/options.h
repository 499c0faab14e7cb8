/* Floor 5. luotd's command line. */
#ifndef LUOT_OPTIONS_H
#define LUOT_OPTIONS_H

#include "base/config.h"

enum { OVERRIDES_MAX = 64, OVERRIDE_NAME_MAX = 48, OPTIONS_USAGE = 64 };

/* Points into argv and into itself: it is not copied. */
struct options {
    const char *config_file; /* -c FILE; NULL: the embedded default  */
    bool check_only;         /* -t: check the configuration and exit */
    bool print_effective;    /* -T: print what is in force and exit  */
    bool print_example;      /* --print-conf: print conf/luotd.conf  */
    bool help;               /* -h, --help                           */
    bool version;            /* -V, --version                        */
    struct config_override overrides[OVERRIDES_MAX]; /* --name=value, in order */
    size_t override_count;
    char names[OVERRIDES_MAX][OVERRIDE_NAME_MAX]; /* of the overrides */
};

/* 0, or OPTIONS_USAGE (sysexits' 64) with what is wrong and what to do in *ret_error.
 * Names of settings are checked here, values by config_load. argv outlives
 * *ret_options. */
int options_parse(struct options *ret_options, int argc, char *const *argv,
                  struct config_error *ret_error);
/* `luotd --help`: the usage and the table of settings. */
void options_write_help(struct buffer *b);

#endif
