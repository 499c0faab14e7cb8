#include "base/arena_header.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

enum {
    HEADER_VERSION = 1,
    CHECK_BITS = 16,
    PAGE_MAX = 65536 /* the largest page of a machine we run on: ranges begin on one */
};

static const char magic[8] = {'l', 'u', 'o', 't', 'a', 'r', 'e', 'n'};

static_assert(sizeof(struct arena_header) <= ARENA_HEADER_BYTES, "it is one page");
static_assert(offsetof(struct arena_header, checksum) == 64,
              "the checksum covers no padding");

static uint64_t checksum_of(const struct arena_header *h)
{
    return hash_fast(h, offsetof(struct arena_header, checksum));
}

void arena_header_make(struct arena_header *h, const struct arena_layout *layout,
                       uint64_t incarnation, int64_t created_ms)
{
    memcpy(h->magic, magic, sizeof magic);
    h->header_version = HEADER_VERSION;
    h->version = layout->version;
    h->layout_hash = layout->layout_hash;
    h->head_bytes = layout->head_bytes;
    h->range_bytes = layout->range_bytes;
    h->incarnation = incarnation;
    h->created_ms = created_ms;
    h->checksum = checksum_of(h);
    for (unsigned i = 0; i < ARENA_WORDS; i++)
        arena_word_set(h, i, 0);
}

static bool is_read(uint64_t version, const struct arena_layout *layout)
{
    return version == layout->version ||
           (layout->oldest != 0 && version >= layout->oldest &&
            version < layout->version);
}

/* Killed inside arena_header_renew: the checksum is an older version's still. */
static bool is_half_renewed(const struct arena_header *h,
                            const struct arena_layout *layout)
{
    struct arena_header old;

    if (layout->oldest == 0 || h->version != layout->version)
        return false;
    memcpy(&old, h, offsetof(struct arena_header, word));
    for (old.version = layout->oldest; old.version < layout->version; old.version++)
        if (h->checksum == checksum_of(&old))
            return true;
    return false;
}

void arena_header_renew(struct arena_header *h, const struct arena_layout *layout)
{
    *(volatile uint64_t *)&h->version = layout->version;
    *(volatile uint64_t *)&h->checksum = checksum_of(h);
}

int arena_header_check(const struct arena_header *h, const struct arena_layout *layout,
                       uint64_t size)
{
    uint64_t value, ranges;

    if (memcmp(h->magic, magic, sizeof magic) != 0)
        return ERR_FOREIGN;
    if (h->header_version != HEADER_VERSION)
        return ERR_VERSION; /* its checksum may be elsewhere */
    if (h->checksum != checksum_of(h) && !is_half_renewed(h, layout))
        return ERR_CORRUPT;
    if (!is_read(h->version, layout) || h->layout_hash != layout->layout_hash ||
        h->head_bytes != layout->head_bytes || h->range_bytes != layout->range_bytes)
        return ERR_VERSION;
    for (unsigned i = 0; i < ARENA_WORDS; i++)
        if (!arena_word_read(h, i, &value))
            return ERR_CORRUPT;
    /* Longer than it says is one that was being extended when its holder was killed. */
    if (!arena_word_read(h, ARENA_RANGES, &ranges) || size < arena_ranges_at(layout) ||
        ranges > (size - arena_ranges_at(layout)) / layout->range_bytes)
        return ERR_CORRUPT;
    return 0;
}

uint64_t arena_ranges_at(const struct arena_layout *layout)
{
    return (ARENA_HEADER_BYTES + layout->head_bytes + PAGE_MAX - 1) / PAGE_MAX * PAGE_MAX;
}

uint64_t arena_file_bytes(const struct arena_layout *layout, uint64_t ranges)
{
    return arena_ranges_at(layout) + ranges * layout->range_bytes;
}

static uint64_t checked(enum arena_word which, uint64_t value)
{
    uint64_t input[2] = {value, (uint64_t)which};

    return value << CHECK_BITS |
           (hash_fast(input, sizeof input) & ((1u << CHECK_BITS) - 1));
}

void arena_word_set(struct arena_header *h, enum arena_word which, uint64_t value)
{
    assert(value >> (64 - CHECK_BITS) == 0);
    /* Release: who reads "clean" after us finds what we did before. */
    atomic_store_explicit(&h->word[which], checked(which, value), memory_order_release);
}

bool arena_word_read(const struct arena_header *h, enum arena_word which,
                     uint64_t *ret_value)
{
    uint64_t word = atomic_load_explicit(&h->word[which], memory_order_acquire);

    *ret_value = word >> CHECK_BITS;
    return word == checked(which, word >> CHECK_BITS);
}
