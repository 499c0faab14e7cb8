/* The kinds of settings that are text: how each is read, written and described. */
#include "base/config_table.h"

#include "base/error.h"
#include "base/store_where.h"
#include "base/writers.h"
#include "base/zone.h"

static size_t utf8_length(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/* Shortest forms only, no surrogates, nothing over U+10FFFF. */
static bool utf8_is_valid(const unsigned char *at, size_t length)
{
    if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
        (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F))
        return false;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return false;
    return true;
}

bool text_is_clean(struct slice text)
{
    const unsigned char *at = (const unsigned char *)text.at;
    for (size_t i = 0; i < text.length;) {
        size_t length = utf8_length(at[i]);
        if (length == 0 || length > text.length - i || at[i] < 0x20 || at[i] == 0x7F)
            return false;
        if (length > 1 && !utf8_is_valid(at + i, length))
            return false;
        i += length;
    }
    return true;
}

static int parse_text(const struct setting *s, void *member, struct slice value)
{
    char *text = member;
    if (value.length < s->low || value.length > s->high || value.length >= s->size)
        return ERR_RANGE;
    if (value.length > 0)
        memcpy(text, value.at, value.length);
    /* All of it, so that equal records are equal bytes. */
    memset(text + value.length, 0, s->size - value.length);
    return 0;
}

static int parse_name(const struct setting *s, void *member, struct slice value)
{
    for (size_t i = 0; i < value.length; i++) {
        char c = value.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_'))
            return ERR_MALFORMED;
    }
    return parse_text(s, member, value);
}

static int parse_keys(const struct setting *s, void *member, struct slice value)
{
    struct slice rest = value;
    while (value.length > 0 && rest.at != NULL) {
        struct slice key = slice_trim(slice_cut(&rest, ','));
        if (key.length == 0)
            return ERR_MALFORMED;
        for (size_t i = 0; i < key.length; i++)
            if (key.at[i] <= ' ' || key.at[i] > '~' || strchr("&=?#%+\"\\", key.at[i]))
                return ERR_MALFORMED;
    }
    return parse_text(s, member, value);
}

static int parse_listen(const struct setting *s, void *member, struct slice value)
{
    struct endpoint endpoints[LISTEN_MAX];
    struct setting text = *s;
    size_t count;
    int rv = listen_parse(endpoints, &count, value);
    if (rv != 0)
        return rv;
    text.high = s->size - 1; /* high counted the list */
    return parse_text(&text, member, value);
}

static int parse_store(const struct setting *s, void *member, struct slice value)
{
    return store_where_is_valid(value) ? parse_text(s, member, value) : ERR_MALFORMED;
}

static int parse_hosts(const struct setting *s, void *member, struct slice value)
{
    return hosts_are_valid(value) ? parse_text(s, member, value) : ERR_MALFORMED;
}

/* Each begins with '/' and holds nothing that a path in a log does not. */
static int parse_beginnings(const struct setting *s, void *member, struct slice value)
{
    struct slice rest = value;
    bool more = value.length > 0;
    while (more) {
        more = slice_find(rest, ',') < rest.length;
        struct slice beginning = slice_trim(slice_cut(&rest, ','));
        if (beginning.length == 0 || beginning.at[0] != '/')
            return ERR_MALFORMED;
        for (size_t i = 0; i < beginning.length; i++)
            if ((unsigned char)beginning.at[i] <= ' ' || beginning.at[i] == '?' ||
                beginning.at[i] == '#')
                return ERR_MALFORMED;
    }
    return parse_text(s, member, value);
}

static int parse_zone(const struct setting *s, void *member, struct slice value)
{
    struct zone *zone;
    if (value.length < s->low || value.length > s->high)
        return ERR_RANGE;
    int rv = zone_load(&zone, value);
    if (rv != 0)
        return rv;
    zone_free(zone);
    return parse_text(s, member, value);
}

/* Quoted whenever it could be read as something else. */
static void write_quoted(struct buffer *b, const char *text)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789._:/*,@+-[]";
    if (strspn(text, PLAIN) == strlen(text)) {
        buffer_text(b, text);
        return;
    }
    buffer_byte(b, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buffer_byte(b, '\\');
        buffer_byte(b, *text);
    }
    buffer_byte(b, '"');
}

static void write_text(struct buffer *b, const struct setting *s, const void *member)
{
    (void)s;
    write_quoted(b, member);
}

/* Passwords are nobody's to read. */
static void write_store(struct buffer *b, const struct setting *s, const void *member)
{
    char text[2 * CONFIG_TEXT_MAX];
    struct buffer masked;
    (void)s;
    buffer_init(&masked, text, sizeof(text) - 1);
    store_where_write(&masked, slice_of(member));
    text[masked.length] = '\0';
    write_quoted(b, text);
}

