#include "identify/agent_scan.h"

#include <hs/hs.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "identify/agent_literal.h"

enum {
    TARGET_CERTAIN = 1 << 30 /* in a target: the row certainly matches */
};

/* What is looked for, and the rows that want it: target[first] to the next one's first. */
struct agent_scan {
    hs_database_t *database; /* NULL: nothing to look for               */
    size_t words;            /* of 64 rows                              */
    uint32_t *first;         /* one an expression, and one at the end   */
    uint32_t *target;        /* rows, with TARGET_CERTAIN               */
    uint64_t *always;        /* rows of which the pass can tell nothing */
};

struct agent_scan_lane {
    hs_scratch_t *scratch;
    const struct agent_scan *scan; /* of the pass that is under way */
    struct agent_found found;
};

/* Something to look for, before those that are equal become one. */
struct wish {
    char *word; /* `length` bytes of any kind */
    size_t length;
    unsigned flags;
    uint32_t target;
};

struct wishes {
    struct wish *at;
    size_t count, room;
};

bool agent_scan_possible(void)
{
    return hs_valid_platform() == HS_SUCCESS;
}

/* Takes the word, NULL too: there was no memory for it. */
static int add_wish(struct wishes *wishes, char *word, size_t length, unsigned flags,
                    uint32_t target)
{
    if (wishes->count == wishes->room && word != NULL) {
        size_t room = wishes->room == 0 ? 4096 : wishes->room * 2;
        struct wish *more = realloc(wishes->at, room * sizeof *more);

        if (more != NULL) {
            wishes->at = more;
            wishes->room = room;
        }
    }
    if (word == NULL || wishes->count == wishes->room) {
        free(word);
        return ERR_NOMEM;
    }
    wishes->at[wishes->count++] = (struct wish){word, length, flags, target};
    return 0;
}

static char *word_of(const struct agent_literal *literal)
{
    char *word = malloc(literal->length + 1u);

    if (word != NULL)
        memcpy(word, literal->text, literal->length);
    return word;
}

static int wish_for_row(struct wishes *wishes, struct agent_scan *scan,
                        const struct agent_row *row, uint32_t target,
                        struct agent_literals *literals)
{
    int rv = 0;

    agent_literals_of(row->pattern, row->caseless, literals);
    if (literals->count == 0)
        scan->always[target / 64] |= UINT64_C(1) << target % 64;
    for (size_t i = 0; rv == 0 && i < literals->count; i++)
        rv = add_wish(wishes, word_of(&literals->at[i]), literals->at[i].length,
                      row->caseless ? HS_FLAG_CASELESS : 0,
                      target | (literals->at[i].certain ? TARGET_CERTAIN : 0));
    return rv;
}

/* 0: they look for the same. */
static int word_order(const struct wish *a, const struct wish *b)
{
    size_t both = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->word, b->word, both);

    if (a->flags != b->flags)
        return a->flags < b->flags ? -1 : 1;
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* In one order always: a prepared database numbers its expressions by it. */
static int wish_order(const void *a, const void *b)
{
    const struct wish *x = a, *y = b;
    int order = word_order(x, y);

    return order != 0 ? order : (x->target > y->target) - (x->target < y->target);
}

/* Equal wishes become one word with many targets. */
struct expressions {
    const char **word;
    size_t *length;
    unsigned *flags, *id;
    size_t count;
    uint64_t check; /* of all of them: which database is theirs */
};

static void expressions_free(struct expressions *e)
{
    free(e->word);
    free(e->length);
    free(e->flags);
    free(e->id);
}

static int gather(struct expressions *ret, struct agent_scan *scan, struct wishes *wishes)
{
    size_t n = wishes->count;
    struct expressions e = {.word = calloc(n + 1, sizeof *e.word),
                            .length = calloc(n + 1, sizeof *e.length),
                            .flags = calloc(n + 1, sizeof *e.flags),
                            .id = calloc(n + 1, sizeof *e.id),
                            .check = 1};

    scan->first = calloc(n + 1, sizeof *scan->first);
    scan->target = calloc(n + 1, sizeof *scan->target);
    if (e.word == NULL || e.length == NULL || e.flags == NULL || e.id == NULL ||
        scan->first == NULL || scan->target == NULL) {
        expressions_free(&e);
        return ERR_NOMEM;
    }
    if (n > 0)
        qsort(wishes->at, n, sizeof *wishes->at, wish_order);
    for (size_t i = 0; i < n; i++) {
        const struct wish *w = &wishes->at[i];

        scan->target[i] = w->target;
        if (i > 0 && word_order(w - 1, w) == 0)
            continue;
        e.word[e.count] = w->word;
        e.length[e.count] = w->length;
        e.flags[e.count] = w->flags;
        e.id[e.count] = (unsigned)e.count;
        scan->first[e.count++] = (uint32_t)i;
        e.check = e.check * 31 + w->flags + hash_fast(w->word, w->length);
    }
    scan->first[e.count] = (uint32_t)n;
    *ret = e;
    return 0;
}

/* As plain words, each told as often as it is there: to tell it once only, Vectorscan would
 * keep a record of each, which costs more than telling it again. */
static int compile(hs_database_t **ret_database, const struct expressions *e,
                   const hs_platform_info_t *platform)
{
    hs_compile_error_t *trouble = NULL;
    hs_error_t rv =
        hs_compile_lit_multi(e->word, e->flags, e->id, e->length, (unsigned)e->count,
                             HS_MODE_BLOCK, platform, ret_database, &trouble);

    hs_free_compile_error(trouble);
    return rv == HS_SUCCESS ? 0 : ERR_CORRUPT;
}

/* A prepared database begins with the check of its expressions. */
static bool take_prepared(hs_database_t **ret_database, const struct expressions *e,
                          struct slice prepared)
{
    uint64_t check;

