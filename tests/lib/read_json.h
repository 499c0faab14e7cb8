/* What we write, read back by jansson: by paths like "periods.today.views" and
 * "points.0.1". */
#ifndef LUOT_TESTS_READ_JSON_H
#define LUOT_TESTS_READ_JSON_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

/* Fails the test when it is no JSON, or says a key twice. json_decref it. */
static inline json_t *read_json(struct slice text)
{
    json_error_t error;
    json_t *root =
        json_loadb(text.at, text.length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

    cr_assert_not_null(root, "%s at %d: %.*s", error.text, error.position,
                       (int)text.length, text.at);
    return root;
}

/* NULL: there is no such thing. */
static inline const json_t *json_at(const json_t *at, const char *path)
{
    struct slice rest = slice_of(path);

    while (rest.length > 0 && at != NULL) {
        struct slice part = slice_cut(&rest, '.');
        char key[128];
        memcpy(key, part.at, part.length);
        key[part.length] = '\0';
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(key))
                               : json_object_get(at, key);
    }
    return at;
}

static inline int64_t integer_at(const json_t *root, const char *path)
{
    const json_t *value = json_at(root, path);

    cr_assert(value != NULL && json_is_integer(value), "%s is no integer", path);
    return json_integer_value(value);
}

static inline const char *text_at(const json_t *root, const char *path)
{
    const json_t *value = json_at(root, path);

    cr_assert(value != NULL && json_is_string(value), "%s is no text", path);
    return json_string_value(value);
}

static inline bool true_at(const json_t *root, const char *path)
{
    const json_t *value = json_at(root, path);

    cr_assert(value != NULL && json_is_boolean(value), "%s is no boolean", path);
    return json_is_true(value);
}

static inline bool null_at(const json_t *root, const char *path)
{
    const json_t *value = json_at(root, path);

    cr_assert_not_null(value, "%s is not there", path);
    return json_is_null(value);
}

/* Exactly these members, in a comma list. */
static inline void expect_members(const json_t *object, const char *names)
{
    struct slice rest = slice_of(names);
    size_t n = 0;

    cr_assert(json_is_object(object));
    for (; rest.length > 0; n++) {
        struct slice name = slice_cut(&rest, ',');
        char key[64];
        memcpy(key, name.at, name.length);
        key[name.length] = '\0';
        cr_expect_not_null(json_object_get(object, key), "%s is missing", key);
    }
    cr_expect_eq(json_object_size(object), n, "other members than %s", names);
}

#endif
