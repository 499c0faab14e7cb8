#include "lib/mmdb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/buffer.h"

enum { NODES = 1 << 16, DATA_BYTES = 1 << 20, NOTHING = -1, FIRST_DATA = -2 };

struct tree { /* a child: a node, NOTHING, or FIRST_DATA - index of a network */
    int32_t child[NODES][2];
    int32_t count;
};

static void must(bool good)
{
    if (!good)
        abort();
}

/* --- The tree --- */

static int32_t new_node(struct tree *t, int32_t both)
{
    must(t->count < NODES);
    t->child[t->count][0] = t->child[t->count][1] = both;
    return t->count++;
}

/* Where the record of these bits is; what was there for more is split. */
static int32_t *record_at(struct tree *t, const struct address *a, unsigned from,
                          unsigned to)
{
    int32_t node = 0, *record = NULL;

    for (unsigned bit = from; bit < to; bit++) {
        record = &t->child[node][a->bytes[bit / 8] >> (7 - bit % 8) & 1];
        if (bit + 1 < to && *record < 0) {
            int32_t below = new_node(t, *record);
            *record = below; /* the table does not move */
        }
        node = *record;
    }
    return record;
}

static void put(struct tree *t, const struct mmdb_network *network, int32_t index,
                unsigned ip_version)
{
    struct network n;
    bool v4;

    must(network_parse(&n, (struct slice){network->network, strlen(network->network)}) ==
         0);
    v4 = n.bits >= 96 && address_is_v4(&n.first);
    must(v4 || ip_version == 6);
    if (v4) /* ::/96 is where IPv4 lives in a tree of IPv6 */
        memset(n.first.bytes, 0, 12);
    *record_at(t, &n.first, v4 && ip_version == 4 ? 96 : 0, n.bits) = FIRST_DATA - index;
}

static void put_aliases(struct tree *t)
{
    static const struct {
        struct address at;
        unsigned bits;
    } doors[] = {{{.bytes = {0x20, 0x02}}, 16},
                 {{.bytes = {0x20, 0x01}}, 32},
                 {{.bytes = {[10] = 0xFF, 0xFF}}, 96}};
    struct address zero = {.bytes = {0}};
    int32_t v4 = *record_at(t, &zero, 0, 96);

    for (size_t i = 0; i < 3; i++)
        *record_at(t, &doors[i].at, 0, doors[i].bits) = v4;
}

/* --- Values --- */

static void text(struct buffer *b, const char *s)
{
    size_t length = strlen(s);

    must(length < 285);
    buffer_byte(b, (char)(2 << 5 | (length < 29 ? length : 29)));
    if (length >= 29)
        buffer_byte(b, (char)(length - 29));
    buffer_text(b, s);
}

static void map(struct buffer *b, unsigned pairs)
{
    buffer_byte(b, (char)(7 << 5 | pairs));
}

static void array(struct buffer *b, unsigned values)
{
    buffer_byte(b, (char)values);
    buffer_byte(b, 11 - 7);
}

static void number(struct buffer *b, unsigned type, unsigned bytes, uint64_t n)
{
    buffer_byte(b, (char)((type > 7 ? 0 : type << 5) | bytes));
    if (type > 7)
        buffer_byte(b, (char)(type - 7));
    while (bytes-- > 0)
        buffer_byte(b, (char)(n >> 8 * bytes));
}

static void pair(struct buffer *b, const char *key, const char *value)
{
    text(b, key);
    text(b, value);
}

static void subdivision(struct buffer *b, const struct mmdb_network *n, bool named)
{
    text(b, "subdivisions");
    array(b, 1);
    map(b, 1);
    if (named) {
        text(b, "names");
        map(b, 1);
    }
    pair(b, named ? "en" : "iso_code", n->region);
}

static void record(struct buffer *b, const struct mmdb_network *n,
                   enum mmdb_schema schema)
{
    bool nested = schema == MMDB_NESTED || schema == MMDB_NAMED;

