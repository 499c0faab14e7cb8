#include "identify/agent_match.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

enum {
    STEPS_MAX = 20000,
    CAPTURES_MAX = 10,
    FRAMES_KIB = 128,
    ASKED_OFTEN = 8, /* from then on machine code is worth its making */
    ASKED_NO_MORE = UINT8_MAX
};

struct pattern {
    pcre2_code *code;          /* NULL: nobody needs it                         */
    _Atomic(pcre2_code *) jit; /* a copy of it that has machine code; or NULL   */
    _Atomic uint8_t asked;     /* how often, without jit; up to ASKED_OFTEN     */
};

struct agent_match {
    struct pattern *pattern; /* one a row */
    size_t count;
};

struct agent_match_lane {
    pcre2_match_data *data;
    pcre2_match_context *context;
};

static int refuse(const struct agent_row *row, int code, size_t offset,
                  char ret_trouble[AGENT_TROUBLE_MAX])
{
    char why[160];

    pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
    snprintf(ret_trouble, AGENT_TROUBLE_MAX,
             "line %u: the pattern cannot be read: %s, at byte %zu of it", row->line, why,
             offset + (row->caseless ? 4 : 0));
    return ERR_MALFORMED;
}

static int compile(pcre2_code **ret_code, const struct agent_row *row,
                   char ret_trouble[AGENT_TROUBLE_MAX])
{
    uint32_t options = PCRE2_DOTALL | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
                       PCRE2_NEVER_BACKSLASH_C | (row->caseless ? PCRE2_CASELESS : 0);
    size_t offset;
    int code;

    *ret_code = pcre2_compile((PCRE2_SPTR)row->pattern.at, row->pattern.length, options,
                              &code, &offset, NULL);
    return *ret_code != NULL ? 0 : refuse(row, code, offset, ret_trouble);
}

static int make(struct agent_match *match, const struct agent_rows *rows, bool trusted,
                agent_match_needs *needs, const void *context,
                enum agent_list_kind *ret_wrong, char ret_trouble[AGENT_TROUBLE_MAX])
{
    match->pattern = calloc(rows->count + 1, sizeof *match->pattern);
    if (match->pattern == NULL)
        return ERR_NOMEM;
    match->count = rows->count;
    for (size_t i = 0; i < rows->count; i++) {
        struct pattern *p = &match->pattern[i];
        bool needed = needs == NULL || needs(context, i);
        int rv = 0;

        *ret_wrong = rows->row[i].list;
        if (needed || !trusted)
            rv = compile(&p->code, &rows->row[i], ret_trouble);
        if (rv != 0)
            return rv;
        if (!needed) {
            pcre2_code_free(p->code);
            p->code = NULL;
        }
    }
    return 0;
}

int agent_match_new(struct agent_match **ret_match, const struct agent_rows *rows,
                    bool trusted, agent_match_needs *needs, const void *context,
                    enum agent_list_kind *ret_wrong, char ret_trouble[AGENT_TROUBLE_MAX])
{
    struct agent_match *match = calloc(1, sizeof *match);
    int rv;

    if (match == NULL)
        return ERR_NOMEM;
    rv = make(match, rows, trusted, needs, context, ret_wrong, ret_trouble);
    if (rv != 0) {
        agent_match_free(match);
        return rv;
    }
    *ret_match = match;
    return 0;
}

void agent_match_free(struct agent_match *match)
{
    if (match == NULL)
        return;
    for (size_t i = 0; i < match->count; i++) {
        struct pattern *p = &match->pattern[i];

        pcre2_code_free(p->code);
        pcre2_code_free(atomic_load_explicit(&p->jit, memory_order_relaxed));
    }
    free(match->pattern);
    free(match);
}

/* The interpreter takes memory for its way back when it first needs it, and keeps it with
 * the lane: a match that asks for more than it may have leaves all of it there. */
static int take_frames(struct agent_match_lane *lane)
{
    static const char text[4096];
    size_t offset;
    int code, rv;
    pcre2_code *greedy =
        pcre2_compile((PCRE2_SPTR) "^(?:(.)|x)*y", PCRE2_ZERO_TERMINATED,
                      PCRE2_DOTALL | PCRE2_NO_START_OPTIMIZE, &code, &offset, NULL);

    if (greedy == NULL)
        return ERR_NOMEM;
    rv = pcre2_match(greedy, (PCRE2_SPTR)text, sizeof text, 0, 0, lane->data,
                     lane->context);
    pcre2_code_free(greedy);
    return rv == PCRE2_ERROR_HEAPLIMIT ? 0 : ERR_NOMEM;
}

int agent_match_lane_new(struct agent_match_lane **ret_lane)
{
    struct agent_match_lane *lane = calloc(1, sizeof *lane);

    if (lane == NULL)
        return ERR_NOMEM;
    lane->data = pcre2_match_data_create(CAPTURES_MAX, NULL);
    lane->context = pcre2_match_context_create(NULL);
    if (lane->data == NULL || lane->context == NULL) {
        agent_match_lane_free(lane);
        return ERR_NOMEM;
    }
    pcre2_set_match_limit(lane->context, STEPS_MAX);
    pcre2_set_heap_limit(lane->context, FRAMES_KIB);
    if (take_frames(lane) != 0) {
        agent_match_lane_free(lane);
        return ERR_NOMEM;
    }
    *ret_lane = lane;
    return 0;
}

