/* Floor 2 (identify). Where visitors come from, by the host of the referrer: what kind of
 * place it is. A list is immutable once it is made; any thread may look at it. libpsl, which
 * knows where registrable domains end, is known to referrer_list*.c only.
 *
 * A list is a text of lines. Its first one is `luot referrers 1`; `#` begins a comment line.
 *
 *   search google.com          this host and what is below it
 *   mail orange.fr/webmail     of this host, paths that begin so, by whole segments
 *   mail *mail*.               a host with a label like that below its registrable domain:
 *   search search.             webmail.example.vn, but not mailer.vn; search.example.vn
 *   other docs.                the same, but only below the domain of a search engine
 *
 * The longest host wins, and its longest path. A label loses against hosts below the
 * registrable domain (inbox.google.com) and wins against the domain itself (docs.google.com
 * is not google.com). The leftmost label that says something counts; a whole one before one
 * with a *, and of these the first in the list. Of a host that stands there twice the last counts, so that a list can end with
 * corrections. The names of apps (com.google.android.gm) and numbers of the App Store stand
 * there like hosts; only whole ones match. */
#ifndef LUOT_IDENTIFY_REFERRER_LIST_H
#define LUOT_IDENTIFY_REFERRER_LIST_H

#include "base/slice.h"

enum {
    REFERRER_HOST_MAX = 253,         /* bytes of a host                            */
    REFERRER_LIST_MAX = 4 << 20,     /* bytes of a list or deny file               */
    REFERRER_LABELS_MAX = 64,        /* labels with a * in a list                  */
    REFERRER_LABEL_MAX = 23,         /* bytes of one                               */
    REFERRER_PATH_MAX = 64,          /* bytes of a path in a list, with its slash  */
    REFERRER_LIST_SENTENCE_MAX = 512 /* bytes of what is wrong with a list, and NUL */
};

/* name, word in lists and documents, sentence */
#define REFERRER_CLASSES(X)                                                              \
    X(REFERRER_DIRECT, direct, "typed, a bookmark, or a page that does not say")         \
    X(REFERRER_INTERNAL, internal, "another page of the site")                           \
    X(REFERRER_SEARCH, search, "a search engine")                                        \
    X(REFERRER_SOCIAL, social, "a social network, a forum or a messenger")               \
    X(REFERRER_MAIL, mail, "somebody's mail")                                            \
    X(REFERRER_AI, ai, "an AI assistant")                                                \
    X(REFERRER_ADS, ads, "an advertisement")                                             \
    X(REFERRER_OTHER, other, "any other page")

#define REFERRER_CLASS_ENUM(name, word, sentence) name,
enum referrer_class { REFERRER_CLASSES(REFERRER_CLASS_ENUM) REFERRER_CLASS_COUNT };
#undef REFERRER_CLASS_ENUM

struct slice referrer_class_word(enum referrer_class class); /* static memory */

struct referrer_list;

/* `deny` has a host a line, and denies what is below it too; may be empty. The names are for
 * messages. Copies what it needs. ERR_NOMEM, ERR_VERSION (no such first line),
 * ERR_MALFORMED, ERR_FULL (too many labels), with a sentence that says file, line and what
 * to do. Main thread: it allocates, and reads the system's list of public suffixes. */
int referrer_list_parse(struct referrer_list **ret_list, const char *list_name,
                        struct slice list, const char *deny_name, struct slice deny,
                        char ret_sentence[REFERRER_LIST_SENTENCE_MAX]);
/* From files: "" is the list that is in the program, and nobody denied. Also ERR_NOT_FOUND,
 * ERR_DENIED, ERR_IO, ERR_TOO_LONG or ERR_FOREIGN, with a sentence. */
int referrer_list_open(struct referrer_list **ret_list, const char *list_path,
                       const char *deny_path,
                       char ret_sentence[REFERRER_LIST_SENTENCE_MAX]);
/* The text that is in the program. Static memory. */
struct slice referrer_list_builtin(void);
void referrer_list_free(struct referrer_list *list); /* NULL is a no-op */
/* Another number for each list that was ever made: caches compare it. */
uint64_t referrer_list_id(const struct referrer_list *list);
size_t referrer_list_hosts(const struct referrer_list *list); /* entries */

struct referrer_verdict {
    enum referrer_class class; /* REFERRER_SEARCH to REFERRER_OTHER        */
    bool denied;               /* the operator does not want to hear of it */
    bool by_path;              /* another path of this host may be another */
};

/* `host` is in lower case, at most REFERRER_HOST_MAX bytes and NUL-terminated; of an app
 * its name. Some hundred nanoseconds; no heap, no lock. */
struct referrer_verdict referrer_list_find(const struct referrer_list *list,
                                           const char *host, struct slice path, bool app);
/* The registrable domain ("example.gov.vn" of "www.example.gov.vn"): the end of `host`;
 * empty where there is none: public suffixes, addresses, names that are not ASCII. */
struct slice referrer_list_domain(const struct referrer_list *list, const char *host);

#endif
