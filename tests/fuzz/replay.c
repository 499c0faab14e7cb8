/* Feeds every file of the directories (or files) on the command line to a fuzz target, so
 * that its seeds are tests with any compiler: replay [PATH ...]. Exit 0, or 74 when
 * something cannot be read. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &about) != 0 || !S_ISREG(about.st_mode)) {
        perror(path);
        return 74;
    }
    /* exactly as large as the input: the sanitizer sees a read behind it */
    uint8_t *data = malloc(about.st_size == 0 ? 1 : (size_t)about.st_size);
    size_t size = data == NULL ? 0 : fread(data, 1, (size_t)about.st_size, file);
    fclose(file);
    if (data == NULL || size != (size_t)about.st_size) {
        perror(path);
        free(data);
        return 74;
    }
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

static int replay(const char *path, unsigned *files)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        ++*files;
        return replay_file(path);
    }
    int rv = 0;
    struct dirent *entry;
    while (rv == 0 && (entry = readdir(folder)) != NULL) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        rv = replay(file, files);
    }
    closedir(folder);
    return rv;
}

int main(int argc, char **argv)
{
    unsigned files = 0;
    for (int i = 1; i < argc; i++) {
        int rv = replay(argv[i], &files);
        if (rv != 0)
            return rv;
    }
    printf("%u inputs replayed\n", files);
    return 0;
}
