#include "base/writers.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"

enum { FILE_NAME_MAX = 511 };

struct writers {
    size_t count;
    struct writer writer[WRITERS_MAX];
};

bool writer_id_is_valid(struct slice id)
{
    if (id.length == 0 || id.length > WRITER_ID_MAX)
        return false;
    for (size_t i = 0; i < id.length; i++) {
        char c = id.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return true;
}

/* The next ID:FILE of the list. */
static bool take(struct slice *rest, struct slice *ret_id, struct slice *ret_file)
{
    struct slice row = slice_trim(slice_cut(rest, ','));

    *ret_id = slice_trim(slice_cut(&row, ':'));
    *ret_file = slice_trim(row);
    return writer_id_is_valid(*ret_id) && ret_file->length > 0 &&
           ret_file->length <= FILE_NAME_MAX;
}

bool writers_are_valid(struct slice list)
{
    struct slice id[WRITERS_MAX], file;
    size_t count = 0;

    if (list.length == 0)
        return true;
    while (list.at != NULL) {
        if (count == WRITERS_MAX || !take(&list, &id[count], &file))
            return false;
        for (size_t i = 0; i < count; i++)
            if (slice_equal(id[i], id[count]))
                return false;
        count++;
    }
    return true;
}

/* --- Loading --- */

static void write_token(struct writer *w)
{
    uint8_t token[SECRET_TOKEN_BYTES];
    struct buffer b;

    secret_token(w->secret, token);
    buffer_init(&b, w->token, sizeof w->token - 1);
    buffer_hex(&b, token, sizeof token);
    sodium_memzero(token, sizeof token);
}

static int load_one(struct writers *w, struct slice id, struct slice file,
                    char ret_sentence[512])
{
    struct writer *one = &w->writer[w->count];
    char path[FILE_NAME_MAX + 1];
    int rv;

    snprintf(path, sizeof path, "%.*s", (int)file.length, file.at);
    rv = secret_load(&one->secret, path, ret_sentence);
    if (rv != 0)
        return rv;
    memcpy(one->id, id.at, id.length);
    write_token(one);
    w->count++;
    for (size_t i = 0; i + 1 < w->count; i++)
        if (strcmp(w->writer[i].token, one->token) == 0) {
            snprintf(ret_sentence, 512,
                     "writers: %s and %s have the same secret; give each its own",
                     w->writer[i].id, one->id);
            return ERR_EXISTS;
        }
    return 0;
}

int writers_load(struct writers **ret_writers, const char *list, char ret_sentence[512])
{
    struct writers *w = sodium_malloc(sizeof *w); /* tokens are secrets too */
    struct slice rest = slice_of(list), id, file;
    int rv = 0;

    if (w == NULL)
        return ERR_NOMEM;
    memset(w, 0, sizeof *w);
    while (rv == 0 && list[0] != '\0' && rest.at != NULL) {
        (void)take(&rest, &id, &file);
        rv = load_one(w, id, file, ret_sentence);
    }
    if (rv == 0)
        *ret_writers = w;
    else
        writers_free(w);
    return rv;
}

void writers_free(struct writers *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < w->count; i++)
        secret_free(w->writer[i].secret);
    sodium_free(w);
}

/* --- Asking --- */

size_t writers_count(const struct writers *w)
{
    return w == NULL ? 0 : w->count;
}

const struct writer *writers_find(const struct writers *w, struct slice id)
{
    for (size_t i = 0; i < writers_count(w); i++)
        if (slice_equal(slice_of(w->writer[i].id), id))
            return &w->writer[i];
    return NULL;
}

enum { BEARER_BYTES = 7 };

bool authorization_is_bearer(struct slice authorization)
{
    struct slice scheme = {authorization.at, BEARER_BYTES};

    return authorization.length >= scheme.length &&
           slice_equal_nocase(scheme, SLICE("Bearer "));
}

const struct writer *writers_by_token(const struct writers *w, struct slice authorization)
{
    const struct writer *found = NULL;
    struct slice token;

    if (!authorization_is_bearer(authorization))
        return NULL;
    token = slice_trim((struct slice){authorization.at + BEARER_BYTES,
                                      authorization.length - BEARER_BYTES});
    if (token.length != 2 * (size_t)SECRET_TOKEN_BYTES)
        return NULL;
    for (size_t i = 0; i < writers_count(w); i++)
        if (sodium_memcmp(w->writer[i].token, token.at, token.length) == 0)
            found = &w->writer[i];
    return found;
}
