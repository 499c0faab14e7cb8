/* Floor 0 (base). What can be set, from one table: config.def. The same rows make the
 * parser, `luotd --help` and conf/luotd.conf, so a setting is one row (and its use).
 *
 * Sources, later wins: the defaults, the file (-c), the environment (LUOT_NAME; names in
 * upper case), --name=value. A file holds `name = value` lines, `include =
 * sites.d/[star].conf` (relative to the file, sorted, each file once, 8 deep), and
 * sections `[site KEY]` and `[reader NAME]`. `#` and `;` begin a comment at the start of a line or after a
 * space. A value may be in double quotes, in which \" and \\ are a quote and a backslash.
 * Global settings and includes stand above the first section. An unknown name is an
 * error. A repeated list setting replaces, it does not append; but `network NAME = ...`
 * may be said again for the same name, and adds. A struct config is
 * immutable once loaded; the daemon swaps whole ones on reload. */
#ifndef LUOT_BASE_CONFIG_H
#define LUOT_BASE_CONFIG_H

#include "base/address.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/slice.h"

enum {
    SITE_KEY_MAX = 63,     /* [a-z0-9][a-z0-9_-]{0,62} */
    CONFIG_TEXT_MAX = 512, /* bytes of any text value  */
    CONFIG_FILE_MAX = 1 << 20,
    CONFIG_LINE_MAX = 4096, /* bytes of a line in a file; a longer one is an error */
    CONFIG_INCLUDES_MAX = 8,
    LISTEN_MAX = 8,       /* ADDRESS:PORT in listen */
    READER_NAME_MAX = 31, /* [A-Za-z0-9._-]  */
    READERS_MAX = 256,
    NETWORK_NAME_MAX = 63,
    NETWORK_NAMES_MAX = 64,
    NETWORK_RULES_MAX = 8192 /* networks and countries, of all names */
};

struct endpoint {
    struct address address;
    uint16_t port; /* host order; 0: the system chooses */
};

enum metric { METRIC_VIEWS, METRIC_VISITS, METRIC_VISITORS };
enum dnt { DNT_ANONYMOUS, DNT_UNCOUNTED, DNT_IGNORED };
enum box_week { BOX_WEEK_CALENDAR, BOX_WEEK_ROLLING };
enum identity { IDENTITY_MONTH, IDENTITY_DAY };
enum source { SOURCE_BEACONS, SOURCE_LOGS };
enum page_rule { PAGE_RULE_PAGE, PAGE_RULE_PV1 }; /* see parse/page_rule.h */

/* At most `events` in `per_s` seconds in the long run, and `burst` of them at once. */
struct rate_rule {
    unsigned events; /* 0: off */
    unsigned per_s;
    unsigned burst;
};
enum bots { BOTS_APART, BOTS_COUNTED };

/* The global settings: a member for each SETTING of config.def, with the same name and
 * the sentence, range and default that stand there. Text is NUL-terminated; "" is
 * unset. */
struct settings {
    char listen[CONFIG_TEXT_MAX]; /* see listen_parse        */
    unsigned workers;             /* 0: one a core           */
    char node[64];                /* never empty once loaded */
    char run_dir[CONFIG_TEXT_MAX];
    char state_dir[CONFIG_TEXT_MAX];
    char socket[CONFIG_TEXT_MAX]; /* "": RUN_DIR/luotd.sock */
    char store[CONFIG_TEXT_MAX]; /* see base/store_where.h; "sqlite": STATE_DIR/luot.db */
    char cluster_secret_file[CONFIG_TEXT_MAX]; /* "": off; see base/secret.h */
    char geo_db[CONFIG_TEXT_MAX];              /* "": the one installed, "none": off */
    char referrer_list[CONFIG_TEXT_MAX];       /* "": the one in luotd               */
    char referrer_deny[CONFIG_TEXT_MAX];       /* "": nobody                         */
    char agent_list[CONFIG_TEXT_MAX];          /* "": built in                       */
    char bot_list[CONFIG_TEXT_MAX];            /* "": built in                       */
    struct networks udp_trusted;               /* none closes UDP                    */
    struct networks trusted_proxies;
    struct networks internal;      /* of every site */
    char writers[CONFIG_TEXT_MAX]; /* see base/writers.h */
    struct rate_rule rate_limit;   /* see count/guard.h  */
    struct rate_rule new_visitors_per_address;
    enum log_level log_level;
    unsigned sites_max;               /* room in the arena */
    char auto_sites[CONFIG_TEXT_MAX]; /* see hosts_match   */
    unsigned auto_sites_max;
    char log_site[SITE_KEY_MAX + 1]; /* "": none; a site there is, which counts logs */
    unsigned connections;            /* all workers together */
    unsigned connections_per_address;
    unsigned live_listeners;          /* a worker */
    uint64_t udp_buffer;              /* bytes of SO_RCVBUF asked */
    char privacy_contact[256];        /* "": nobody is named          */
    char clock_file[CONFIG_TEXT_MAX]; /* see base/clock.h         */
};

