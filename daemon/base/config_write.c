/* The table of settings as text: for --help, for conf/luotd.conf, and with the values in
 * force. */
#include "base/config_read.h"

enum {
    COLUMNS = 78,
    EXAMPLE_MAX = 24 * 1024, /* help and example are half of that       */
    GLOBALS_MAX = 20 * 1024, /* eight texts and three lists of networks */
    SITE_MAX = 8 * 1024,
    READER_MAX = 4 * 1024
};

/* Words of `text` in lines of at most COLUMNS, each after `prefix`. */
static void write_wrapped(struct buffer *b, const char *prefix, struct slice text)
{
    size_t column = COLUMNS + 1;
    bool first = true;
    while (text.at != NULL) {
        struct slice word = slice_cut(&text, ' ');
        if (column + 1 + word.length > COLUMNS) {
            buffer_text(b, first ? "" : "\n");
            buffer_text(b, prefix);
            column = strlen(prefix);
        } else {
            buffer_byte(b, ' ');
            column++;
        }
        buffer_slice(b, word);
        column += word.length;
        first = false;
    }
    buffer_byte(b, '\n');
}

/* The sentence, and what a value must be. */
static void write_sentence(struct buffer *b, const struct setting *s, const char *prefix)
{
    char text[1024];
    struct buffer sentence;
    buffer_init(&sentence, text, sizeof(text));
    buffer_format(&sentence, "%s Must be ", s->sentence);
    setting_describe(&sentence, s);
    buffer_byte(&sentence, '.');
    write_wrapped(b, prefix, buffer_written(&sentence));
}

static void write_default(struct buffer *b, const struct setting *s)
{
    buffer_text(b, s->name);
    buffer_text(b, s->fallback[0] == '\0' ? " =" : " = ");
    buffer_text(b, s->fallback);
    buffer_byte(b, '\n');
}

static void write_help_rows(struct buffer *b, struct setting_table t)
{
    for (size_t i = 0; i < t.count; i++) {
        buffer_text(b, "  ");
        write_default(b, &t.rows[i]);
        write_sentence(b, &t.rows[i], "      ");
    }
}

void config_write_help(struct buffer *b)
{
    buffer_text(
        b,
        "Settings and their defaults. `listen`, say, is set by `listen = ...` in the\n"
        "file, by LUOT_LISTEN in the environment, or by --listen=...; later wins.\n\n");
    write_help_rows(b, GLOBAL_SETTINGS);
    buffer_text(b,
                "\nIn a file there may also be `network NAME = LIST`: names for networks "
                "and countries.\n");
    buffer_text(b, "\nSettings of a site, in the file below [site KEY]. A key is 1 to 63 "
                   "of a-z, 0-9,\n"
                   "`_` and `-`, and begins with a letter or a digit.\n\n");
    write_help_rows(b, SITE_SETTINGS);
    buffer_text(b,
                "\nSettings of a reader, in the file below [reader NAME]: who may read "
                "private\ndocuments.\n\n");
    write_help_rows(b, READER_SETTINGS);
}

static const char EXAMPLE_HEAD[] =
    "# luotd.conf: every setting of luotd, its default and what it does.\n"
    "# Made by `luotd --print-conf`. As it is, this file changes nothing: it is what "
    "luotd\n"
    "# does without any file.\n"
    "#\n"
    "# `luotd -t -c FILE` checks a file, `luotd -T -c FILE` prints what is in force.\n"
    "# LUOT_LISTEN in the environment and --listen on the command line win over "
    "`listen`\n"
    "# here, and so for each setting above the first [site].\n"
    "#\n"
    "# A value may be in double quotes; `#` and `;` after a space begin a comment.\n"
    "\n"
    "# More files, relative to this one, in the order of their names: one for each\n"
    "# portal, say. They may hold everything that this one may.\n"
    "#include = sites.d/*.conf\n"
    "\n";

