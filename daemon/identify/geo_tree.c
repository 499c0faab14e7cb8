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
    GAP = 16,        /* bytes between the tree and the data, which records count */
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
    const uint8_t *tree;
    unsigned record_bits; /* 24, 28 or 32 */
    uint32_t nodes;
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

static uint16_t new_place(struct walk *w, uint32_t offset)
{
    MMDB_entry_s entry = {.mmdb = w->db, .offset = offset};
    uint16_t place = 0;

    w->error = make_room(w);
    if (w->error == 0)
        w->error = read_place(w, &entry, &place);
    if (w->error != 0)
        return 0;
    *slot_of(w->record, w->record_room, offset) = (struct record){offset + 1, place};
    w->records++;
    return place;
}

/* The place of a record, by where it is in the data; 0 and w->error when it cannot be. */
static uint16_t place_of(struct walk *w, uint32_t offset)
{
    const struct record *known =
        w->record_room == 0 ? NULL : slot_of(w->record, w->record_room, offset);

    return known != NULL && known->offset_and_1 != 0 ? known->place
                                                     : new_place(w, offset);
}

/* --- Nodes --- */

/* A network's first address. */
struct at {
    uint64_t high, low;
};

static void say(struct walk *w, struct at first, uint16_t value)
{
    if (w->v4)
        address_map_from_v4(&w->draft, (uint32_t)first.low, value);
    else
        address_map_from_v6_words(&w->draft, first.high, first.low, value);
    w->error = w->draft.error;
}

/* Both sides of a node that there is (geo_metadata_check: the file has them all, and bytes
 * behind the last one). By ourselves, since MMDB_read_node tells of both all that there is to
 * tell, in 230 instructions of a million. */
static void read_node(const struct walk *w, uint32_t node, uint32_t ret_side[2])
{
    uint64_t both;

    memcpy(&both, w->tree + (size_t)node * (w->record_bits / 4), sizeof both);
    both = __builtin_bswap64(both);
    switch (w->record_bits) {
    case 24:
        ret_side[0] = (uint32_t)(both >> 40);
        ret_side[1] = (uint32_t)(both >> 16) & 0xFFFFFF;
        break;
    case 28: /* the middle byte has the upper four bits of both, the left ones first */
        ret_side[0] = (uint32_t)(both >> 36 & 0xF) << 24 | (uint32_t)(both >> 40);
        ret_side[1] = (uint32_t)(both >> 8) & 0xFFFFFFF;
        break;
    default:
        ret_side[0] = (uint32_t)(both >> 32);
        ret_side[1] = (uint32_t)both;
    }
}

/* A record is a node's number, or what says that nothing is known, or a place in the data.
 * None leads back to the root. */
static bool is_node(const struct walk *w, uint32_t record)
{
    return record > 0 && record < w->nodes;
}

static void say_record(struct walk *w, uint32_t record, struct at at)
{
    uint16_t place = 0;

    if (record < w->nodes || (record > w->nodes && record - w->nodes < GAP))
        w->error = ERR_CORRUPT;
    else if (record > w->nodes)
        place = place_of(w, record - w->nodes - GAP);
    if (w->error == 0)
        say(w, at, place);
}

/* A side of a node: `depth` bits of the address are decided. */
struct side {
    uint32_t record;
    unsigned depth;
    struct at at;
};

static bool is_door(const struct walk *w, const struct side *side)
{
    return !w->v4 && side->record == w->v4_root && side->depth <= GEO_ALIAS_BITS_MAX;
}

static void right_of(struct side *side, uint32_t record)
{
    side->record = record;
    if (side->depth <= BITS / 2)
        side->at.high |= UINT64_C(1) << (BITS / 2 - side->depth);
    else
        side->at.low |= UINT64_C(1) << (BITS - side->depth);
}

/* All networks below, in ascending order: to the left as long as there are nodes, then the
 * last one's right side. */
static void walk(struct walk *w, struct side side)
{
    struct side right[BITS];
    unsigned rights = 0;

    while (w->error == 0) {
        while (side.depth < BITS && is_node(w, side.record) && !is_door(w, &side)) {
            uint32_t both[2];

            if (w->nodes_left == 0) {
                w->error = ERR_CORRUPT;
                return;
            }
            w->nodes_left--;
            read_node(w, side.record, both);
            side.depth++;
            right[rights] = side;
            right_of(&right[rights++], both[1]);
            side.record = both[0];
        }
        if (is_node(w, side.record) && is_door(w, &side))
            say(w, side.at, (uint16_t)(GEO_ALIAS + side.depth));
        else
            say_record(w, side.record, side.at);
        if (rights == 0)
            return;
        side = right[--rights];
    }
}

static void walk_below(struct walk *w, uint32_t node, unsigned depth)
{
    struct side left = {0, depth + 1, {0, 0}}, right = left;
    uint32_t both[2];

    read_node(w, node, both);
    left.record = both[0];
    right_of(&right, both[1]);
    walk(w, left);
    if (w->error == 0)
        walk(w, right);
}

static void walk_v4(struct walk *w)
{
    uint32_t root = 0, both[2];
    bool there = true;

    w->v4 = true;
    if (w->db->metadata.ip_version == 6)
        for (unsigned depth = 0; depth < V4_AT && there; depth++) {
            read_node(w, root, both);
            root = both[0];
            there = is_node(w, root);
        }
    w->v4_root = there ? root : w->nodes;
    if (there)
        walk_below(w, root, V4_AT);
    else
        say_record(w, root, (struct at){0, 0});
}

static void walk_v6(struct walk *w)
{
    w->v4 = false;
    if (w->db->metadata.ip_version == 6 && w->error == 0)
        walk_below(w, 0, 0);
}

int geo_tree_read(struct geo *g, const MMDB_s *db)
{
    struct walk w = {
        .db = db,
        .tree = db->file_content,
        .record_bits = db->metadata.record_size,
        .nodes = db->metadata.node_count,
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
