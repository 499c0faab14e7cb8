/* What has to be right before libmaxminddb 1.7.1 opens a file: it multiplies the size
 * of the tree in 32 bits and reads there, walks metadata without a limit, and leaks
 * when some of them are of the wrong kind. */
#include "base/error.h"
#include "identify/geo_inner.h"
#include "identify/geo_value.h"

static const char MARKER[] = "\xAB\xCD\xEFMaxMind.com";
enum {
    MARKER_BYTES = sizeof MARKER - 1,
    METADATA_BYTES = 128 << 10, /* it is looked for in the last ones */
    METADATA_VALUES = 10000,
    TREE_GAP = 16 /* zero bytes between the tree and the data */
};

/* What is behind the last marker near the end; empty: there is none. */
static struct slice find_metadata(struct slice bytes)
{
    struct slice found = {NULL, 0};
    const char *end = bytes.at + bytes.length, *at;

    at = bytes.length > METADATA_BYTES ? end - METADATA_BYTES : bytes.at;
    while ((at = memmem(at, (size_t)(end - at), MARKER, MARKER_BYTES)) != NULL) {
        at += MARKER_BYTES;
        found = (struct slice){at, (size_t)(end - at)};
    }
    return found;
}

/* The library finds them by their names in what looks to it like a database. */
static bool find(struct slice metadata, const char *name, uint32_t type,
                 MMDB_entry_data_s *ret_data)
{
    MMDB_s pretended = {.data_section = (const uint8_t *)metadata.at,
                        .data_section_size = (uint32_t)metadata.length};
    MMDB_entry_s start = {.mmdb = &pretended, .offset = 0};

    return MMDB_get_value(&start, ret_data, name, NULL) == MMDB_SUCCESS &&
           ret_data->has_data && ret_data->type == type;
}

static bool texts_are_sound(struct slice metadata, const char *name, uint32_t type)
{
    uint64_t budget = METADATA_VALUES;
    MMDB_entry_data_s data;

    return find(metadata, name, type, &data) &&
           geo_texts_are_sound(metadata, data.offset, &budget);
}

static bool tree_is_inside(struct slice bytes, struct slice metadata)
{
    size_t before = bytes.length - metadata.length - MARKER_BYTES;
    MMDB_entry_data_s nodes, size;

    return find(metadata, "node_count", MMDB_DATA_TYPE_UINT32, &nodes) &&
           nodes.uint32 > 0 &&
           find(metadata, "record_size", MMDB_DATA_TYPE_UINT16, &size) &&
           (size.uint16 == 24 || size.uint16 == 28 || size.uint16 == 32) &&
           (uint64_t)nodes.uint32 * (size.uint16 / 4U) + TREE_GAP <= before;
}

static bool versions_are_ours(struct slice metadata)
{
    MMDB_entry_data_s ip, major, minor, epoch;

    return find(metadata, "ip_version", MMDB_DATA_TYPE_UINT16, &ip) &&
           (ip.uint16 == 4 || ip.uint16 == 6) &&
           find(metadata, "binary_format_major_version", MMDB_DATA_TYPE_UINT16, &major) &&
           major.uint16 == 2 &&
           find(metadata, "binary_format_minor_version", MMDB_DATA_TYPE_UINT16, &minor) &&
           find(metadata, "build_epoch", MMDB_DATA_TYPE_UINT64, &epoch) &&
           epoch.uint64 > 0;
}

int geo_metadata_check(struct slice bytes)
{
    struct slice metadata = find_metadata(bytes);
    uint64_t budget = METADATA_VALUES;
    MMDB_entry_data_s type;

    if (metadata.length == 0)
        return ERR_FOREIGN;
    if (!geo_map_is_sound(metadata, 0, &budget) || !tree_is_inside(bytes, metadata) ||
        !versions_are_ours(metadata) ||
        !find(metadata, "database_type", MMDB_DATA_TYPE_UTF8_STRING, &type) ||
        !texts_are_sound(metadata, "languages", MMDB_DATA_TYPE_ARRAY) ||
        !texts_are_sound(metadata, "description", MMDB_DATA_TYPE_MAP))
        return ERR_CORRUPT;
    return 0;
}