    map(b, n->region != NULL && schema != MMDB_OTHER ? 2 : 1);
    if (schema == MMDB_OTHER) {
        pair(b, "ip", n->network);
        return;
    }
    if (nested) {
        text(b, "country");
        map(b, 1);
    }
    pair(b,
         nested                ? "iso_code"
         : schema == MMDB_FLAT ? "country_code"
                               : "country",
         n->country);
    if (n->region != NULL && nested)
        subdivision(b, n, schema == MMDB_NAMED);
    else if (n->region != NULL)
        pair(b, schema == MMDB_FLAT ? "state1" : "region", n->region);
}

static void metadata(struct buffer *b, const struct mmdb_options *o, int32_t nodes)
{
    buffer_text(b, "\xAB\xCD\xEFMaxMind.com");
    map(b, 9);
    text(b, "binary_format_major_version");
    number(b, 5, 1, 2);
    text(b, "binary_format_minor_version");
    number(b, 5, 0, 0);
    text(b, "build_epoch");
    number(b, 9, 8, o->built_s != 0 ? o->built_s : 1); /* readers refuse 0 */
    pair(b, "database_type", o->type);
    text(b, "description");
    map(b, o->description != NULL);
    if (o->description != NULL)
        pair(b, "en", o->description);
    text(b, "ip_version");
    number(b, 5, 1, o->ip_version);
    text(b, "languages");
    array(b, 1);
    text(b, "en");
    text(b, "node_count");
    number(b, 6, 4, (uint64_t)nodes);
    text(b, "record_size");
    number(b, 5, 1, o->record_size);
}

/* --- The file --- */

static void node(struct buffer *b, uint32_t left, uint32_t right, unsigned record_size)
{
    uint64_t both = record_size == 28 ? (uint64_t)(left & 0xFFFFFF) << 32 |
                                            (uint64_t)(left >> 24) << 28 | right
                                      : (uint64_t)left << record_size | right;

    for (unsigned byte = record_size / 4; byte-- > 0;)
        buffer_byte(b, (char)(both >> 8 * byte));
}

static uint32_t value_of(const struct tree *t, int32_t child, const uint32_t *offset)
{
    uint32_t nodes = (uint32_t)t->count;

    return child >= 0         ? (uint32_t)child
           : child == NOTHING ? nodes
                              : nodes + 16 + offset[FIRST_DATA - child];
}

char *mmdb_write(const struct mmdb_network *networks, size_t count,
                 const struct mmdb_options *options, size_t *ret_length)
{
    struct tree *t = calloc(1, sizeof *t);
    uint32_t *offset = calloc(count + 1, sizeof *offset);
    char *data = malloc(DATA_BYTES), *file = malloc(DATA_BYTES + (size_t)NODES * 8);
    struct buffer records, b;

    must(t != NULL && offset != NULL && data != NULL && file != NULL);
    new_node(t, NOTHING);
    buffer_init(&records, data, DATA_BYTES);
    for (size_t i = 0; i < count; i++) {
        offset[i] = (uint32_t)records.length;
        record(&records, &networks[i], options->schema);
        put(t, &networks[i], (int32_t)i, options->ip_version);
    }
    if (options->aliases)
        put_aliases(t);
    buffer_init(&b, file, DATA_BYTES + (size_t)NODES * 8);
    for (int32_t i = 0; i < t->count; i++)
        node(&b, value_of(t, t->child[i][0], offset), value_of(t, t->child[i][1], offset),
             options->record_size);
    for (unsigned i = 0; i < 16; i++)
        buffer_byte(&b, '\0');
    buffer_slice(&b, buffer_written(&records));
    metadata(&b, options, t->count);
    must(buffer_error(&b) == 0 && buffer_error(&records) == 0);
    *ret_length = b.length;
    free(t);
    free(offset);
    free(data);
    return file;
}
