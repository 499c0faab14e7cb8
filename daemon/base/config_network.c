/* `network NAME = ...`: a list of its own kind, because its name is the operator's. */
#include <stdlib.h>

#include "base/config_read.h"
#include "base/error.h"

static const char MUST_BE[] =
    "a network is `network NAME = LIST`: a name of at most 63 bytes, and a comma list of "
    "networks like 10.0.0.0/8 or fd00::/8, of countries like country:VN, or loopback or "
    "private";

bool network_setting(struct slice setting, struct slice *ret_name)
{
    static const char word[] = "network";
    size_t length = sizeof word - 1;

    if (!slice_starts(setting, SLICE("network")) ||
        (setting.length > length && setting.at[length] != ' ' &&
         setting.at[length] != '\t'))
        return false;
    *ret_name = slice_trim((struct slice){setting.at + length, setting.length - length});
    return true;
}

/* Is there room for this name? Those of neighbours are mostly the same. */
static bool has_room(const struct parsed *p, const char *name)
{
    const char *known[NETWORK_NAMES_MAX] = {name};
    size_t names = 1, k;

    for (size_t i = 0; i < p->rule_count; i++) {
        if (i > 0 && strcmp(p->rules[i].name, p->rules[i - 1].name) == 0)
            continue;
        for (k = 0; k < names && strcmp(known[k], p->rules[i].name) != 0;)
            k++;
        if (k == NETWORK_NAMES_MAX)
            return false;
        known[k] = p->rules[i].name;
        names += k == names;
    }
    return true;
}

static int add_rule(struct parsed *p, const struct network_rule *rule)
{
    if (p->rule_count == NETWORK_RULES_MAX)
        return ERR_FULL;
    if (p->rule_count == p->rule_room) {
        size_t room = p->rule_room == 0 ? 64 : p->rule_room * 2;
        struct network_rule *rules = realloc(p->rules, room * sizeof *rules);
        if (rules == NULL)
            return ERR_NOMEM;
        p->rules = rules;
        p->rule_room = room;
    }
    p->rules[p->rule_count++] = *rule;
    return 0;
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static int add_entry(struct parsed *p, struct network_rule *rule, struct slice entry)
{
    static const char word[] = "country:";
    struct networks networks;
    int rv;

    memset(rule->country, 0, sizeof rule->country);
    memset(&rule->network, 0, sizeof rule->network);
    if (slice_starts(entry, SLICE("country:"))) {
        const char *code = entry.at + sizeof word - 1;
        if (entry.length != sizeof word - 1 + 2 || !is_capital(code[0]) ||
            !is_capital(code[1]))
            return ERR_MALFORMED;
        memcpy(rule->country, code, 2);
        return add_rule(p, rule);
    }
    rv = networks_parse(&networks, entry);
    if (rv == 0 && networks.count == 0)
        rv = ERR_MALFORMED; /* none */
    for (size_t i = 0; i < networks.count && rv == 0; i++) {
        rule->network = networks.network[i];
        rv = add_rule(p, rule);
    }
    return rv;
}

/* Entries stand between commas, or blanks. */
static int add_list(struct parsed *p, struct network_rule *rule, struct slice list)
{
    size_t before = p->rule_count;

    while (list.at != NULL) {
        struct slice part = slice_trim(slice_cut(&list, ','));
        while (part.length > 0) {
            size_t end = slice_find(part, ' ');
            int rv = add_entry(p, rule, (struct slice){part.at, end});
            if (rv != 0)
                return rv;
            part = slice_trim((struct slice){part.at + end, part.length - end});
        }
    }
    return p->rule_count > before ? 0 : ERR_MALFORMED;
}

void reading_network(struct reading *r, struct slice name, struct slice value)
{
    struct network_rule rule = {.name = ""};
    int rv = ERR_MALFORMED;

    if (r->section != SECTION_NONE) {
        reading_fail(r, "`network` is not a setting of a site; put it above the first "
                        "[site KEY]");
        return;
    }
    if (name.length > 0 && name.length <= NETWORK_NAME_MAX && text_is_clean(name) &&
        text_is_clean(value)) {
        memcpy(rule.name, name.at, name.length);
        rv =
            has_room(r->parsed, rule.name) ? add_list(r->parsed, &rule, value) : ERR_FULL;
    }
    if (rv == ERR_FULL)
        reading_fail(r, "there may be 64 names of networks, and 8192 networks in all");
    else if (rv == ERR_NOMEM)
        r->error = config_say(r->ret_error, rv, "%s", error_text(rv));
    else if (rv != 0)
        reading_fail(r, MUST_BE);
}

void network_rule_write(struct buffer *b, const struct network_rule *rule)
{
    char text[ADDRESS_TEXT_MAX];
    const struct network *n = &rule->network;

    buffer_format(b, "network %s = ", rule->name);
    if (rule->country[0] != '\0') {
        buffer_format(b, "country:%s\n", rule->country);
        return;
    }
    address_write(&n->first, text);
    buffer_format(b, "%s/%u\n", text,
                  n->bits - (n->bits >= 96 && address_is_v4(&n->first) ? 96 : 0));
}
