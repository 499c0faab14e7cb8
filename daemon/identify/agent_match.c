#include "identify/agent_match.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "identify/agent_literal.h"

enum { STEPS_MAX = 20000, CAPTURES_MAX = 10, FRAMES_KIB = 128 };

struct agent_match {
    pcre2_code **code; /* one a row                      */
    bool *compiled;    /* likewise: it is machine code   */
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

/* Rows of robots' names are hardly ever asked, nor models of which the pass is sure. To ask
 * what is not compiled costs four times as much. */
static bool is_often_tried(const struct agent_row *row)
{
    struct agent_literals literals;
    bool sure = true;

    if (row->kind == AGENT_BROWSER || row->kind == AGENT_SYSTEM ||
        agent_text_has_captures(row->name))
        return true;
    agent_literals_of(row->pattern, row->caseless, &literals);
    for (size_t i = 0; i < literals.count; i++)
        sure = sure && literals.at[i].certain;
    return literals.count == 0 || (row->kind == AGENT_DEVICE && !sure);
}

/* Machine code where the system lets us make it; a hardened service may not, and then
 * patterns are interpreted: the same answers, some times slower. */
static int compile(pcre2_code **ret_code, bool *ret_compiled, const struct agent_row *row,
                   char ret_trouble[AGENT_TROUBLE_MAX])
{
    uint32_t options = PCRE2_DOTALL | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
                       PCRE2_NEVER_BACKSLASH_C | (row->caseless ? PCRE2_CASELESS : 0);
    size_t offset;
    int code;

    *ret_code = pcre2_compile((PCRE2_SPTR)row->pattern.at, row->pattern.length, options,
                              &code, &offset, NULL);
    if (*ret_code == NULL)
        return refuse(row, code, offset, ret_trouble);
    if (is_often_tried(row))
        *ret_compiled = pcre2_jit_compile(*ret_code, PCRE2_JIT_COMPLETE) == 0;
    return 0;
}

int agent_match_new(struct agent_match **ret_match, const struct agent_rows *rows,
                    enum agent_list_kind *ret_wrong, char ret_trouble[AGENT_TROUBLE_MAX])
{
    struct agent_match *match = calloc(1, sizeof *match);
    int rv = 0;

    if (match == NULL)
        return ERR_NOMEM;
    match->code = calloc(rows->count + 1, sizeof(pcre2_code *));
    match->compiled = calloc(rows->count + 1, sizeof *match->compiled);
    if (match->code == NULL || match->compiled == NULL) {
        agent_match_free(match);
        return ERR_NOMEM;
    }
    match->count = rows->count;
    for (size_t i = 0; rv == 0 && i < rows->count; i++) {
        *ret_wrong = rows->row[i].list;
        rv = compile(&match->code[i], &match->compiled[i], &rows->row[i], ret_trouble);
    }
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
    for (size_t i = 0; i < match->count; i++)
        pcre2_code_free(match->code[i]);
    free(match->code);
    free(match->compiled);
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

bool agent_match(const struct agent_match *match, struct agent_match_lane *lane,
                 size_t row, struct slice agent, struct agent_captures *ret_captures)
{
    /* pcre2_match would find the machine code too, after looking at what nobody has set. */
    int n = match->compiled[row]
                ? pcre2_jit_match(match->code[row], (PCRE2_SPTR)agent.at, agent.length, 0,
                                  0, lane->data, lane->context)
                : pcre2_match(match->code[row], (PCRE2_SPTR)agent.at, agent.length, 0, 0,
                              lane->data, lane->context);

    if (n < 0)
        return false; /* no match, or none within the limits */
    ret_captures->count = n == 0 ? CAPTURES_MAX : (size_t)n;
    ret_captures->at = pcre2_get_ovector_pointer(lane->data);
    return true;
}

static bool is_capture(struct slice text, size_t i)
{
    return text.at[i] == '$' && i + 1 < text.length && text.at[i + 1] >= '1' &&
           text.at[i + 1] <= '9';
}

bool agent_text_has_captures(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (is_capture(text, i))
            return true;
    return false;
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
    size_t room = b->limit - b->length;

    buffer_slice(b, (struct slice){s.at, s.length < room ? s.length : room});
}

void agent_text_fill(struct buffer *b, struct slice text, struct slice agent,
                     const struct agent_captures *captures)
{
    size_t begin = b->length, plain = 0;
    struct slice made;

    for (size_t i = 0; i < text.length; i++) {
        if (!is_capture(text, i))
            continue;
        put(b, (struct slice){text.at + plain, i - plain});
        put(b, capture(agent, captures, (size_t)(text.at[i + 1] - '0')));
        plain = i + 2;
        i++;
    }
    put(b, (struct slice){text.at + plain, text.length - plain});
    made = slice_trim((struct slice){b->at + begin, b->length - begin});
    memmove(b->at + begin, made.at, made.length);
    b->length = begin + made.length;
}
