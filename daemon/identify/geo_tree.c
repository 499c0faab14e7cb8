/* The tree of a database, flattened. Happy path: the root of IPv4 -> its networks in
 * ascending order -> those of IPv6, where a way back into the IPv4 tree is kept as an
 * alias -> a map. A record that several networks share is read once.
 *
 * It ends for any bytes: a database's tree has each node once, so a walk that meets
 * several times more than there are is one in circles; and all its values together are
 * bounded. */
#include <stdlib.h>

#include "base/config.h"
#include "base/error.h"
#include "identify/geo_inner.h"
#include "identify/geo_places.h"
#include "identify/geo_value.h"

enum {
    V4_AT = 96,
    BITS = 128,
    NODES_TWICE = 4, /* a node may be met so often, on average */
    NODES_FREE = 1 << 16,
    RECORDS_MAX = 1 << 22, /* different ones; a city database has half a million */
    VALUES_MAX = 100 * 1000 * 1000 /* a second or two; a city database has 50 million */
};

struct record { /* of the data section, and whose it is */
    uint32_t offset_and_1;
    uint16_t place;
};

struct walk {
    const MMDB_s *db;
    struct slice data;
    struct places *places;
    struct address_map_draft draft;
    struct record *record; /* an open table, a power of two, at most half full */
    size_t records, record_room;
    uint64_t nodes_left, values_left;
    uint32_t v4_root; /* as a record's value: node_count or more is no node */
    bool v4;          /* the tree that is being walked */
    int error;
};

/* --- Records --- */

static bool read_text(const MMDB_entry_s *record, const char *const *path,
                      struct slice *ret_text)
{
    MMDB_entry_s start = *record;
    MMDB_entry_data_s data;

    if (MMDB_aget_value(&start, &data, path) != MMDB_SUCCESS || !data.has_data ||
        data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size == 0)
        return false;
    *ret_text = (struct slice){data.utf8_string, data.data_size};
    return true;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool read_country(const MMDB_entry_s *record, char ret_country[2])
{
    static const char *const paths[][3] = {
        {"country", "iso_code", NULL}, {"country_code", NULL}, {"country", NULL}};
    struct slice text;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (!read_text(record, paths[i], &text) || text.length != 2)
            continue;
        ret_country[0] = upper(text.at[0]);
        ret_country[1] = upper(text.at[1]);
        return ret_country[0] >= 'A' && ret_country[0] <= 'Z' && ret_country[1] >= 'A' &&
               ret_country[1] <= 'Z';
    }
    return false;
}

static struct slice read_region(const MMDB_entry_s *record)
{
    static const char *const paths[][5] = {{"subdivisions", "0", "iso_code", NULL},
                                           {"subdivisions", "0", "names", "en", NULL},
                                           {"state1", NULL},
                                           {"region", NULL}};
    struct slice text;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (read_text(record, paths[i], &text) && text_is_clean(text))
            return text;
    return (struct slice){NULL, 0};
}

static int read_place(struct walk *w, const MMDB_entry_s *entry, uint16_t *ret_place)
{
    char country[2];

    *ret_place = 0;
    if (!geo_map_is_sound(w->data, entry->offset, &w->values_left))
        return ERR_CORRUPT;
    if (!read_country(entry, country))
        return 0;
    return places_put(w->places, country, read_region(entry), ret_place);
}

static struct record *slot_of(struct record *table, size_t room, uint32_t offset)
{
    size_t at = (size_t)(offset * 0x9E3779B97F4A7C15U >> 20) & (room - 1);

    while (table[at].offset_and_1 != 0 && table[at].offset_and_1 != offset + 1)
        at = (at + 1) & (room - 1);
    return &table[at];
}

static int make_room(struct walk *w)
{
    size_t room = w->record_room == 0 ? 1024 : 2 * w->record_room;
    struct record *larger;

    if (2 * w->records < w->record_room)
        return 0;
    if (w->records >= RECORDS_MAX)
        return ERR_FULL;
    larger = calloc(room, sizeof *larger);
    if (larger == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < w->record_room; i++)
        if (w->record[i].offset_and_1 != 0)
            *slot_of(larger, room, w->record[i].offset_and_1 - 1) = w->record[i];
    free(w->record);
    w->record = larger;
    w->record_room = room;
    return 0;
}

