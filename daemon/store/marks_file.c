/* RUN_DIR/marks-SITE, as the machine writes numbers (the file never leaves it):
 *
 *      "luotmrk2"  key_id  count  checksum of the records  of the head   8 bytes each
 *      fp:44 | length in slots:20   first slot                           8 + 4 bytes a mark
 *
 * The first version, "luotmark", had no checksum of the head: it is read too. A file that
 * is damaged is named in the log and removed: what was imported is counted, and who comes
 * again in a later piece of the same log is then one more. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "store/marks.h"

enum { RECORD_BYTES = 12, LENGTH_BITS = 20, PATH_LIMIT = 1024 };

struct head {
    char magic[8];
    uint64_t key_id, count, checksum, own;
};

static const char magic[8] = {'l', 'u', 'o', 't', 'm', 'r', 'k', '2'},
                  first_magic[8] = {'l', 'u', 'o', 't', 'm', 'a', 'r', 'k'};

enum { FIRST_HEAD_BYTES = offsetof(struct head, own) };

static void path_of(char path[PATH_LIMIT], const char *run_dir, struct slice site,
                    const char *end)
{
    snprintf(path, PATH_LIMIT, "%.900s/marks-%.*s%s", run_dir, (int)site.length, site.at,
             end);
}

/* --- Bytes --- */

static int pack(const struct mark *m, unsigned char record[RECORD_BYTES])
{
    uint64_t length = (uint64_t)(m->last_slot - m->first_slot);
    uint64_t word = m->fp << LENGTH_BITS | length;
    uint32_t first = (uint32_t)m->first_slot;

    if (length >> LENGTH_BITS != 0 || m->first_slot < 0 || m->first_slot > UINT32_MAX)
        return ERR_RANGE;
    memcpy(record, &word, sizeof word);
    memcpy(record + sizeof word, &first, sizeof first);
    return 0;
}

static struct mark unpack(const unsigned char record[RECORD_BYTES])
{
    uint64_t word;
    uint32_t first;

    memcpy(&word, record, sizeof word);
    memcpy(&first, record + sizeof word, sizeof first);
    return (struct mark){
        .fp = word >> LENGTH_BITS,
        .first_slot = first,
        .last_slot = first + (int64_t)(word & (((uint64_t)1 << LENGTH_BITS) - 1))};
}

static int pack_all(const struct marks *m, uint64_t key_id, unsigned char **ret_bytes,
                    size_t *ret_length)
{
    size_t length = sizeof(struct head) + m->count * RECORD_BYTES;
    struct head head = {.key_id = key_id, .count = m->count};
    unsigned char *bytes = calloc(1, length);
    int rv = bytes == NULL ? ERR_NOMEM : 0;

    for (size_t i = 0; i < m->count && rv == 0; i++)
        rv = pack(&m->mark[i], bytes + sizeof head + i * RECORD_BYTES);
    if (rv != 0) {
        free(bytes);
        return rv;
    }
    memcpy(head.magic, magic, sizeof magic);
    head.checksum = hash_fast(bytes + sizeof head, length - sizeof head);
    head.own = hash_fast(&head, FIRST_HEAD_BYTES);
    memcpy(bytes, &head, sizeof head);
    *ret_bytes = bytes;
    *ret_length = length;
    return 0;
}

static int write_all(int fd, const unsigned char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? ERR_IO : error_from_errno(errno);
        bytes += n;
        length -= (size_t)n;
    }
    return 0;
}

static int read_all(int fd, unsigned char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = read(fd, bytes, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? ERR_CORRUPT : error_from_errno(errno);
        bytes += n;
        length -= (size_t)n;
    }
    return 0;
}

/* --- Save --- */

int marks_prepare(const struct marks *m, const char *run_dir, struct slice site,
                  uint64_t key_id)
{
    char path[PATH_LIMIT];
    unsigned char *bytes;
    size_t length;
    int fd, rv = pack_all(m, key_id, &bytes, &length);

    if (rv != 0)
        return rv;
    path_of(path, run_dir, site, ".new");
    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    rv = fd < 0 ? error_from_errno(errno) : write_all(fd, bytes, length);
    if (fd >= 0 && close(fd) != 0 && rv == 0)
        rv = error_from_errno(errno);
    if (fd >= 0 && rv != 0)
        unlink(path);
    free(bytes);
    return rv;
}

int marks_commit(const char *run_dir, struct slice site)
{
    char from[PATH_LIMIT], to[PATH_LIMIT];

    path_of(from, run_dir, site, ".new");
    path_of(to, run_dir, site, "");
    return rename(from, to) == 0 ? 0 : error_from_errno(errno);
}

