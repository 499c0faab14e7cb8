#include "identify/referrer_list_inner.h"

enum { PATH_SEGMENTS_MAX = 4 /* of a path in a list */ };

#define CLASS_WORD(name, word, sentence) [name] = {#word, sizeof #word - 1},
static const struct slice WORDS[] = {REFERRER_CLASSES(CLASS_WORD)};
#undef CLASS_WORD

struct slice referrer_class_word(enum referrer_class class)
{
    return WORDS[class];
}

uint64_t referrer_list_id(const struct referrer_list *list)
{
    return list->id;
}

size_t referrer_list_hosts(const struct referrer_list *list)
{
    return list->hosts.count;
}

/* libpsl converts what is not ASCII, and allocates for it: such hosts have no domain. A
 * browser sends them as xn--... . */
static bool is_ascii(const char *host)
{
    while (*host != '\0' && (unsigned char)*host < 0x80)
        host++;
    return *host == '\0';
}

struct slice referrer_list_domain(const struct referrer_list *list, const char *host)
{
    const char *domain =
        is_ascii(host) ? psl_registrable_domain(list->suffixes, host) : NULL;

    return slice_of(domain);
}

/* What is above: "a.b.vn" -> "b.vn"; empty above the last label. */
static struct slice parent(struct slice host)
{
    size_t dot = slice_find(host, '.');

    if (dot == host.length)
        return (struct slice){NULL, 0};
    return (struct slice){host.at + dot + 1, host.length - dot - 1};
}

/* --- Hosts and paths --- */

/* The longest beginning of `path`, by whole segments, that stands in the list below
 * `host`. */
static const struct referrer_slot *find_path(const struct referrer_list *list,
                                             struct slice host, struct slice path)
{
    char name[REFERRER_HOST_MAX + REFERRER_PATH_MAX];
    const struct referrer_slot *best = NULL;
    size_t length = 0;

    memcpy(name, host.at, host.length);
    for (int n = 0; n < PATH_SEGMENTS_MAX && length < path.length; n++) {
        const struct referrer_slot *slot;

        length++;
        while (length < path.length && path.at[length] != '/')
            length++;
        if (length > REFERRER_PATH_MAX)
            break;
        memcpy(name + host.length, path.at, length);
        slot =
            referrer_table_find(&list->hosts, (struct slice){name, host.length + length});
        best = slot != NULL ? slot : best;
    }
    return best;
}

/* Does the list say what this very name is? */
static bool find_name(const struct referrer_list *list, struct slice name,
                      struct slice path, struct referrer_verdict *v)
{
    const struct referrer_slot *slot = referrer_table_find(&list->hosts, name), *longer;

    if (slot == NULL)
        return false;
    if (slot->paths) {
        v->by_path = true;
        longer = find_path(list, name, path);
        slot = longer != NULL ? longer : slot;
    }
    if (slot->class == REFERRER_DIRECT)
        return false; /* there are paths of it only */
    v->class = slot->class;
    return true;
}

/* --- Labels --- */

static bool label_matches(const struct label_pattern *p, struct slice label)
{
    size_t last;

    if (label.length < p->length)
        return false;
    last = label.length - p->length;
    switch (p->match) {
    case LABEL_BEGINS:
        return memcmp(label.at, p->text, p->length) == 0;
    case LABEL_ENDS:
        return memcmp(label.at + last, p->text, p->length) == 0;
    case LABEL_HOLDS:
        return memmem(label.at, label.length, p->text, p->length) != NULL;
    }
    return false;
}

/* What a label at the beginning of `host` says, with something behind it. */
static bool find_label(const struct referrer_list *list, struct slice host,
                       enum referrer_class *ret_class)
{
    struct slice label = {host.at, slice_find(host, '.')};
    const struct referrer_slot *slot;

    if (label.length == host.length)
        return false;
    slot = referrer_table_find(&list->hosts, (struct slice){host.at, label.length + 1});
    if (slot != NULL) {
        *ret_class = slot->class;
        return true;
    }
    for (size_t i = 0; i < list->label_count; i++)
        if (label_matches(&list->label[i], label)) {
            *ret_class = list->label[i].class;
            return true;
        }
    return false;
}

/* --- All of it --- */

static bool is_denied(const struct referrer_list *list, struct slice host)
{
    if (list->denied.count == 0)
        return false;
    for (; host.length > 0; host = parent(host))
        if (referrer_table_find(&list->denied, host) != NULL)
            return true;
    return false;
}

/* libpsl takes a microsecond or more, so it is asked only where the answer hangs on where
 * the registrable domain begins. `name` ends with a NUL. */
static bool is_public_suffix(const struct referrer_list *list, struct slice name)
{
    return name.length == 0 || !is_ascii(name.at) ||
           psl_is_public_suffix(list->suffixes, name.at) != 0;
}

/* A label and, behind it, a name that the list has: the name wins when it is longer than a
 * registrable domain. A label alone counts where it stands before one. */
static void classify(const struct referrer_list *list, struct slice host,
                     struct slice path, struct referrer_verdict *v)
{
    struct slice name = host, behind_label = {0};
    enum referrer_class of_label = REFERRER_DIRECT;
    bool labelled = false, found = false;

    for (; name.length > 0 && !found; name = parent(name)) {
        found = find_name(list, name, path, v);
        if (!found && !labelled && find_label(list, name, &of_label)) {
            labelled = true;
            behind_label = parent(name);
        }
    } /* now `name` is behind what was found */
    if (of_label == REFERRER_OTHER && v->class != REFERRER_SEARCH)
        return; /* docs. is not google, but chat. may be what it is below */
    if (labelled && is_public_suffix(list, name) &&
        (found || !is_public_suffix(list, behind_label)))
        v->class = of_label;
}

struct referrer_verdict referrer_list_find(const struct referrer_list *list,
                                           const char *host, struct slice path, bool app)
{
    struct referrer_verdict v = {.class = REFERRER_OTHER};

    v.denied = is_denied(list, slice_of(host));
    if (app)
        (void)find_name(list, slice_of(host), path, &v);
    else
        classify(list, slice_of(host), path, &v);
    return v;
}
