/* Floor 2 (identify). A list of rows that tell agents, as text: who writes one reads
 * conf/lists/README.md. A row is:
 *
 *     KIND \t NAME \t MAJOR \t PATTERN
 *
 * Reading checks the form only; patterns are compiled by agent_match. */
#ifndef LUOT_IDENTIFY_AGENT_LIST_H
#define LUOT_IDENTIFY_AGENT_LIST_H

#include "base/slice.h"

enum {
    AGENT_ROWS_MAX = 16384,
    AGENT_NAME_MAX = 63,      /* bytes of NAME and of MAJOR, before $1 is put in */
    AGENT_PATTERN_MAX = 8192, /* bytes                                           */
    AGENT_TROUBLE_MAX = 400   /* bytes of a sentence that says what is wrong     */
};

/* In this order the rows of a kind are one run: agent_rows_sort(). */
enum agent_kind { AGENT_BROWSER, AGENT_SYSTEM, AGENT_DEVICE, AGENT_ROBOT, AGENT_KINDS };

enum agent_list_kind { AGENT_LIST_AGENTS, AGENT_LIST_BOTS };

struct agent_row {
    struct slice name;    /* with $1 to $9 where a capture is put in                 */
    struct slice major;   /* likewise; of a device: the system that it is of, if any */
    struct slice pattern; /* without the (?i) before it                              */
    enum agent_kind kind;
    bool caseless;
    bool person;               /* AGENT_ROBOT only: it ends the search, and is none */
    uint8_t captures;          /* the highest that name or major says, 0 to 9...    */
    uint8_t name_captures;     /* ...and of these the name                          */
    enum agent_list_kind list; /* where it was read...                              */
    unsigned line;             /* ...and on which line, from 1                      */
};

struct agent_rows {
    struct agent_row *row;
    size_t count, room;
    size_t first[AGENT_KINDS + 1]; /* rows of kind k are first[k] to first[k + 1] */
};

/* Adds the rows of a list; their slices point into `text`, which outlives them. 0,
 * ERR_NOMEM, ERR_FOREIGN (no list of this kind), ERR_VERSION, ERR_MALFORMED or ERR_FULL,
 * and why, beginning with the line where there is one. */
int agent_rows_read(struct agent_rows *rows, enum agent_list_kind list, struct slice text,
                    char ret_trouble[AGENT_TROUBLE_MAX]);
/* Brings each kind together, its rows in the order in which they were read: the first
 * that matches is the answer. ERR_NOMEM. */
int agent_rows_sort(struct agent_rows *rows);
void agent_rows_free(struct agent_rows *rows);

/* In a NAME or MAJOR: is a capture put in for text[i] and the byte behind it? */
static inline bool agent_text_is_capture(struct slice text, size_t i)
{
    return text.at[i] == '$' && i + 1 < text.length && text.at[i + 1] >= '1' &&
           text.at[i + 1] <= '9';
}

const char *agent_list_word(enum agent_list_kind list); /* "agents", "bots" */

#endif
