/* Floor 0 (base), for config*.c only. What the files say, before it is checked as a
 * whole. */
#ifndef LUOT_BASE_CONFIG_READ_H
#define LUOT_BASE_CONFIG_READ_H

#include "base/config_table.h"

enum { NETWORK_RULE_TEXT = 160 /* bytes of a rule as a line */ };

struct parsed_site {
    struct site_config config;
    struct place place; /* of its section */
    size_t order;       /* 0: the first   */
};

struct parsed_reader {
    struct reader_config config;
    struct place place; /* of its section */
};

struct seen_file {
    char *name;          /* ours                     */
    uint64_t dev, inode; /* a file is read only once */
};

/* All zero is a valid start. */
struct parsed {
    struct settings settings;
    struct parsed_site *sites;
    size_t site_count, site_room;
    struct seen_file *files;
    size_t file_count, file_room;
    struct network_rule *rules;
    size_t rule_count, rule_room;
    struct parsed_reader *readers;
    size_t reader_count, reader_room;
};

enum section { SECTION_NONE, SECTION_SITE, SECTION_READER };

/* One text being read. */
struct reading {
    struct parsed *parsed;
    struct slice rest;    /* what has not been read yet                       */
    struct place place;   /* the line being read                              */
    size_t depth;         /* of includes: 0 for the file that -c names        */
    enum section section; /* the open one is the last of its kind             */
    bool from_memory;     /* there is nothing an include could be relative to */
    int error;            /* the first one; its sentence is in *ret_error     */
    struct config_error *ret_error;
};

/* config_line.c. All return 0 or the error, which then has its sentence. */
int reading_run(struct reading *r);
int reading_fail(struct reading *r, const char *sentence);
/* `include` is refused. `name` must outlive *p. */
int parsed_text(struct parsed *p, struct slice text, const char *name,
                struct config_error *ret_error);
/* The embedded default: the site `demo`. */
int parsed_demo(struct parsed *p, struct config_error *ret_error);

/* config_file.c */
void reading_include(struct reading *r, struct slice value);
int parsed_file(struct parsed *p, const char *file, struct config_error *ret_error);
void parsed_release(struct parsed *p);

/* config_network.c. Is this the name of a `network NAME`, and which? */
bool network_setting(struct slice setting, struct slice *ret_name);
void reading_network(struct reading *r, struct slice name, struct slice value);
/* As a line of a file. */
void network_rule_write(struct buffer *b, const struct network_rule *rule);

/* config_reader.c: begins the section of one. */
void reading_reader(struct reading *r, struct slice name);
/* Each has a token and something to read, and no two are the same. ERR_MALFORMED with the
 * sentence. */
int parsed_check_readers(const struct parsed *p, struct config_error *ret_error);

/* What the demo site sets; conf/luotd.conf shows the same lines. */
struct demo_value {
    const char *name;
    const char *value;
};

extern const struct demo_value DEMO_VALUES[];
extern const size_t DEMO_VALUE_COUNT;

#endif