/* The place of a record; 0 and w->error when it cannot be. */
static uint16_t place_of(struct walk *w, const MMDB_entry_s *entry)
{
    struct record *known;
    uint16_t place = 0;

    w->error = make_room(w);
    if (w->error != 0)
        return 0;
    known = slot_of(w->record, w->record_room, entry->offset);
    if (known->offset_and_1 != 0)
        return known->place;
    w->error = read_place(w, entry, &place);
    *known = (struct record){entry->offset + 1, place};
    w->records++;
    return place;
}

/* --- Nodes --- */

static void say(struct walk *w, const struct address *first, uint16_t value)
{
    const uint8_t *b = first->bytes;

    if (w->v4)
        address_map_from_v4(&w->draft,
                            (uint32_t)b[12] << 24 | (uint32_t)b[13] << 16 |
                                (uint32_t)b[14] << 8 | b[15],
                            value);
    else
        address_map_from_v6(&w->draft, b, value);
    w->error = w->draft.error;
}

static void walk_node(struct walk *w, uint32_t node, unsigned depth, struct address *at);

/* One side of a node: `depth` bits of the address are decided. */
static void walk_record(struct walk *w, uint8_t type, uint64_t record,
                        const MMDB_entry_s *entry, unsigned depth, struct address *at)
{
    uint16_t place;

    if (type == MMDB_RECORD_TYPE_EMPTY)
        say(w, at, 0);
    else if (type == MMDB_RECORD_TYPE_DATA) {
        place = place_of(w, entry);
        if (w->error == 0)
            say(w, at, place);
    } else if (type != MMDB_RECORD_TYPE_SEARCH_NODE || depth == BITS)
        w->error = ERR_CORRUPT;
    else if (!w->v4 && record == w->v4_root && depth <= GEO_ALIAS_BITS_MAX)
        say(w, at, (uint16_t)(GEO_ALIAS + depth));
    else
        walk_node(w, (uint32_t)record, depth, at);
}

/* Recurses BITS deep at most. */
static void walk_node(struct walk *w, uint32_t node, unsigned depth, struct address *at)
{
    uint8_t *byte = &at->bytes[depth / 8], bit = (uint8_t)(0x80U >> depth % 8);
    MMDB_search_node_s n;

    if (w->nodes_left-- == 0 || MMDB_read_node(w->db, node, &n) != MMDB_SUCCESS) {
        w->nodes_left = 0;
        w->error = ERR_CORRUPT;
        return;
    }
    walk_record(w, n.left_record_type, n.left_record, &n.left_record_entry, depth + 1,
                at);
    if (w->error != 0)
        return;
    *byte |= bit;
    walk_record(w, n.right_record_type, n.right_record, &n.right_record_entry, depth + 1,
                at);
    *byte &= (uint8_t)~bit;
}

static void walk_v4(struct walk *w)
{
    struct address at = {.bytes = {[10] = 0xFF, 0xFF}};
    uint32_t node = 0, count = w->db->metadata.node_count;
    MMDB_search_node_s n = {.left_record_type = MMDB_RECORD_TYPE_SEARCH_NODE};

    w->v4 = true;
    for (unsigned depth = 0; w->db->metadata.ip_version == 6 && depth < V4_AT; depth++) {
        if (MMDB_read_node(w->db, node, &n) != MMDB_SUCCESS) {
            w->error = ERR_CORRUPT;
            return;
        }
        if (n.left_record_type != MMDB_RECORD_TYPE_SEARCH_NODE)
            break;
        node = (uint32_t)n.left_record;
    }
    w->v4_root = n.left_record_type == MMDB_RECORD_TYPE_SEARCH_NODE ? node : count;
    if (w->v4_root < count)
        walk_node(w, node, V4_AT, &at);
    else
        walk_record(w, n.left_record_type, n.left_record, &n.left_record_entry, V4_AT,
                    &at);
}

static void walk_v6(struct walk *w)
{
    struct address at = {.bytes = {0}};

    w->v4 = false;
    if (w->db->metadata.ip_version == 6 && w->error == 0)
        walk_node(w, 0, 0, &at);
}

int geo_tree_read(struct geo *g, const MMDB_s *db)
{
    struct walk w = {
        .db = db,
        .data = {(const char *)db->data_section, db->data_section_size},
        .places = g->places,
        .nodes_left = (uint64_t)db->metadata.node_count * NODES_TWICE + NODES_FREE,
        .values_left = VALUES_MAX,
    };

    walk_v4(&w);
    walk_v6(&w);
    free(w.record);
    if (w.error != 0) {
        address_map_draft_release(&w.draft);
        return w.error;
    }
    return address_map_make(&g->map, &w.draft);
}
