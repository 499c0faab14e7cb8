/* The kinds of settings that are not text: how each is read, written and described. */
#include "base/config_table.h"

#include <assert.h>

#include "base/error.h"

static_assert(sizeof(enum metric) == sizeof(unsigned) &&
                  sizeof(enum log_level) == sizeof(unsigned),
              "words are stored as unsigned");

struct unit {
    const char *name;
    uint64_t worth;
};

/* From large to small: a value is written in the first one that divides it. */
static const struct unit DURATIONS[] = {
    {"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}, {NULL, 0}};
static const struct unit SIZES[] = {
    {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {NULL, 0}};

/* --- Networks --- */

static int parse_networks(const struct setting *s, void *member, struct slice value)
{
    struct networks networks;
    int rv;
    (void)s;
    if (value.length == 0)
        return ERR_MALFORMED; /* nobody is written `none`, so that it is never a slip */
    memset(&networks, 0, sizeof(networks));
    rv = networks_parse(&networks, value);
    if (rv == 0)
        memcpy(member, &networks, sizeof(networks));
    return rv;
}

static void write_networks(struct buffer *b, const struct setting *s, const void *member)
{
    const struct networks *networks = member;
    (void)s;
    if (networks->count == 0)
        buffer_text(b, "none");
    for (size_t i = 0; i < networks->count; i++) {
        const struct network *n = &networks->network[i];
        unsigned shift = address_is_v4(&n->first) && n->bits >= 96 ? 96 : 0;
        char text[ADDRESS_TEXT_MAX];
        address_write(&n->first, text);
        buffer_format(b, "%s%s/%u", i == 0 ? "" : ",", text, n->bits - shift);
    }
}

static void describe_networks(struct buffer *b, const struct setting *s)
{
    buffer_format(b,
                  "a comma list of at most %llu networks like 10.0.0.0/8 or fd00::/8, or "
                  "loopback, private or none",
                  (unsigned long long)s->high);
}

/* --- Numbers --- */

static void store_number(const struct setting *s, void *member, uint64_t number)
{
    unsigned narrow = (unsigned)number;
    if (s->size == sizeof(uint64_t))
        memcpy(member, &number, sizeof(number));
    else
        memcpy(member, &narrow, sizeof(narrow));
}

static uint64_t load_number(const struct setting *s, const void *member)
{
    uint64_t number;
    unsigned narrow;
    if (s->size == sizeof(uint64_t)) {
        memcpy(&number, member, sizeof(number));
        return number;
    }
    memcpy(&narrow, member, sizeof(narrow));
    return narrow;
}

static int parse_number(const struct setting *s, void *member, struct slice value)
{
    uint64_t number;
    int rv = slice_number(value, &number);
    if (rv != 0)
        return rv;
    if (number < s->low || number > s->high)
        return ERR_RANGE;
    store_number(s, member, number);
    return 0;
}

/* A number and a unit, with or without a space between; a bare number could be anything
 * and is refused. */
static int parse_with_unit(const struct setting *s, void *member, struct slice value,
                           const struct unit *units)
{
    size_t digits = 0;
    uint64_t number;
    while (digits < value.length && value.at[digits] >= '0' && value.at[digits] <= '9')
        digits++;
    int rv = slice_number((struct slice){value.at, digits}, &number);
    if (rv != 0)
        return rv;
    struct slice name =
        slice_trim((struct slice){value.at + digits, value.length - digits});
    for (const struct unit *u = units; u->name != NULL; u++) {
        if (!slice_equal(slice_of(u->name), name))
            continue;
        if (number > s->high / u->worth || number * u->worth < s->low)
            return ERR_RANGE;
        store_number(s, member, number * u->worth);
        return 0;
    }
    return ERR_MALFORMED;
}

static int parse_duration(const struct setting *s, void *member, struct slice value)
{
    return parse_with_unit(s, member, value, DURATIONS);
}

static int parse_size(const struct setting *s, void *member, struct slice value)
{
    return parse_with_unit(s, member, value, SIZES);
}

static void write_with_unit(struct buffer *b, uint64_t number, const struct unit *units)
{
    const struct unit *u = units;
    while (u->worth > 1 && (number == 0 || number % u->worth != 0))
        u++;
    buffer_number(b, number / u->worth);
    buffer_text(b, u->name);
}

static void write_number(struct buffer *b, const struct setting *s, const void *member)
{
    buffer_number(b, load_number(s, member));
}

static void write_duration(struct buffer *b, const struct setting *s, const void *member)
{
    write_with_unit(b, load_number(s, member), DURATIONS);
}

static void write_size(struct buffer *b, const struct setting *s, const void *member)
{
    write_with_unit(b, load_number(s, member), SIZES);
}

static void describe_number(struct buffer *b, const struct setting *s)
{
    buffer_format(b, "a number of %s from %llu to %llu", s->unit,
                  (unsigned long long)s->low, (unsigned long long)s->high);
}

static void describe_with_unit(struct buffer *b, const struct setting *s,
                               const char *noun, const struct unit *units,
                               const char *examples)
{
    buffer_format(b, "%s from ", noun);
    write_with_unit(b, s->low, units);
    buffer_text(b, " to ");
    write_with_unit(b, s->high, units);
    buffer_format(b, ", like %s", examples);
}

static void describe_duration(struct buffer *b, const struct setting *s)
{
    describe_with_unit(b, s, "a time", DURATIONS, "90s, 5min or 1h");
}

static void describe_size(struct buffer *b, const struct setting *s)
{
    describe_with_unit(b, s, "a size", SIZES, "512KiB or 4MiB");
}

/* --- Rates --- */

/* A bucket that takes longer than this to fill is a limit for ever. */
enum { RATE_FULL_MAX_S = 366 * 86400 };

static const struct unit RATE_UNITS[] = {
    {"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}, {NULL, 0}};

/* What may stand behind "10/s": nothing (at once as many as in the time), or "burst N". */
static int parse_burst(struct slice text, uint64_t *ret_burst)
{
    if (text.length == 0)
        return 0;
    if (!slice_starts(text, SLICE("burst ")))
        return ERR_MALFORMED;
    return slice_number(slice_trim((struct slice){text.at + 6, text.length - 6}),
                        ret_burst);
}

static int parse_rate(const struct setting *s, void *member, struct slice value)
{
    struct slice rest = value, number = slice_trim(slice_cut(&rest, '/')), word;
    struct rate_rule rule = {0};
    uint64_t events, burst;
    int rv;
    if (slice_equal_nocase(value, SLICE("off"))) {
        memcpy(member, &rule, sizeof(rule));
        return 0;
    }
    if (rest.at == NULL || slice_number(number, &events) != 0)
        return ERR_MALFORMED;
    rest = slice_trim(rest);
    word = slice_cut(&rest, ' ');
    for (const struct unit *u = RATE_UNITS; u->name != NULL; u++)
        if (slice_equal(slice_of(u->name), word))
            rule.per_s = (unsigned)u->worth;
    burst = events;
    rv = rule.per_s == 0 ? ERR_MALFORMED : parse_burst(slice_trim(rest), &burst);
    if (rv != 0)
        return rv;
    if (events < s->low || events > s->high || burst < s->low || burst > s->high ||
        burst * rule.per_s / events > RATE_FULL_MAX_S)
        return ERR_RANGE;
    rule.events = (unsigned)events;
    rule.burst = (unsigned)burst;
    memcpy(member, &rule, sizeof(rule));
    return 0;
}

void rate_rule_write(struct buffer *b, const struct rate_rule *rule)
{
    const struct unit *u = RATE_UNITS;
    if (rule->events == 0) {
        buffer_text(b, "off");
        return;
    }
    while (u->worth != rule->per_s)
        u++;
    buffer_format(b, "%u/%s burst %u", rule->events, u->name, rule->burst);
}

static void write_rate(struct buffer *b, const struct setting *s, const void *member)
{
    struct rate_rule rule;
    (void)s;
    memcpy(&rule, member, sizeof(rule));
    rate_rule_write(b, &rule);
}

static void describe_rate(struct buffer *b, const struct setting *s)
{
    buffer_format(
        b,
        "off, or a number from %llu to %llu for each s, min, h or d, and how many "
        "at once, like 10/s burst 100; at most a year's worth at once",
        (unsigned long long)s->low, (unsigned long long)s->high);
}

/* --- Words --- */

static int parse_yes_no(const struct setting *s, void *member, struct slice value)
{
    bool yes = slice_equal_nocase(value, SLICE("yes"));
    (void)s;
    if (!yes && !slice_equal_nocase(value, SLICE("no")))
        return ERR_MALFORMED;
    memcpy(member, &yes, sizeof(yes));
    return 0;
}

static void write_yes_no(struct buffer *b, const struct setting *s, const void *member)
{
    (void)s;
    buffer_text(b, *(const bool *)member ? "yes" : "no");
}

static void describe_yes_no(struct buffer *b, const struct setting *s)
{
    (void)s;
    buffer_text(b, "yes or no");
}

static int parse_word(const struct setting *s, void *member, struct slice value)
{
    struct slice words = slice_of(s->unit);
    for (unsigned i = 0; words.at != NULL; i++) {
        if (!slice_equal_nocase(slice_cut(&words, ' '), value))
            continue;
        store_number(s, member, i);
        return 0;
    }
    return ERR_MALFORMED;
}

static void write_word(struct buffer *b, const struct setting *s, const void *member)
{
    struct slice words = slice_of(s->unit);
    for (uint64_t i = load_number(s, member); i > 0; i--)
        slice_cut(&words, ' ');
    buffer_slice(b, slice_cut(&words, ' '));
}

/* "views, visits or visitors" */
static void describe_word(struct buffer *b, const struct setting *s)
{
    struct slice words = slice_of(s->unit);
    for (uint64_t i = 0; words.at != NULL; i++) {
        struct slice word = slice_cut(&words, ' ');
        if (i > 0)
            buffer_text(b, words.at == NULL ? " or " : ", ");
        buffer_slice(b, word);
    }
}

/* --- All of them --- */

static const struct kind_rules OTHER_KINDS[KIND_COUNT] = {
    [KIND_NETWORKS] = {parse_networks, write_networks, describe_networks},
    [KIND_NUMBER] = {parse_number, write_number, describe_number},
    [KIND_DURATION] = {parse_duration, write_duration, describe_duration},
    [KIND_SIZE] = {parse_size, write_size, describe_size},
    [KIND_YES_NO] = {parse_yes_no, write_yes_no, describe_yes_no},
    [KIND_RATE] = {parse_rate, write_rate, describe_rate},
    [KIND_WORD] = {parse_word, write_word, describe_word},
};

static const struct kind_rules *rules_of(const struct setting *s)
{
    return s->kind < KIND_TEXTS ? &TEXT_KINDS[s->kind] : &OTHER_KINDS[s->kind];
}

int setting_parse(const struct setting *s, void *record, struct slice value)
{
    if (!text_is_clean(value))
        return ERR_MALFORMED;
    return rules_of(s)->parse(s, (char *)record + s->offset, value);
}

void setting_write(struct buffer *b, const struct setting *s, const void *record)
{
    rules_of(s)->write(b, s, (const char *)record + s->offset);
}

void setting_describe(struct buffer *b, const struct setting *s)
{
    rules_of(s)->describe(b, s);
}