    if (prepared.length <= sizeof check)
        return false;
    memcpy(&check, prepared.at, sizeof check);
    return check == e->check && hs_deserialize_database(prepared.at + sizeof check,
                                                        prepared.length - sizeof check,
                                                        ret_database) == HS_SUCCESS;
}

/* The scan without its database, and what the database is to be of. The expressions point
 * into the wishes. */
static int plan(struct agent_scan **ret_scan, const struct agent_rows *rows,
                struct wishes *wishes, struct expressions *ret_expressions)
{
    struct agent_scan *scan = calloc(1, sizeof *scan);
    struct agent_literals *literals = malloc(sizeof *literals);
    int rv = ERR_NOMEM;

    if (scan != NULL && literals != NULL) {
        scan->words = (rows->count + 63) / 64;
        scan->always = calloc(scan->words + 1, sizeof *scan->always);
        rv = scan->always == NULL ? ERR_NOMEM : 0;
    }
    for (size_t i = 0; rv == 0 && i < rows->count; i++)
        rv = wish_for_row(wishes, scan, &rows->row[i], (uint32_t)i, literals);
    if (rv == 0)
        rv = gather(ret_expressions, scan, wishes);
    free(literals);
    if (rv != 0) {
        agent_scan_free(scan);
        return rv;
    }
    *ret_scan = scan;
    return 0;
}

static void wishes_free(struct wishes *wishes)
{
    for (size_t i = 0; i < wishes->count; i++)
        free(wishes->at[i].word);
    free(wishes->at);
}

int agent_scan_new(struct agent_scan **ret_scan, const struct agent_rows *rows,
                   struct slice prepared)
{
    struct wishes wishes = {0};
    struct expressions e = {0};
    struct agent_scan *scan = NULL;
    int rv = plan(&scan, rows, &wishes, &e);

    if (rv == 0 && e.count > 0 && !take_prepared(&scan->database, &e, prepared))
        rv = compile(&scan->database, &e, NULL);
    expressions_free(&e);
    wishes_free(&wishes);
    if (rv != 0) {
        agent_scan_free(scan);
        return rv;
    }
    *ret_scan = scan;
    return 0;
}

static int with_check(char **ret_bytes, size_t *ret_length, uint64_t check,
                      const char *bytes, size_t length)
{
    char *whole = malloc(sizeof check + length);

    if (whole == NULL)
        return ERR_NOMEM;
    memcpy(whole, &check, sizeof check);
    memcpy(whole + sizeof check, bytes, length);
    *ret_bytes = whole;
    *ret_length = sizeof check + length;
    return 0;
}

int agent_scan_prepare(const struct agent_rows *rows, char **ret_bytes,
                       size_t *ret_length)
{
    static const hs_platform_info_t any = {.tune = HS_TUNE_FAMILY_GENERIC};
    struct wishes wishes = {0};
    struct expressions e = {0};
    struct agent_scan *scan = NULL;
    char *bytes = NULL;
    size_t length = 0;
    int rv = plan(&scan, rows, &wishes, &e);

    if (rv == 0)
        rv = compile(&scan->database, &e, &any);
    if (rv == 0 && hs_serialize_database(scan->database, &bytes, &length) != HS_SUCCESS)
        rv = ERR_NOMEM;
    if (rv == 0)
        rv = with_check(ret_bytes, ret_length, e.check, bytes, length);
    free(bytes);
    expressions_free(&e);
    wishes_free(&wishes);
    agent_scan_free(scan);
    return rv;
}

void agent_scan_free(struct agent_scan *scan)
{
    if (scan == NULL)
        return;
    hs_free_database(scan->database);
    free(scan->first);
    free(scan->target);
    free(scan->always);
    free(scan);
}

int agent_scan_lane_new(struct agent_scan_lane **ret_lane, const struct agent_scan *scan)
{
    struct agent_scan_lane *lane = calloc(1, sizeof *lane);

    if (lane == NULL)
        return ERR_NOMEM;
    if (scan->database != NULL &&
        hs_alloc_scratch(scan->database, &lane->scratch) != HS_SUCCESS) {
        free(lane);
        return ERR_NOMEM;
    }
    *ret_lane = lane;
    return 0;
}

void agent_scan_lane_free(struct agent_scan_lane *lane)
{
    if (lane == NULL)
        return;
    hs_free_scratch(lane->scratch);
    free(lane);
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to,
                    unsigned flags, void *context)
{
    struct agent_scan_lane *lane = context;
    const struct agent_scan *scan = lane->scan;

    (void)from;
    (void)to;
    (void)flags;
    for (uint32_t i = scan->first[id]; i < scan->first[id + 1]; i++) {
        uint32_t row = scan->target[i] & ~(uint32_t)TARGET_CERTAIN;
        uint64_t bit = UINT64_C(1) << row % 64;

        lane->found.maybe[row / 64] |= bit;
        if (scan->target[i] & (uint32_t)TARGET_CERTAIN)
            lane->found.certain[row / 64] |= bit;
    }
    return 0;
}

const struct agent_found *agent_scan_pass(const struct agent_scan *scan,
                                          struct agent_scan_lane *lane,
                                          struct slice agent)
{
    lane->scan = scan;
    memcpy(lane->found.maybe, scan->always, scan->words * 8);
    memset(lane->found.certain, 0, scan->words * 8);
    if (scan->database != NULL &&
        hs_scan(scan->database, agent.at, (unsigned)agent.length, 0, lane->scratch,
                on_match, lane) != HS_SUCCESS)
        memset(lane->found.maybe, 0xff, scan->words * 8); /* our bug; slow, not wrong */
    return &lane->found;
}
