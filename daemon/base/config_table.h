/* Floor 0 (base), for config*.c only. The rows of config.def and what can be done with
 * one. */
#ifndef LUOT_BASE_CONFIG_TABLE_H
#define LUOT_BASE_CONFIG_TABLE_H

#include "base/config.h"

enum kind {
    KIND_TEXT,                  /* char[], any UTF-8                        */
    KIND_NAME,                  /* char[], letters, digits, dot, - and _    */
    KIND_PATH,                  /* char[]                                   */
    KIND_LISTEN,                /* char[], comma list of ADDRESS:PORT       */
    KIND_STORE,                 /* char[], see base/store_where.h           */
    KIND_HOSTS,                 /* char[], comma list of host patterns      */
    KIND_BEGINNINGS,            /* char[], comma list of beginnings of paths */
    KIND_ZONE,                  /* char[], a time zone of this system       */
    KIND_KEYS,                  /* char[], comma list of a query's keys     */
    KIND_WRITERS,               /* char[], see base/writers.h               */
    KIND_TOKEN_HASH,            /* char[], 64 hexadecimal digits, or none   */
    KIND_SITES,                 /* char[], comma list of sites' keys, or *  */
    KIND_GROUPS,                /* char[], comma list of groups, or *       */
    KIND_TEXTS,                 /* how many of the kinds are char[]         */
    KIND_NETWORKS = KIND_TEXTS, /* struct networks                          */
    KIND_NUMBER,                /* unsigned                                 */
    KIND_DURATION,              /* unsigned, seconds; written 30s, 5min, 1h */
    KIND_SIZE,                  /* uint64_t, bytes; written 64KiB, 4MiB     */
    KIND_YES_NO,                /* bool                                     */
    KIND_RATE,                  /* struct rate_rule; written 10/s burst 100 */
    KIND_WORD,                  /* unsigned or an enum: the word's place    */
    KIND_COUNT
};

struct setting {
    const char *name;
    enum kind kind;
    uint64_t low, high;   /* inclusive; see config.def          */
    const char *unit;     /* "threads"; of a WORD: the words    */
    const char *fallback; /* the default, as one would write it */
    const char *sentence; /* what it does                       */
    size_t offset, size;  /* of its member in the record        */
};

/* A record is a struct settings, a struct site_config or a struct reader_config. */
struct setting_table {
    const struct setting *rows;
    size_t count;
};

extern const struct setting_table GLOBAL_SETTINGS;
extern const struct setting_table SITE_SETTINGS;
extern const struct setting_table READER_SETTINGS;

/* What a kind can do; `member` is where the value lies. */
struct kind_rules {
    int (*parse)(const struct setting *s, void *member, struct slice value);
    void (*write)(struct buffer *b, const struct setting *s, const void *member);
    void (*describe)(struct buffer *b, const struct setting *s);
};

enum place_kind { PLACE_FILE, PLACE_ENVIRONMENT, PLACE_COMMAND_LINE };

/* Where a value was found, for the message. */
struct place {
    enum place_kind kind;
    const char *file; /* PLACE_FILE only */
    unsigned line;    /* PLACE_FILE only */
};

/* config_table.c. NULL when the table has no such row. */
const struct setting *setting_find(struct setting_table t, struct slice name);
/* The known name that is nearest by edit distance, or NULL when none is near. */
const struct setting *setting_nearest(struct setting_table t, struct slice name);
void settings_default(struct setting_table t, void *record);
/* Sets one member, or says in *ret_error what it must be; returns 0 or ERR_MALFORMED. */
int setting_apply(const struct setting *s, void *record, struct slice value,
                  struct place place, struct config_error *ret_error);
/* Says that `name` is no setting here and what was probably meant. Returns
 * ERR_MALFORMED. */
int setting_unknown(struct setting_table t, struct slice name, struct place place,
                    struct config_error *ret_error);
/* The sentence into *ret_error; returns rv. */
int config_say(struct config_error *ret_error, int rv, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* config_value.c. ERR_MALFORMED or ERR_RANGE; the member is untouched on failure. */
int setting_parse(const struct setting *s, void *record, struct slice value);
/* The value as it would be written in a file, in quotes if it needs them. */
void setting_write(struct buffer *b, const struct setting *s, const void *record);
/* What a value must be: "a number of threads from 0 to 256", "yes or no". */
void setting_describe(struct buffer *b, const struct setting *s);

/* config_reader.c: what of a reader is text. */
int token_hash_parse(const struct setting *s, void *member, struct slice value);
void token_hash_describe(struct buffer *b, const struct setting *s);
bool site_keys_are_valid(struct slice keys); /* a comma list of them, or "*" */

/* config_text.c */
extern const struct kind_rules TEXT_KINDS[KIND_TEXTS];

/* config_hosts.c. A comma list of names and *.suffix patterns, and nothing else. */
bool hosts_are_valid(struct slice patterns);

#endif
