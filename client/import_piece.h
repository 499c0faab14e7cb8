/* A piece of an import: what so many bytes of one source add to a site. Gathered line by
 * line, sent as one document, begun again. */
#ifndef LUOT_IMPORT_PIECE_H
#define LUOT_IMPORT_PIECE_H

#include "base/hash.h"
#include "count/period.h"
#include "import_scene.h"
#include "import_tops.h"
#include "parse/log_line.h"
#include "parse/page_rule.h"

/* A page view is at most 101 bytes of a document (a day, an hour and a mark of its own),
 * beside its tops; luotd takes 64 MiB. */
enum {
    IMPORT_PIECE_VIEWS = 500000,
    IMPORT_VIEW_BYTES = 101,
    IMPORT_PIECE_BYTES = 60 << 20
};

/* What luotd says about the site: `import-key`. */
struct import_site {
    char key[64];
    struct hash_key hash; /* who a visitor is                                      */
    uint64_t key_id;      /* of that key                                           */
    int64_t first_live_s; /* from then on luotd counted itself; INT64_MAX: not yet */
    struct calendar calendar;
    int64_t idle_slots;
    char not_pages[256];        /* see page_rule_is_page */
    struct import_scene *scene; /* the caller's; NULL: no tops, and all are people */
};

struct import_view {
    int64_t slot;
    uint64_t fp;
};

struct import_numbers {
    uint64_t lines, parsed, malformed, views;
    uint64_t robots, internal,
        denied;           /* page views that are not counted: import_scene.h */
    uint64_t skipped;     /* records from first_live_s on                    */
    int64_t from_s, to_s; /* of `views`; 0, 0: there are none                */
};

struct import_piece {
    uint64_t from_byte, until_byte;
    struct import_numbers numbers;
    struct import_view *view; /* IMPORT_PIECE_VIEWS */
    size_t count;
    struct import_tops tops;
};

struct import_source_name {
    uint64_t first_line; /* hash of it                        */
    struct slice name;   /* base name of the file, for people */
};

int import_piece_init(struct import_piece *p); /* ERR_NOMEM */
void import_piece_release(struct import_piece *p);
/* Empty, from a byte on. */
void import_piece_begin(struct import_piece *p, uint64_t from_byte);
bool import_piece_is_full(const struct import_piece *p);
/* One record. */
void import_piece_add(struct import_piece *p, const struct import_site *site,
                      const struct log_line *line, enum page_rule rule);
/* In order of time; what follows needs it. */
void import_piece_sort(struct import_piece *p);
/* The document, malloc'ed: see the top of import_piece.c. ERR_NOMEM. */
int import_piece_document(struct import_piece *p, const struct import_site *site,
                          const struct import_source_name *source, char **ret_bytes,
                          size_t *ret_length);
void import_numbers_add(struct import_numbers *to, const struct import_numbers *more);

#endif