static void describe_text(struct buffer *b, const struct setting *s)
{
    buffer_format(b, "text of at most %llu bytes, in UTF-8", (unsigned long long)s->high);
}

static void describe_name(struct buffer *b, const struct setting *s)
{
    buffer_format(b, "at most %llu letters, digits, `.`, `-` and `_`",
                  (unsigned long long)s->high);
}

static void describe_path(struct buffer *b, const struct setting *s)
{
    buffer_format(b, "a path of at most %llu bytes", (unsigned long long)s->high);
}

static void describe_listen(struct buffer *b, const struct setting *s)
{
    buffer_format(b,
                  "a comma list of 1 to %llu different ADDRESS:PORT, like 127.0.0.1:8080 "
                  "or [::1]:8080, ports from 0 to 65535",
                  (unsigned long long)s->high);
}

static void describe_store(struct buffer *b, const struct setting *s)
{
    (void)s;
    buffer_text(b, "sqlite, sqlite:PATH, redis://[user:pass@]host:port/db, "
                   "redis+unix://[user:pass@]PATH[?db=N], "
                   "redis+sentinel://[user:pass@]HOST[:port],HOST.../NAME[/"
                   "db][?sentinel=user:pass], "
                   "a comma list of up to 4 of them, or none");
}

static void describe_hosts(struct buffer *b, const struct setting *s)
{
    buffer_format(b,
                  "a comma list of host names like example.gov.vn or *.example.gov.vn, "
                  "at most %llu bytes, without http:// and without a port",
                  (unsigned long long)s->high);
}

static void describe_keys(struct buffer *b, const struct setting *s)
{
    buffer_format(
        b,
        "a comma list of a query's keys like id, cat, at most %llu bytes, without "
        "? & = and escapes",
        (unsigned long long)s->high);
}

static void describe_beginnings(struct buffer *b, const struct setting *s)
{
    buffer_format(
        b,
        "a comma list of paths like /api/, /ajax/, at most %llu bytes, without a "
        "host and without ?",
        (unsigned long long)s->high);
}

static void describe_zone(struct buffer *b, const struct setting *s)
{
    (void)s;
    buffer_text(b, "a time zone that this system knows, like Asia/Ho_Chi_Minh or UTC");
}

static int parse_writers(const struct setting *s, void *member, struct slice value)
{
    return writers_are_valid(value) ? parse_text(s, member, value) : ERR_MALFORMED;
}

static void describe_writers(struct buffer *b, const struct setting *s)
{
    (void)s;
    buffer_format(
        b,
        "a comma list of at most %d different ID:FILE, an ID of 1 to %d letters, "
        "digits, `-` and `_`",
        (int)WRITERS_MAX, (int)WRITER_ID_MAX);
}

static int parse_sites(const struct setting *s, void *member, struct slice value)
{
    return site_keys_are_valid(value) ? parse_text(s, member, value) : ERR_MALFORMED;
}

static void describe_sites(struct buffer *b, const struct setting *s)
{
    buffer_format(b, "a comma list of sites' keys, at most %llu bytes, or *",
                  (unsigned long long)s->high);
}

static void describe_groups(struct buffer *b, const struct setting *s)
{
    buffer_format(b, "a comma list of groups, at most %llu bytes in UTF-8, or *",
                  (unsigned long long)s->high);
}

const struct kind_rules TEXT_KINDS[KIND_TEXTS] = {
    [KIND_TEXT] = {parse_text, write_text, describe_text},
    [KIND_NAME] = {parse_name, write_text, describe_name},
    [KIND_PATH] = {parse_text, write_text, describe_path},
    [KIND_LISTEN] = {parse_listen, write_text, describe_listen},
    [KIND_STORE] = {parse_store, write_store, describe_store},
    [KIND_HOSTS] = {parse_hosts, write_text, describe_hosts},
    [KIND_BEGINNINGS] = {parse_beginnings, write_text, describe_beginnings},
    [KIND_WRITERS] = {parse_writers, write_text, describe_writers},
    [KIND_TOKEN_HASH] = {token_hash_parse, write_text, token_hash_describe},
    [KIND_SITES] = {parse_sites, write_text, describe_sites},
    [KIND_GROUPS] = {parse_text, write_text, describe_groups},
    [KIND_ZONE] = {parse_zone, write_text, describe_zone},
    [KIND_KEYS] = {parse_keys, write_text, describe_keys},
};
