/* Making a list: from its text, or from files. Nothing of it is used before all of it was
 * read and found right. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/config.h"
#include "base/error.h"
#include "base/file_text.h"
#include "base/hash.h"
#include "identify/referrer_list_inner.h"

static const char FIRST_LINE[] = "luot referrers 1";

struct reading {
    struct referrer_list *list;
    const char *name; /* of the text, for messages */
    unsigned line;
    char *sentence;
};

static int __attribute__((format(printf, 3, 4)))
refuse(struct reading *r, int rv, const char *format, ...)
{
    char what[REFERRER_LIST_SENTENCE_MAX / 2];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(r->sentence, REFERRER_LIST_SENTENCE_MAX, "%.200s:%u: %s", r->name, r->line,
             what);
    return rv;
}

/* --- One line --- */

static bool find_class(struct slice word, enum referrer_class *ret_class)
{
    for (enum referrer_class c = REFERRER_SEARCH; c < REFERRER_CLASS_COUNT; c++)
        if (slice_equal(word, referrer_class_word(c))) {
            *ret_class = c;
            return true;
        }
    return false;
}

static void put_lower(char *to, struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        to[i] = text.at[i] >= 'A' && text.at[i] <= 'Z' ? (char)(text.at[i] | 0x20)
                                                       : text.at[i];
}

static void add_whole_label(struct reading *r, enum referrer_class class,
                            struct slice text)
{
    char name[REFERRER_LABEL_MAX + 1];

    put_lower(name, text);
    name[text.length] = '.';
    referrer_table_put(&r->list->hosts, (struct slice){name, text.length + 1})->class =
        (uint8_t) class;
}

/* "*mail*." and the like, without its dot. */
static int add_label(struct reading *r, enum referrer_class class, struct slice text)
{
    struct label_pattern p = {.class = class};
    bool front = slice_starts(text, SLICE("*"));
    bool back = text.length > 1 && slice_ends(text, SLICE("*"));

    text = (struct slice){text.at + front, text.length - front - back};
    if (text.length > REFERRER_LABEL_MAX || !host_is_valid(text) ||
        slice_find(text, '.') < text.length)
        return refuse(r, ERR_MALFORMED,
                      "a label is 1 to %d letters, digits or dashes, with a * before or "
                      "behind: `mail *mail*.`",
                      REFERRER_LABEL_MAX);
    if (!front && !back) {
        add_whole_label(r, class, text);
        return 0;
    }
    if (r->list->label_count == REFERRER_LABELS_MAX)
        return refuse(r, ERR_FULL,
                      "there are more than %d labels with a *; take some out",
                      REFERRER_LABELS_MAX);
    p.match = front && back ? LABEL_HOLDS : front ? LABEL_ENDS : LABEL_BEGINS;
    p.length = (uint8_t)text.length;
    put_lower(p.text, text);
    r->list->label[r->list->label_count++] = p;
    return 0;
}

/* A valid host in lower case; false: it is none. */
static bool take_host(char host[REFERRER_HOST_MAX + 1], struct slice text)
{
    if (!host_is_valid(text))
        return false;
    put_lower(host, text);
    host[text.length] = '\0';
    return true;
}

static int add_host(struct reading *r, enum referrer_class class, struct slice text)
{
    char name[REFERRER_HOST_MAX + 1 + REFERRER_PATH_MAX];
    struct slice rest = text, host = slice_cut(&rest, '/');
    struct referrer_slot *slot;

    if (!take_host(name, host))
        return refuse(r, ERR_MALFORMED,
                      "`%.*s` is not a host; write it as DNS has it, like `search "
                      "google.com`",
                      (int)(text.length < 80 ? text.length : 80), text.at);
    slot = referrer_table_put(&r->list->hosts, (struct slice){name, host.length});
    if (rest.length == 0) {
        slot->class = (uint8_t) class;
        return 0;
    }
    slot->paths = 1;
    if (rest.at[rest.length - 1] == '/')
        rest.length--;
    if (rest.length + 1 > REFERRER_PATH_MAX)
        return refuse(r, ERR_MALFORMED, "a path has at most %d bytes; take a shorter one",
                      REFERRER_PATH_MAX);
    name[host.length] = '/';
    memcpy(name + host.length + 1, rest.at, rest.length);
    slot = referrer_table_put(&r->list->hosts,
                              (struct slice){name, host.length + 1 + rest.length});
    slot->class = (uint8_t) class;
    return 0;
}

static int read_place(struct reading *r, struct slice line)
{
    enum referrer_class class;
    struct slice rest = line, word = slice_cut(&rest, ' ');

    rest = slice_trim(rest);
    if (!find_class(word, &class))
        return refuse(r, ERR_MALFORMED,
                      "the first word must be search, social, mail, ai, ads or other, as "
                      "in `search google.com`");
    if (rest.length > 1 && rest.at[rest.length - 1] == '.')
        return add_label(r, class, (struct slice){rest.at, rest.length - 1});
    return add_host(r, class, rest);
}