int marks_erase(const char *run_dir, struct slice site)
{
    char path[PATH_LIMIT];
    int rv = 0;

    path_of(path, run_dir, site, ".new");
    if (unlink(path) != 0 && errno != ENOENT)
        rv = error_from_errno(errno);
    path_of(path, run_dir, site, "");
    if (unlink(path) != 0 && errno != ENOENT)
        rv = error_from_errno(errno);
    return rv;
}

/* --- Load --- */

static int check_head(const struct head *head, uint64_t file_bytes)
{
    bool first = memcmp(head->magic, first_magic, sizeof first_magic) == 0;
    uint64_t head_bytes = first ? FIRST_HEAD_BYTES : sizeof *head;

    if (!first && (memcmp(head->magic, magic, sizeof magic) != 0 ||
                   head->own != hash_fast(head, FIRST_HEAD_BYTES)))
        return ERR_CORRUPT;
    return file_bytes >= head_bytes &&
                   (file_bytes - head_bytes) / RECORD_BYTES == head->count &&
                   (file_bytes - head_bytes) % RECORD_BYTES == 0
               ? 0
               : ERR_CORRUPT;
}

static int read_head(int fd, struct head *ret_head)
{
    struct head head = {.count = 0};
    struct stat st;
    int rv = fstat(fd, &st) != 0 ? error_from_errno(errno) : 0;

    if (rv == 0 && !S_ISREG(st.st_mode))
        rv = ERR_CORRUPT;
    if (rv == 0)
        rv = read_all(fd, (unsigned char *)&head, FIRST_HEAD_BYTES);
    if (rv == 0 && memcmp(head.magic, first_magic, sizeof first_magic) != 0)
        rv = read_all(fd, (unsigned char *)&head.own, sizeof head.own);
    if (rv == 0)
        rv = check_head(&head, (uint64_t)st.st_size);
    if (rv == 0)
        *ret_head = head;
    return rv;
}

static int erase_damaged(const char *run_dir, struct slice site)
{
    log_error("event=marks_damaged file=%.900s/marks-%.*s "
              "next=removed_visitors_of_logs_that_were_imported_in_part_may_count_twice_"
              "check_memory_and_who_writes_there",
              run_dir, (int)site.length, site.at);
    return marks_erase(run_dir, site);
}

static int read_marks(int fd, const struct head *head, struct marks *ret_marks)
{
    size_t length = head->count * RECORD_BYTES;
    unsigned char *bytes = malloc(length + 1);
    struct marks m = {.count = head->count};
    int rv;

    m.mark = malloc((m.count + 1) * sizeof *m.mark);
    rv = bytes == NULL || m.mark == NULL ? ERR_NOMEM : read_all(fd, bytes, length);
    if (rv == 0 && hash_fast(bytes, length) != head->checksum)
        rv = ERR_CORRUPT;
    for (size_t i = 0; i < m.count && rv == 0; i++)
        m.mark[i] = unpack(bytes + i * RECORD_BYTES);
    free(bytes);
    if (rv != 0) {
        marks_release(&m);
        return rv;
    }
    *ret_marks = m;
    return 0;
}

int marks_load(struct marks *ret_marks, const char *run_dir, struct slice site,
               uint64_t key_id)
{
    char path[PATH_LIMIT];
    struct head head;
    int fd, rv;

    path_of(path, run_dir, site, ".new");
    unlink(path);
    *ret_marks = (struct marks){NULL, 0};
    path_of(path, run_dir, site, "");
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_from_errno(errno);
    rv = read_head(fd, &head);
    if (rv == 0 && head.key_id != key_id) {
        close(fd); /* whom they meant nobody knows any more */
        return marks_erase(run_dir, site);
    }
    if (rv == 0)
        rv = read_marks(fd, &head, ret_marks);
    close(fd);
    return rv == ERR_CORRUPT ? erase_damaged(run_dir, site) : rv;
}

int marks_expire(const char *run_dir, struct slice site, uint64_t key_id)
{
    char path[PATH_LIMIT];
    struct head head;
    int fd, rv;

    path_of(path, run_dir, site, "");
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0 : error_from_errno(errno);
    rv = read_head(fd, &head);
    close(fd);
    if (rv == ERR_CORRUPT)
        return erase_damaged(run_dir, site);
    return rv == 0 && head.key_id != key_id ? marks_erase(run_dir, site) : rv;
}