void agent_match_lane_free(struct agent_match_lane *lane)
{
    if (lane == NULL)
        return;
    pcre2_match_data_free(lane->data);
    pcre2_match_context_free(lane->context);
    free(lane);
}

/* --- Asked --- */

/* PCRE2 may not be asked of a pattern that is being made machine code, so it is made of a
 * copy. Where the system lets us: a hardened service may not, and goes on interpreting, with
 * the same answers. */
static bool quicken(struct pattern *p)
{
    pcre2_code *jit = pcre2_code_copy(p->code);

    if (jit != NULL && pcre2_jit_compile(jit, PCRE2_JIT_COMPLETE) != 0) {
        pcre2_code_free(jit);
        jit = NULL;
    }
    /* A worker may set it back to what it just was; then it is tried once more. */
    atomic_store_explicit(&p->asked, ASKED_NO_MORE, memory_order_relaxed);
    atomic_store_explicit(&p->jit, jit, memory_order_release);
    return jit != NULL;
}

unsigned agent_match_quicken(struct agent_match *match, unsigned most)
{
    unsigned tried = 0, made = 0;

    for (size_t row = 0; row < match->count && tried < most; row++) {
        struct pattern *p = &match->pattern[row];

        if (atomic_load_explicit(&p->asked, memory_order_relaxed) != ASKED_OFTEN ||
            atomic_load_explicit(&p->jit, memory_order_relaxed) != NULL)
            continue;
        tried++;
        made += quicken(p);
    }
    return made;
}

/* Two workers may count one time for two: it is a guess. */
static void note_asked(struct pattern *p)
{
    uint8_t asked = atomic_load_explicit(&p->asked, memory_order_relaxed);

    if (asked < ASKED_OFTEN)
        atomic_store_explicit(&p->asked, (uint8_t)(asked + 1), memory_order_relaxed);
}

/* What PCRE2 says. */
static int ask(struct pattern *p, struct agent_match_lane *lane, struct slice agent)
{
    const pcre2_code *jit = atomic_load_explicit(&p->jit, memory_order_acquire);

    if (jit != NULL)
        return pcre2_jit_match(jit, (PCRE2_SPTR)agent.at, agent.length, 0, 0, lane->data,
                               lane->context);
    if (p->code == NULL)
        return PCRE2_ERROR_NULL;
    note_asked(p);
    return pcre2_match(p->code, (PCRE2_SPTR)agent.at, agent.length, 0, 0, lane->data,
                       lane->context);
}

bool agent_match(const struct agent_match *match, struct agent_match_lane *lane,
                 size_t row, struct slice agent, struct agent_captures *ret_captures)
{
    int n = ask(&match->pattern[row], lane, agent);

    if (n < 0)
        return false; /* no match, or none within the limits */
    ret_captures->count = n == 0 ? CAPTURES_MAX : (size_t)n;
    ret_captures->at = pcre2_get_ovector_pointer(lane->data);
    return true;
}

bool agent_match_never(const struct agent_match *match, struct agent_match_lane *lane,
                       size_t row, struct slice agent)
{
    return ask(&match->pattern[row], lane, agent) == PCRE2_ERROR_NOMATCH;
}

static struct slice capture(struct slice agent, const struct agent_captures *captures,
                            size_t n)
{
    if (n >= captures->count || captures->at[2 * n] == PCRE2_UNSET ||
        captures->at[2 * n] > captures->at[2 * n + 1])
        return (struct slice){"", 0};
    return (struct slice){agent.at + captures->at[2 * n],
                          captures->at[2 * n + 1] - captures->at[2 * n]};
}

static void put(struct buffer *b, struct slice s)
{
    size_t room = b->limit - b->length, n = s.length < room ? s.length : room;

    if (n > 0)
        memcpy(b->at + b->length, s.at, n);
    b->length += n;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What b has from `begin` on, without blanks at its ends. */
static void trim(struct buffer *b, size_t begin)
{
    size_t blanks = 0;

    while (b->length > begin && is_blank(b->at[b->length - 1]))
        b->length--;
    while (begin + blanks < b->length && is_blank(b->at[begin + blanks]))
        blanks++;
    if (blanks == 0)
        return;
    b->length -= blanks;
    memmove(b->at + begin, b->at + begin + blanks, b->length - begin);
}

void agent_text_fill(struct buffer *b, struct slice text, struct slice agent,
                     const struct agent_captures *captures)
{
    size_t begin = b->length, plain = 0;

    for (size_t i = 0; i + 1 < text.length; i++) {
        if (!agent_text_is_capture(text, i))
            continue;
        put(b, (struct slice){text.at + plain, i - plain});
        put(b, capture(agent, captures, (size_t)(text.at[i + 1] - '0')));
        plain = i + 2;
        i++;
    }
    put(b, (struct slice){text.at + plain, text.length - plain});
    trim(b, begin);
}
