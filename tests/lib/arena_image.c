#include "lib/arena_image.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(bool good)
{
    if (good)
        return;
    perror("arena image");
    abort();
}

void arena_image_read(struct arena_image *ret_image, const char *file)
{
    struct arena_image image = {.count = 0};
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    struct stat st;
    off_t at = 0;

    must(fd >= 0 && fstat(fd, &st) == 0);
    image.length = st.st_size;
    while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
        struct image_extent *e = &image.extent[image.count++];
        off_t end = lseek(fd, at, SEEK_HOLE);

        must(image.count < IMAGE_EXTENTS && end > at);
        *e = (struct image_extent){at, (size_t)(end - at), malloc((size_t)(end - at))};
        must(e->bytes != NULL &&
             pread(fd, e->bytes, e->length, at) == (ssize_t)e->length);
        image.backed += e->length;
        at = end;
    }
    close(fd);
    *ret_image = image;
}

void arena_image_write(const struct arena_image *image, const char *file, off_t length)
{
    int fd = open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    must(fd >= 0 && ftruncate(fd, image->length) == 0);
    for (unsigned i = 0; i < image->count; i++) {
        const struct image_extent *e = &image->extent[i];

        must(pwrite(fd, e->bytes, e->length, e->at) == (ssize_t)e->length);
    }
    must(ftruncate(fd, length) == 0);
    close(fd);
}

unsigned char *arena_image_byte(const struct arena_image *image, size_t n, off_t *ret_at)
{
    for (unsigned i = 0; i < image->count; i++) {
        const struct image_extent *e = &image->extent[i];

        if (n < e->length) {
            *ret_at = e->at + (off_t)n;
            return &e->bytes[n];
        }
        n -= e->length;
    }
    must(false);
    return NULL;
}

unsigned char *arena_image_at(const struct arena_image *image, off_t at)
{
    for (unsigned i = 0; i < image->count; i++) {
        const struct image_extent *e = &image->extent[i];

        if (at >= e->at && at < e->at + (off_t)e->length)
            return &e->bytes[at - e->at];
    }
    return NULL;
}

void arena_image_release(struct arena_image *image)
{
    for (unsigned i = 0; i < image->count; i++)
        free(image->extent[i].bytes);
    image->count = 0;
}