/* One site: a member for each SITE_SETTING; `key` is the section's name. */
struct site_config {
    char key[SITE_KEY_MAX + 1];
    char title[128]; /* never empty once loaded */
    char group[64];
    char hosts[CONFIG_TEXT_MAX]; /* see hosts_match */
    char timezone[64];
    unsigned first_weekday;   /* 0 = Monday .. 6 = Sunday */
    unsigned online_window_s; /* setting: online_window   */
    unsigned session_idle_s;  /* setting: session_idle    */
    enum metric metric;
    enum box_week box_week;
    enum dnt dnt;
    bool public_site; /* setting: public */
    enum source source;
    enum page_rule log_rule;
    char not_pages[256]; /* beginnings of paths, a comma list; see page_rule_is_page */
    enum bots bots;
    enum identity identity;
    unsigned pages;
    char page_query[128]; /* names with commas: see parse/page.h */
    unsigned min_visitors;
    bool open; /* setting: any_host; no: a beacon of another host's page is refused */
    struct rate_rule site_rate_limit;
    struct networks internal; /* beside those of all sites */
};

/* Who may read private documents: a member for each READER_SETTING; `name` is the
 * section's. See base/readers.h. */
struct reader_config {
    char name[READER_NAME_MAX + 1];
    char token_hash[65];          /* hex, lower case; never empty once loaded */
    char sites[CONFIG_TEXT_MAX];  /* keys, a comma list, or "*" */
    char groups[CONFIG_TEXT_MAX]; /* likewise; not both are empty once loaded */
};

/* One entry of a `network NAME = ...`, in the order of the file. */
struct network_rule {
    char name[NETWORK_NAME_MAX + 1];
    struct network network;
    char country[3]; /* "VN"; "": the network */
};

struct config {
    struct settings settings;
    struct site_config *sites; /* sorted by key, no duplicates */
    size_t site_count;
    struct network_rule *rules;
    size_t rule_count;
    struct reader_config
        *readers; /* in the order of the file, no name and no token twice */
    size_t reader_count;
    uint64_t hash; /* of everything above: shown by stats, changes on reload */
};

/* Where it went wrong and what to do: one line, "luotd.conf:12: unknown setting `lisen`;
 * did you mean `listen`?" */
struct config_error {
    char text[1024];
};

/* A `name=value` of the command line. */
struct config_override {
    const char *name;
    const char *value;
};

/* `file` may be NULL: the embedded default, one open site `demo`. `environment` is
 * environ-like, may be NULL. 0 and a config to free, else ERR_MALFORMED / ERR_IO /
 * ERR_NOMEM with the sentence in *ret_error. */
int config_load(struct config **ret_config, const char *file, char *const *environment,
                const struct config_override *overrides, size_t override_count,
                struct config_error *ret_error);
/* The same from memory and nothing else: no environment, no `include`. `name` stands for
 * the file in messages. */
int config_parse(struct config **ret_config, struct slice text, const char *name,
                 struct config_error *ret_error);
void config_free(struct config *c);
const struct site_config *config_site(const struct config *c, struct slice key);
/* The defaults of a site that opens by itself (auto_sites). */
void site_config_default(struct site_config *ret_site, struct slice key);
bool site_key_is_valid(struct slice key);
/* UTF-8 without control characters: what any value is (config_text.c). */
bool text_is_clean(struct slice text);
/* A name as DNS has them, of any case, without a final dot: what a pattern may be but for
 * its "*.". */
bool host_is_valid(struct slice host);
/* Does a host (no port, any case) match a comma list of names and *.suffix patterns? */
bool hosts_match(const char *patterns, struct slice host);
/* "10/s burst 100" or "off". */
void rate_rule_write(struct buffer *b, const struct rate_rule *rule);
/* The comma list in `listen`. ERR_MALFORMED, ERR_RANGE (a port), ERR_FULL, ERR_EXISTS
 * (one is there twice). A loaded config's list always parses. */
int listen_parse(struct endpoint ret_endpoints[LISTEN_MAX], size_t *ret_count,
                 struct slice text);
/* Is this the name of a global setting, as --name=value writes it ('-' is as good as
 * '_')? 0, else ERR_MALFORMED with the sentence. */
int config_check_name(struct slice name, struct config_error *ret_error);

/* `luotd --help`'s table; conf/luotd.conf; the effective configuration (luotd -T). Each
 * ends with a newline. */
void config_write_help(struct buffer *b);
void config_write_example(struct buffer *b);
void config_write_effective(struct buffer *b, const struct config *c);
/* Bytes that are enough for each of the three; c may be NULL for the first two. */
size_t config_write_limit(const struct config *c);

#endif
