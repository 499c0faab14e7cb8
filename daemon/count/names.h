/* Floor 2 (count). Rows with a name, in the arena: the table under tops and pages. A row
 * is a cell of 64 bytes with the counts and the first 24 bytes of its name; a longer name
 * goes on in further cells, all of one size, so that freeing leaves no holes. The index
 * is open addressing over words
 *
 *      63                    24 23          0
 *     +------------------------+-------------+   0 empty, else cell + 1; SEALED and TOMB
 *     |  high bits of the hash |  cell + 1   |   are two of the highest numbers
 *     +------------------------+-------------+
 *
 * in three parts, each larger than the one before; words never move. A cell is filled
 * first and published whole by the CAS of its word: nobody sees half a row, and a worker
 * that is killed in between loses nothing but its cells until the next adoption. As in
 * count/visitors a writer seals the first empty word of its path in each older part before
 * it inserts in the newest one, so no name is there twice.
 *
 * The hash is keyed (hash_keyed, the table's own key): it stands for the name. */
#ifndef LUOT_COUNT_NAMES_H
#define LUOT_COUNT_NAMES_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/slice.h"

enum {
    NAME_MAX_BYTES = 255,
    NAMES_PARTS = 3,
    NAME_FIRST_WORDS = 3, /* words of the name in the row's own cell */
    NAME_MORE_WORDS = 7   /* and in a further one                    */
};

enum name_state { NAME_FREE, NAME_LIVE, NAME_DYING };

/* A row. `views` grows by fetch-add; what the other two mean is their owner's. */
struct name_cell {
    _Atomic uint64_t hash, views, extra, base;
    _Atomic uint64_t text[NAME_FIRST_WORDS];
    _Atomic uint32_t next; /* its name goes on there (cell + 1), or next free cell */
    _Atomic uint32_t meta; /* state:8 | kind:8 | length:8                          */
};

/* In the arena; all zero and `ready` set is an empty table. */
struct name_head {
    _Atomic uint64_t free;         /* tag:32 | cell + 1: cells that were given back    */
    _Atomic uint32_t fresh, ready; /* cells ever taken; backed (the keeper's)  */
    _Atomic uint32_t part, parts_ready; /* newest open; backed (the keeper's)  */
    _Atomic uint32_t rows;
    uint32_t unused;
};

/* The same as a process sees it: pointers into its own mapping. Cells lie in two places:
 * the first few with their head, the others where there is room for all. */
struct names_table {
    struct name_head *head;
    const struct hash_key *key;
    _Atomic uint64_t *index[NAMES_PARTS];
    uint32_t words[NAMES_PARTS];
    struct name_cell *first, *rest;
    uint32_t first_cells, limit; /* cells: there, and in all */
};

static inline uint32_t name_meta(enum name_state state, unsigned kind, size_t length)
{
    return (uint32_t)state | (uint32_t)kind << 8 | (uint32_t)length << 16;
}

static inline enum name_state name_state(uint32_t meta)
{
    return (enum name_state)(meta & 0xff);
}

static inline unsigned name_kind(uint32_t meta)
{
    return meta >> 8 & 0xff;
}

static inline size_t name_length(uint32_t meta)
{
    return meta >> 16 & 0xff;
}

/* --- Anybody who keeps the table in place: a worker in its turn --- */
uint64_t names_hash(const struct names_table *t, unsigned kind, struct slice name);
/* The row, LIVE or DYING; NULL: none. */
struct name_cell *names_find(const struct names_table *t, uint64_t hash);
/* The row, made when there is none (*ret_made). `name` is at most NAME_MAX_BYTES. NULL: no
 * room now. */
struct name_cell *names_add(const struct names_table *t, uint64_t hash, unsigned kind,
                            struct slice name, uint64_t views, uint64_t extra,
                            uint64_t base, bool *ret_made);

/* --- Any thread --- */
/* The name of a row; its length. Of a row that is given to another meanwhile it is neither
 * name: look at the row's hash again. */
size_t names_text(const struct names_table *t, const struct name_cell *cell,
                  char ret_text[NAME_MAX_BYTES]);
/* Every row, in no order. */
void names_each(const struct names_table *t,
                void (*row)(void *context, struct name_cell *cell), void *context);

/* --- The keeper --- */
/* Backs what will be needed next: cells when half are taken, a part when a quarter of the
 * newest is. ERR_NOSPACE. */
int names_grow(const struct names_table *t, struct arena *a);
/* Room for so many cells and parts at once, as a table before it needed. ERR_NOSPACE. */
int names_make_room(const struct names_table *t, struct arena *a, uint32_t cells,
                    uint32_t parts);
/* Should it be done before the next tick? Cheap; workers ask too. */
bool names_wants(const struct names_table *t);
/* Takes a row out of the index and gives its cells back. Nobody inserts meanwhile, and
 * nobody who found the row before it was DYING is still in that turn. */
void names_bury(const struct names_table *t, struct name_cell *cell);
/* Adoption, before any worker: cells that no row has are free again, and a head that was
 * damaged points nowhere else. 0 or ERR_NOMEM (then they stay as they are). */
int names_adopt(const struct names_table *t);

#ifdef LUOT_SEAMS
extern void (*names_seam)(const char *where); /* before each CAS that publishes */
#endif

#endif
