/* A directory of a test's own, on a tmpfs where there is one. */
#ifndef LUOT_TESTS_SCRATCH_H
#define LUOT_TESTS_SCRATCH_H

struct scratch {
    char dir[64];
};

struct scratch scratch_new(void);
/* Removes it with the files in it and in its folders. */
void scratch_free(const struct scratch *s);
/* dir/name; good until the eighth call after this one. */
const char *scratch_path(const struct scratch *s, const char *name);
/* How many names in it begin so. */
unsigned scratch_count(const struct scratch *s, const char *start);

#endif
