#include "identify/named_networks.h"

#include <stdlib.h>

#include "base/error.h"
#include "identify/address_map.h"

enum { LETTERS = 26, V4_BITS = 96, PREFIXES = 129 /* that can lie in each other */ };

struct named_networks {
    struct address_map *map; /* to a name: from 1 on */
    char (*name)[NETWORK_NAME_MAX + 1];
    size_t names;
    uint16_t country[LETTERS * LETTERS];
    uint16_t rest_v4, rest_v6; /* of 0.0.0.0/0 and ::/0 */
};

struct prefix {
    const struct network_rule *rule;
    uint16_t value;
};

/* --- Names --- */

static uint16_t value_of(struct named_networks *n, const char *name)
{
    for (size_t i = 0; i < n->names; i++)
        if (strcmp(n->name[i], name) == 0)
            return (uint16_t)(i + 1);
    memcpy(n->name[n->names], name, NETWORK_NAME_MAX + 1);
    return (uint16_t)++n->names;
}

static size_t country_place(const char *country)
{
    return (size_t)((country[0] - 'A') * LETTERS + (country[1] - 'A'));
}

static bool is_v4(const struct network *n)
{
    return n->bits >= V4_BITS && address_is_v4(&n->first);
}

/* --- Networks that lie in each other, side by side --- */

/* By family and first address; the wider one first, and the one that stands first. */
static int compare(const void *a, const void *b)
{
    const struct network_rule *x = ((const struct prefix *)a)->rule;
    const struct network_rule *y = ((const struct prefix *)b)->rule;
    int order = (int)is_v4(&x->network) - (int)is_v4(&y->network);

    if (order == 0)
        order = memcmp(&x->network.first, &y->network.first, sizeof x->network.first);
    if (order == 0)
        order = (int)x->network.bits - (int)y->network.bits;
    return order != 0 ? order : x < y ? -1 : x > y;
}

static struct address last_of(const struct network *n)
{
    struct address last = n->first;

    for (unsigned bit = n->bits; bit < 128; bit++)
        last.bytes[bit / 8] |= (uint8_t)(0x80U >> bit % 8);
    return last;
}

/* false: there is none. */
static bool next_address(struct address *a)
{
    for (int i = 15; i >= 0; i--)
        if (++a->bytes[i] != 0)
            return true;
    return false;
}

static void say(struct address_map_draft *d, bool v4, const struct address *first,
                uint16_t value)
{
    const uint8_t *b = first->bytes;

    if (!v4)
        address_map_from_v6(d, b, value);
    else if (address_is_v4(first)) /* behind 255.255.255.255 there is nothing to say */
        address_map_from_v4(d,
                            (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 |
                                (uint32_t)b[14] << 8 | b[15],
                            value);
}

struct open_networks { /* each inside the one before */
    struct address last[PREFIXES];
    uint16_t value[PREFIXES];
    unsigned count;
};

/* Closes those that end before `until`; NULL: all. */
static void close_before(struct address_map_draft *d, struct open_networks *o, bool v4,
                         const struct address *until)
{
    while (o->count > 0) {
        struct address behind = o->last[o->count - 1];
        if (until != NULL && memcmp(&behind, until, sizeof behind) >= 0)
            return;
        o->count--;
        if (next_address(&behind))
            say(d, v4, &behind, o->count == 0 ? 0 : o->value[o->count - 1]);
    }
}

static void flatten(struct address_map_draft *d, const struct prefix *prefix,
                    size_t count)
{
    struct open_networks open = {.count = 0};

    for (size_t i = 0; i < count; i++) {
        const struct network *n = &prefix[i].rule->network;
        bool v4 = is_v4(n);
        if (i > 0 && prefix[i - 1].rule->network.bits == n->bits &&
            address_equal(&prefix[i - 1].rule->network.first, &n->first))
            continue;
        if (i > 0 && is_v4(&prefix[i - 1].rule->network) != v4)
            close_before(d, &open, !v4, NULL);
        close_before(d, &open, v4, &n->first);
        open.last[open.count] = last_of(n);
        open.value[open.count++] = prefix[i].value;
        say(d, v4, &n->first, prefix[i].value);
    }
    close_before(d, &open, count > 0 && is_v4(&prefix[count - 1].rule->network), NULL);
}

/* --- All of them --- */

/* What is no network of the map has its own place. */
static bool put_aside(struct named_networks *n, const struct network_rule *rule,
                      uint16_t value)
{
    uint16_t *place = NULL;

    if (rule->country[0] != '\0')
        place = &n->country[country_place(rule->country)];
    else if (rule->network.bits == 0)
        place = &n->rest_v6;
    else if (rule->network.bits == V4_BITS && is_v4(&rule->network))
        place = &n->rest_v4;
    if (place != NULL && *place == 0) /* the first in the file */
        *place = value;
    return place != NULL;
}

static int fill(struct named_networks *n, const struct network_rule *rules, size_t count)
{
    struct prefix *prefix = malloc((count + 1) * sizeof *prefix);
    struct address_map_draft draft = {.error = 0};
    size_t prefixes = 0;

    if (prefix == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        uint16_t value = value_of(n, rules[i].name);
        if (!put_aside(n, &rules[i], value))
            prefix[prefixes++] = (struct prefix){&rules[i], value};
    }
    qsort(prefix, prefixes, sizeof *prefix, compare);
    flatten(&draft, prefix, prefixes);
    free(prefix);
    return address_map_make(&n->map, &draft);
}

int named_networks_new(struct named_networks **ret_networks,
                       const struct network_rule *rules, size_t count)
{
    struct named_networks *n = calloc(1, sizeof *n);
    int rv = ERR_NOMEM;

    if (n == NULL)
        return ERR_NOMEM;
    n->name = calloc(NETWORK_NAMES_MAX, sizeof *n->name);
    if (n->name != NULL)
        rv = fill(n, rules, count);
    if (rv == 0)
        *ret_networks = n;
    else
        named_networks_free(n);
    return rv;
}

void named_networks_free(struct named_networks *n)
{
    if (n == NULL)
        return;
    address_map_free(n->map);
    free(n->name);
    free(n);
}

struct slice named_networks_find(const struct named_networks *n, const struct address *a,
                                 struct slice country)
{
    uint16_t value = address_map_find(n->map, a);

    if (value == 0 && country.length == 2)
        value = n->country[country_place(country.at)];
    if (value == 0)
        value = address_is_v4(a) ? n->rest_v4 : n->rest_v6;
    return value == 0 ? (struct slice){NULL, 0} : slice_of(n->name[value - 1]);
}
