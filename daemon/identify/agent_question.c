#include "identify/agent_question.h"

#include "base/buffer.h"
#include "identify/agent_digits.h"
#include "identify/agent_words.h"

/* --- Asked --- */

static bool is_set(const uint64_t *bits, size_t row)
{
    return bits[row / 64] >> row % 64 & 1;
}

static bool row_matches(const struct agent_question *q, size_t row,
                        struct agent_captures *captures, struct agent_skeleton *skeleton)
{
    struct slice hidden = {q->skeleton, q->text.length};
    bool blind = q->scan == NULL || agent_scan_is_blind(q->scan, row), matches;

    captures->count = 0;
    if (q->scan != NULL && is_set(q->found->certain, row) &&
        q->rows->row[row].captures == 0)
        return true;
    if (!blind && agent_loose_never(q->loose, q->lane, row, hidden))
        return false; /* nor does it match any other agent of this skeleton */
    matches = agent_match(q->match, q->lane, row, q->text, captures);
    if (!blind && !agent_skeleton_is_spoilt(skeleton))
        agent_skeleton_asked(skeleton, row, matches);
    return matches;
}

/* The next row from `row` on that may match, or `end`. */
static size_t next_row(const struct agent_question *q, size_t row, size_t end)
{
    while (q->scan != NULL && row < end) {
        uint64_t bits = q->found->maybe[row / 64] >> row % 64;

        if (bits != 0)
            return row + (size_t)__builtin_ctzll(bits);
        row = (row / 64 + 1) * 64;
    }
    return row;
}

/* Of a device: the system that its row is of, if it is of one. */
static bool row_applies(const struct agent_row *row, struct slice system)
{
    return row->kind != AGENT_DEVICE || row->major.length == 0 ||
           slice_equal(row->major, system);
}

/* The first row of a kind that matches; -1: none does. */
static ptrdiff_t first_match(const struct agent_question *q, enum agent_kind kind,
                             struct slice system, struct agent_captures *captures,
                             struct agent_skeleton *skeleton)
{
    size_t end = q->rows->first[kind + 1];

    for (size_t row = next_row(q, q->rows->first[kind], end); row < end;
         row = next_row(q, row + 1, end))
        if (row_applies(&q->rows->row[row], system) &&
            row_matches(q, row, captures, skeleton)) {
            agent_skeleton_found(skeleton, kind, row, q->rows->row[row].captures,
                                 captures);
            return (ptrdiff_t)row;
        }
    return -1;
}

/* "Chrome" and "126" as one text; ret_name is the first word of it. */
static uint8_t fill(const struct agent_question *q, ptrdiff_t row,
                    const struct agent_captures *captures, char *memory, size_t limit,
                    struct slice *ret_name)
{
    const struct agent_row *r;
    struct buffer b;
    size_t named;

    *ret_name = (struct slice){memory, 0};
    if (row < 0)
        return 0;
    r = &q->rows->row[row];
    buffer_init(&b, memory, limit);
    agent_text_fill(&b, r->name, q->text, captures);
    named = b.length;
    *ret_name = (struct slice){memory, named};
    if (r->major.length > 0 && named > 0 && named + 1 < limit) {
        buffer_byte(&b, ' ');
        agent_text_fill(&b, r->major, q->text, captures);
        b.length -= b.length == named + 1; /* there was none */
    }
    return (uint8_t)agent_words_clean(memory, b.length);
}

/* Devices are of systems by name: in one that was captured there may be no digit, not even of an
 * escape, or another agent's is another. */
static bool name_has_digits(const struct agent_question *q, const struct agent_row *row,
                            const struct agent_captures *captures)
{
    char memory[AGENT_SYSTEM_MAX];
    struct buffer b;

    if (row->name_captures == 0)
        return false;
    buffer_init(&b, memory, sizeof memory);
    agent_text_fill(&b, row->name, q->text, captures);
    for (size_t i = 0; i < b.length; i++)
        if ((memory[i] >= '0' && memory[i] <= '9') || memory[i] == '%')
            return true;
    return false;
}

/* Words with digits decide of the rows before the one that answered, and of itself if it was not
 * asked. A row that one of them may make match was asked. */
