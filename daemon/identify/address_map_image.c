/* A map as an image: the struct, then its lists, the widest words first, so that each begins
 * where it may. */
#include "base/error.h"
#include "identify/address_map_inner.h"

uint32_t address_map_form(void)
{
    return 1 + (uint32_t)sizeof(struct address_map) * 16;
}

struct part {
    const void *at;
    size_t bytes;
};

enum { PARTS = 6 };

static void parts_of(struct part ret_part[PARTS], const struct address_map *m)
{
    ret_part[0] = (struct part){m, sizeof *m};
    ret_part[1] = (struct part){m->fine, m->fine_count * sizeof *m->fine};
    ret_part[2] = (struct part){m->v4_block, m->v4_words * sizeof *m->v4_block};
    ret_part[3] = (struct part){m->v6_node, m->node_words * sizeof *m->v6_node};
    ret_part[4] = (struct part){m->v6_first, m->v6_words * sizeof *m->v6_first};
    ret_part[5] = (struct part){m->v6_value, m->v6_words * sizeof *m->v6_value};
}

size_t address_map_image_bytes(const struct address_map *m)
{
    struct part part[PARTS];
    size_t bytes = 0;

    parts_of(part, m);
    for (int i = 0; i < PARTS; i++)
        bytes += part[i].bytes;
    return bytes;
}

void address_map_lay_out(const struct address_map *m, char *ret_image)
{
    struct address_map *image = (struct address_map *)(void *)ret_image;
    struct part part[PARTS];

    parts_of(part, m);
    for (int i = 0; i < PARTS; i++)
        if (part[i].bytes > 0)
            ret_image = mempcpy(ret_image, part[i].at, part[i].bytes);
    image->v4_block = image->v6_node = image->v6_first = NULL;
    image->v6_value = NULL;
    image->fine = NULL;
    image->is_image = true;
}

int address_map_use(struct address_map **ret_map, char *image, size_t length)
{
    struct address_map *m = (struct address_map *)(void *)image;

    if (length < sizeof *m || !m->is_image || m->fine_count > length ||
        m->v4_words > length || m->node_words > length || m->v6_words > length ||
        address_map_image_bytes(m) != length)
        return ERR_CORRUPT;
    m->fine = (struct v6_boundary *)(void *)(image + sizeof *m);
    m->v4_block = (uint32_t *)(m->fine + m->fine_count);
    m->v6_node = m->v4_block + m->v4_words;
    m->v6_first = m->v6_node + m->node_words;
    m->v6_value = (uint16_t *)(m->v6_first + m->v6_words);
    *ret_map = m;
    return 0;
}