static int read_denied(struct reading *r, struct slice line)
{
    char host[REFERRER_HOST_MAX + 1];

    if (!take_host(host, line))
        return refuse(r, ERR_MALFORMED,
                      "`%.*s` is not a host; write one a line, as DNS has it",
                      (int)(line.length < 80 ? line.length : 80), line.at);
    (void)referrer_table_put(&r->list->denied, slice_of(host));
    return 0;
}

/* --- All lines --- */

static int read_lines(struct reading *r, struct slice text,
                      int (*read_line)(struct reading *, struct slice))
{
    int rv = 0;

    while (text.length > 0 && rv == 0) {
        struct slice line = slice_trim(slice_cut(&text, '\n'));

        r->line++;
        if (line.length > 0 && line.at[0] != '#')
            rv = read_line(r, line);
    }
    return rv;
}

/* No more than there are names: one a line, and the host of each path. */
static size_t count_names(struct slice text)
{
    size_t names = 1;

    for (size_t i = 0; i < text.length; i++)
        names += text.at[i] == '\n' || text.at[i] == '/';
    return names;
}

static int read_list(struct reading *r, struct slice text)
{
    int rv = referrer_table_init(&r->list->hosts, count_names(text), 2 * text.length);

    if (rv != 0)
        return rv;
    r->line = 1;
    if (!slice_equal(slice_trim(slice_cut(&text, '\n')), slice_of(FIRST_LINE)))
        return refuse(r, ERR_VERSION,
                      "this is not a list of referrers of this version; its first line "
                      "must be `%s`",
                      FIRST_LINE);
    return read_lines(r, text, read_place);
}

static int read_deny(struct reading *r, struct slice text)
{
    int rv = referrer_table_init(&r->list->denied, count_names(text), text.length);

    return rv != 0 ? rv : read_lines(r, text, read_denied);
}

int referrer_list_parse(struct referrer_list **ret_list, const char *list_name,
                        struct slice list, const char *deny_name, struct slice deny,
                        char ret_sentence[REFERRER_LIST_SENTENCE_MAX])
{
    struct referrer_list *l = calloc(1, sizeof *l);
    struct reading of_list = {l, list_name, 0, ret_sentence};
    struct reading of_deny = {l, deny_name, 0, ret_sentence};
    int rv = l == NULL ? ERR_NOMEM : 0;

    snprintf(ret_sentence, REFERRER_LIST_SENTENCE_MAX, "%s", error_text(ERR_NOMEM));
    if (rv == 0) {
        l->id = hash_random64();
        l->suffixes = psl_latest(NULL);
        rv = l->suffixes == NULL ? ERR_NOMEM : read_list(&of_list, list);
    }
    if (rv == 0)
        rv = read_deny(&of_deny, deny);
    if (rv == 0) {
        ret_sentence[0] = '\0';
        *ret_list = l;
    } else {
        referrer_list_free(l);
    }
    return rv;
}

void referrer_list_free(struct referrer_list *list)
{
    if (list == NULL)
        return;
    psl_free(list->suffixes);
    referrer_table_release(&list->hosts);
    referrer_table_release(&list->denied);
    free(list);
}

/* --- From files --- */

static int read_file(struct slice *ret_text, const char *path,
                     char ret_sentence[REFERRER_LIST_SENTENCE_MAX])
{
    int rv = file_text_read(ret_text, path, REFERRER_LIST_MAX);

    if (rv != 0)
        snprintf(ret_sentence, REFERRER_LIST_SENTENCE_MAX,
                 "%.300s: %s; name a text file of at most 4 MiB that luotd may read, or "
                 "none",
                 path, error_text(rv));
    return rv;
}

int referrer_list_open(struct referrer_list **ret_list, const char *list_path,
                       const char *deny_path,
                       char ret_sentence[REFERRER_LIST_SENTENCE_MAX])
{
    struct slice list = {0}, deny = {0};
    bool own = list_path[0] != '\0', denies = deny_path[0] != '\0';
    int rv = own ? read_file(&list, list_path, ret_sentence) : 0;

    if (rv == 0 && denies)
        rv = read_file(&deny, deny_path, ret_sentence);
    if (rv == 0)
        rv = referrer_list_parse(ret_list, own ? list_path : "the list in luotd",
                                 own ? list : referrer_list_builtin(), deny_path, deny,
                                 ret_sentence);
    free((void *)(uintptr_t)list.at);
    free((void *)(uintptr_t)deny.at);
    return rv;
}