static bool word_decides(const struct agent_question *q,
                         const struct agent_chance *chance,
                         const struct agent_skeleton *skeleton, struct slice system)
{
    size_t row = agent_scan_word_row(q->scan, chance->word);
    const struct agent_row *r = &q->rows->row[row];
    size_t answer = skeleton->row[r->kind];

    if (agent_scan_word_is_within(q->scan, chance, AGENT_DIGITS_KEPT))
        return false;
    if (answer == row + 1)
        return chance->there && agent_scan_word_is_certain(q->scan, chance->word) &&
               r->captures == 0;
    return (answer == 0 || row + 1 < answer) && row_applies(r, system) &&
           !is_set(q->found->maybe, row);
}

/* `robot`: nobody looked at other rows. */
static void note_words(const struct agent_question *q, struct agent_skeleton *skeleton,
                       bool robot, struct slice system)
{
    const struct agent_found *found = q->found;

    if (q->scan == NULL || found->chances > AGENT_CHANCES_MAX) {
        agent_skeleton_spoil(skeleton);
        return;
    }
    for (unsigned i = 0; i < found->chances && !agent_skeleton_is_spoilt(skeleton); i++) {
        size_t row = agent_scan_word_row(q->scan, found->chance[i].word);

        if ((!robot || q->rows->row[row].kind == AGENT_ROBOT) &&
            word_decides(q, &found->chance[i], skeleton, system))
            agent_skeleton_word(skeleton, &found->chance[i]);
    }
}

static void answer_person(const struct agent_question *q, struct agent_entry *entry,
                          struct agent_skeleton *skeleton)
{
    struct slice no_system = {"", 0}, name, system;
    struct agent_captures captures;
    ptrdiff_t row = first_match(q, AGENT_BROWSER, no_system, &captures, skeleton);

    entry->name_length = fill(q, row, &captures, entry->name, AGENT_BROWSER_MAX, &name);
    row = first_match(q, AGENT_SYSTEM, no_system, &captures, skeleton);
    entry->system_length =
        fill(q, row, &captures, entry->system, AGENT_SYSTEM_MAX, &system);
    if (row >= 0 && name_has_digits(q, &q->rows->row[row], &captures))
        agent_skeleton_spoil(skeleton);
    row = first_match(q, AGENT_DEVICE, system, &captures, skeleton);
    entry->device = (uint16_t)(row + 1);
    note_words(q, skeleton, false, system);
}

void agent_question_answer(const struct agent_question *q, struct agent_entry *ret_entry,
                           struct agent_skeleton *ret_skeleton)
{
    struct agent_captures captures;
    struct slice none = {"", 0}, name;
    ptrdiff_t row;

    *ret_entry = (struct agent_entry){0};
    *ret_skeleton = (struct agent_skeleton){0};
    row = first_match(q, AGENT_ROBOT, none, &captures, ret_skeleton);
    if (row < 0 || q->rows->row[row].person) {
        answer_person(q, ret_entry, ret_skeleton);
        return;
    }
    ret_entry->robot = true;
    ret_entry->name_length =
        fill(q, row, &captures, ret_entry->name, AGENT_BROWSER_MAX, &name);
    note_words(q, ret_skeleton, true, none);
}

/* --- Recalled --- */

static uint8_t fill_again(const struct agent_question *q,
                          const struct agent_skeleton *skeleton, enum agent_kind kind,
                          char *memory, size_t limit)
{
    size_t at[AGENT_SKELETON_AT];
    struct agent_captures captures = agent_skeleton_captures(skeleton, kind, at);
    struct slice name;

    return fill(q, (ptrdiff_t)skeleton->row[kind] - 1, &captures, memory, limit, &name);
}

bool agent_question_recall(const struct agent_question *q,
                           const struct agent_skeleton *skeleton,
                           struct agent_entry *ret_entry)
{
    size_t robot = skeleton->row[AGENT_ROBOT];

    if (!agent_skeleton_fits(skeleton, q->rows, q->scan, q->match, q->lane, q->text))
        return false;
    *ret_entry = (struct agent_entry){0};
    if (robot > 0 && !q->rows->row[robot - 1].person) {
        ret_entry->robot = true;
        ret_entry->name_length =
            fill_again(q, skeleton, AGENT_ROBOT, ret_entry->name, AGENT_BROWSER_MAX);
        return true;
    }
    ret_entry->name_length =
        fill_again(q, skeleton, AGENT_BROWSER, ret_entry->name, AGENT_BROWSER_MAX);
    ret_entry->system_length =
        fill_again(q, skeleton, AGENT_SYSTEM, ret_entry->system, AGENT_SYSTEM_MAX);
    ret_entry->device = skeleton->row[AGENT_DEVICE];
    return true;
}
