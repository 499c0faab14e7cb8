#include "count/site_names.h"

#include <stdlib.h>
#include <string.h>

enum { MERGERS_MAX = 64 /* followed: two nodes may have said a circle */ };

static const char *const words[NAME_KINDS] = {
    [NAME_OF] = "name", [NAME_ARCHIVED] = "archived", [NAME_MERGED] = "merged"};

const char *name_kind_word(enum name_kind kind)
{
    return words[kind];
}

bool name_kind_parse(enum name_kind *ret_kind, struct slice word)
{
    for (int k = 0; k < NAME_KINDS; k++)
        if (slice_equal(slice_of(words[k]), word)) {
            *ret_kind = (enum name_kind)k;
            return true;
        }
    return false;
}

bool name_fact_is_valid(const struct name_fact *f)
{
    if (!site_key_is_valid(slice_of(f->subject)))
        return false;
    if (f->kind == NAME_ARCHIVED)
        return strcmp(f->object, "yes") == 0 || strcmp(f->object, "no") == 0;
    return site_key_is_valid(slice_of(f->object)) &&
           (f->kind != NAME_MERGED || strcmp(f->object, f->subject) != 0);
}

/* --- Lists --- */

static int by_subject(const struct name_fact *a, const struct name_fact *b)
{
    return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1)
                              : strcmp(a->subject, b->subject);
}

/* Of one subject the one that holds is the last: later, else by its text, so that all
 * nodes choose the same. */
static int by_age(const void *left, const void *right)
{
    const struct name_fact *a = left, *b = right;
    int order = by_subject(a, b);

    if (order == 0 && a->at_ms != b->at_ms)
        order = a->at_ms < b->at_ms ? -1 : 1;
    if (order == 0)
        order = strcmp(a->object, b->object);
    return order != 0 ? order : strcmp(a->host, b->host);
}

static struct site_names *names_new(size_t count)
{
    struct site_names *names =
        calloc(1, sizeof *names + (count == 0 ? 1 : count) * sizeof names->fact[0]);

    if (names != NULL)
        names->count = count;
    return names;
}

static void settle(struct site_names *names)
{
    size_t kept = 0;

    if (names->count == 0)
        return;
    qsort(names->fact, names->count, sizeof names->fact[0], by_age);
    for (size_t i = 0; i < names->count; i++) {
        if (kept > 0 && by_subject(&names->fact[kept - 1], &names->fact[i]) == 0)
            kept--;
        names->fact[kept++] = names->fact[i];
    }
    names->count = kept;
}

struct site_names *site_names_new(const struct name_fact *fact, size_t count)
{
    struct site_names *names = names_new(count);

    if (names == NULL)
        return NULL;
    if (count > 0)
        memcpy(names->fact, fact, count * sizeof *fact);
    settle(names);
    return names;
}

static size_t count_of(const struct site_names *names)
{
    return names == NULL ? 0 : names->count;
}

struct site_names *site_names_union(const struct site_names *a,
                                    const struct site_names *b)
{
    size_t n = count_of(a);
    struct site_names *names = names_new(n + count_of(b));

    if (names == NULL)
        return NULL;
    if (n > 0)
        memcpy(names->fact, a->fact, n * sizeof a->fact[0]);
    if (count_of(b) > 0)
        memcpy(names->fact + n, b->fact, b->count * sizeof b->fact[0]);
    settle(names);
    return names;
}

bool site_names_equal(const struct site_names *a, const struct site_names *b)
{
    if (count_of(a) != count_of(b))
        return false;
    for (size_t i = 0; i < count_of(a); i++)
        if (by_age(&a->fact[i], &b->fact[i]) != 0)
            return false;
    return true;
}

/* --- Look-ups --- */

static int compare(const char *text, struct slice with)
{
    int order = strncmp(text, with.at == NULL ? "" : with.at, with.length);

    return order != 0 ? order : text[with.length] != '\0';
}

static const struct name_fact *find(const struct site_names *names, enum name_kind kind,
                                    struct slice subject)
{
    size_t from = 0, until = count_of(names);

    while (from < until) {
        size_t middle = from + (until - from) / 2;
        const struct name_fact *f = &names->fact[middle];
        int order =
            f->kind != kind ? (f->kind < kind ? -1 : 1) : compare(f->subject, subject);

        if (order == 0)
            return f;
        if (order < 0)
            from = middle + 1;
        else
            until = middle;
    }
    return NULL;
}

const struct name_fact *site_names_merger(const struct site_names *names,
                                          struct slice key)
{
    return find(names, NAME_MERGED, key);
}

struct slice site_names_first_key(const struct site_names *names, struct slice name)
{
    const struct name_fact *f = find(names, NAME_OF, name);

    return f != NULL ? slice_of(f->object) : name;
}

struct slice site_names_key(const struct site_names *names, struct slice name)
{
    const struct name_fact *f;

    name = site_names_first_key(names, name);
    for (int i = 0; i < MERGERS_MAX && (f = site_names_merger(names, name)) != NULL; i++)
        name = slice_of(f->object);
    return name;
}

struct slice site_names_shown(const struct site_names *names, struct slice key)
{
    const struct name_fact *last = NULL;

    for (size_t i = 0; i < count_of(names) && names->fact[i].kind == NAME_OF; i++) {
        const struct name_fact *f = &names->fact[i];
        if (slice_equal(slice_of(f->object), key) &&
            (last == NULL || f->at_ms > last->at_ms))
            last = f;
    }
    return last == NULL ? key : slice_of(last->subject);
}

bool site_names_is_archived(const struct site_names *names, struct slice key)
{
    const struct name_fact *f = find(names, NAME_ARCHIVED, key);

    return f != NULL && strcmp(f->object, "yes") == 0;
}

bool site_names_is_taken(const struct site_names *names, struct slice name,
                         struct slice key)
{
    const struct name_fact *f = find(names, NAME_OF, name);

    if (f != NULL)
        return !slice_equal(slice_of(f->object), key);
    return !slice_equal(name, key) && (site_names_merger(names, name) != NULL ||
                                       site_names_is_archived(names, name));
}

const struct site_config *site_names_section(const struct site_names *names,
                                             const struct config *config,
                                             struct slice key)
{
    struct slice shown = site_names_shown(names, key);
    const struct site_config *c = config_site(config, shown);

    for (size_t i = 0; i < count_of(names) && names->fact[i].kind == NAME_OF && c == NULL;
         i++)
        if (slice_equal(slice_of(names->fact[i].object), key))
            c = config_site(config, slice_of(names->fact[i].subject));
    if (c == NULL && find(names, NAME_OF, key) == NULL)
        c = config_site(config, key);
    return c;
}
