/* What of an arena's file is backed, in memory: to be written again and again, whole, changed
 * or cut. Nobody may hold the arena. Whatever cannot be read or written aborts. */
#ifndef LUOT_TESTS_LIB_ARENA_IMAGE_H
#define LUOT_TESTS_LIB_ARENA_IMAGE_H

#include <stddef.h>
#include <sys/types.h>

enum { IMAGE_EXTENTS = 64 };

struct arena_image {
    struct image_extent {
        off_t at;
        size_t length;
        unsigned char *bytes;
    } extent[IMAGE_EXTENTS];
    unsigned count;
    size_t backed; /* bytes         */
    off_t length;  /* of the file   */
};

void arena_image_read(struct arena_image *ret_image, const char *file);
/* The file is `length` long then. */
void arena_image_write(const struct arena_image *image, const char *file, off_t length);
/* The n-th byte of what is backed, and where it lies in the file. */
unsigned char *arena_image_byte(const struct arena_image *image, size_t n, off_t *ret_at);
/* The byte at a place; NULL: it is not backed. */
unsigned char *arena_image_at(const struct arena_image *image, off_t at);
void arena_image_release(struct arena_image *image);

#endif
