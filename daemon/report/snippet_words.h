/* Floor 3 (report). The snippets, for snippet.c. In code @URL@ is where luotd is, @TAG@ the
 * tag, @BOX@ the box, @KEY@ the site's key and @DATA@ what Drupal's form of the tag needs
 * of it, @LATE@ what the tag that comes late does; @LANG@ is the language, @ORIGIN@ the URL without its path, @TITLE@ what is counted and
 * @NAME@ the title of the snippet. */
#ifndef LUOT_REPORT_SNIPPET_WORDS_H
#define LUOT_REPORT_SNIPPET_WORDS_H

#include "report/page.h"

enum { SNIPPETS = 12 };

struct snippet {
    const char *name;
    const char *title[3], *how[3]; /* by language */
    const char *code;
};

extern const struct snippet snippet_list[SNIPPETS];

#endif