static const char EXAMPLE_NETWORKS[] =
    "# Where visitors come from, by your own names: a comma list of networks and of\n"
    "# countries. The longest network wins; a country is less than any network but\n"
    "# 0.0.0.0/0 and ::/0. A name that is said again adds. They are counted by name;\n"
    "# `internal` above is for those who shall not be counted at all.\n"
    "#network Nội bộ = 10.0.0.0/8, 203.0.113.0/24\n"
    "#network Trong nước = country:VN\n"
    "\n";

static const char EXAMPLE_SITE[] =
    "# Sites. A key is 1 to 63 of a-z, 0-9, `_` and `-`, and begins with a letter or a\n"
    "# digit; it is what the tag on the portal's pages names, so it never changes.\n"
    "[site demo]\n"
    "\n";

static const char EXAMPLE_READERS[] =
    "\n"
    "# Readers: who may read the documents of private sites, and unfolded ones of "
    "public\n"
    "# sites, with a token. `luotctl reader add NAME --site KEY` makes such a section.\n"
    "#[reader NAME]\n";

static const char *demo_value(const struct setting *s)
{
    for (size_t i = 0; i < DEMO_VALUE_COUNT; i++)
        if (strcmp(DEMO_VALUES[i].name, s->name) == 0)
            return DEMO_VALUES[i].value;
    return NULL;
}

void config_write_example(struct buffer *b)
{
    buffer_text(b, EXAMPLE_HEAD);
    for (size_t i = 0; i < GLOBAL_SETTINGS.count; i++) {
        write_sentence(b, &GLOBAL_SETTINGS.rows[i], "# ");
        buffer_byte(b, '#');
        write_default(b, &GLOBAL_SETTINGS.rows[i]);
        buffer_byte(b, '\n');
    }
    buffer_text(b, EXAMPLE_NETWORKS);
    buffer_text(b, EXAMPLE_SITE);
    for (size_t i = 0; i < SITE_SETTINGS.count; i++) {
        const struct setting *s = &SITE_SETTINGS.rows[i];
        const char *demo = demo_value(s);
        write_sentence(b, s, "# ");
        buffer_byte(b, '#');
        write_default(b, s);
        if (demo != NULL)
            buffer_format(b, "%s = %s\n", s->name, demo);
        if (i + 1 < SITE_SETTINGS.count)
            buffer_byte(b, '\n');
    }
    buffer_text(b, EXAMPLE_READERS);
    for (size_t i = 0; i < READER_SETTINGS.count; i++) {
        buffer_byte(b, '\n');
        write_sentence(b, &READER_SETTINGS.rows[i], "# ");
        buffer_byte(b, '#');
        write_default(b, &READER_SETTINGS.rows[i]);
    }
}

static void write_record(struct buffer *b, struct setting_table t, const void *record)
{
    for (size_t i = 0; i < t.count; i++) {
        buffer_format(b, "%s = ", t.rows[i].name);
        setting_write(b, &t.rows[i], record);
        if (b->error == 0 && b->at[b->length - 1] == ' ')
            b->length--; /* an empty value: no space at the end of the line */
        buffer_byte(b, '\n');
    }
}

void config_write_effective(struct buffer *b, const struct config *c)
{
    write_record(b, GLOBAL_SETTINGS, &c->settings);
    for (size_t i = 0; i < c->rule_count; i++)
        network_rule_write(b, &c->rules[i]);
    for (size_t i = 0; i < c->site_count; i++) {
        buffer_format(b, "\n[site %s]\n", c->sites[i].key);
        write_record(b, SITE_SETTINGS, &c->sites[i]);
    }
    for (size_t i = 0; i < c->reader_count; i++) {
        buffer_format(b, "\n[reader %s]\n", c->readers[i].name);
        write_record(b, READER_SETTINGS, &c->readers[i]);
    }
}

size_t config_write_limit(const struct config *c)
{
    size_t effective = c == NULL ? 0
                                 : GLOBALS_MAX + c->site_count * (size_t)SITE_MAX +
                                       c->rule_count * (size_t)NETWORK_RULE_TEXT +
                                       c->reader_count * (size_t)READER_MAX;
    return effective > EXAMPLE_MAX ? effective : EXAMPLE_MAX;
}
