#include "identify/agent_skeleton.h"

#include <assert.h>

#include "identify/agent_cache.h"

enum { YES_ROW = 1 << 15, SPOILT = UINT8_MAX };

/* A noted word: the lowest bits are its number; then how many that follow are not there,
 * likewise; the top bit says that it is there. */
enum { NUMBER_BITS = 24, FOLLOWING_MAX = 127 };
#define NUMBER ((UINT32_C(1) << NUMBER_BITS) - 1)
#define THERE  (UINT32_C(1) << 31)

static_assert((int)AGENT_ROWS_MAX < (int)YES_ROW, "rows fit beside the bit");
static_assert(sizeof(struct agent_skeleton) == AGENT_CACHE_ENTRY, "as the others are");

void agent_skeleton_spoil(struct agent_skeleton *skeleton)
{
    skeleton->asked = SPOILT;
}

bool agent_skeleton_is_spoilt(const struct agent_skeleton *skeleton)
{
    return skeleton->asked == SPOILT;
}

void agent_skeleton_asked(struct agent_skeleton *skeleton, size_t row, bool matches)
{
    if (skeleton->asked == AGENT_SKELETON_ASKED)
        agent_skeleton_spoil(skeleton);
    else
        skeleton->ask[skeleton->asked++] = (uint16_t)(row | (matches ? YES_ROW : 0));
}

static unsigned following(uint32_t noted)
{
    return noted >> NUMBER_BITS & FOLLOWING_MAX;
}

/* Words that are alike are numbered one after the other: "V701", "V719", "V813". */
static bool follows(const struct agent_skeleton *skeleton,
                    const struct agent_chance *chance)
{
    unsigned last = skeleton->words - 1u;
    uint32_t noted;

    if (skeleton->words == 0 || chance->there || skeleton->end[last] != chance->end)
        return false;
    noted = skeleton->word[last];
    return (noted & THERE) == 0 && following(noted) < FOLLOWING_MAX &&
           (noted & NUMBER) + following(noted) + 1 == chance->word;
}

void agent_skeleton_word(struct agent_skeleton *skeleton,
                         const struct agent_chance *chance)
{
    if (follows(skeleton, chance)) {
        skeleton->word[skeleton->words - 1] += UINT32_C(1) << NUMBER_BITS;
        return;
    }
    if (skeleton->words == AGENT_SKELETON_WORDS || chance->word > NUMBER) {
        agent_skeleton_spoil(skeleton);
        return;
    }
    skeleton->word[skeleton->words] = chance->word | (chance->there ? THERE : 0);
    skeleton->end[skeleton->words++] = chance->end;
}

/* Where capture n begins, or ends; UINT16_MAX if it took no part. */
static uint16_t place(const struct agent_captures *captures, unsigned n, unsigned end)
{
    size_t at = n < captures->count ? captures->at[2 * n + end] : UINT16_MAX;

    return at < UINT16_MAX ? (uint16_t)at : UINT16_MAX;
}

static unsigned side(enum agent_kind kind)
{
    return kind == AGENT_SYSTEM;
}

void agent_skeleton_found(struct agent_skeleton *skeleton, enum agent_kind kind,
                          size_t row, unsigned last,
                          const struct agent_captures *captures)
{
    if (last > AGENT_SKELETON_CAPTURES)
        agent_skeleton_spoil(skeleton);
    skeleton->row[kind] = (uint16_t)(row + 1);
    if (kind == AGENT_DEVICE || last == 0)
        return;
    for (unsigned n = 0; n < AGENT_SKELETON_CAPTURES; n++)
        for (unsigned end = 0; end < 2; end++)
            skeleton->capture[side(kind)][n][end] = place(captures, n + 1, end);
}

struct agent_captures agent_skeleton_captures(const struct agent_skeleton *skeleton,
                                              enum agent_kind kind,
                                              size_t memory[AGENT_SKELETON_AT])
{
    memory[0] = memory[1] = 0;
    for (unsigned n = 0; n < AGENT_SKELETON_CAPTURES; n++)
        for (unsigned end = 0; end < 2; end++) {
            uint16_t at = skeleton->capture[side(kind)][n][end];

            memory[2 + 2 * n + end] = at == UINT16_MAX ? SIZE_MAX : at;
        }
    return (struct agent_captures){1 + AGENT_SKELETON_CAPTURES, memory};
}

static bool words_are_as_they_were(const struct agent_skeleton *skeleton,
                                   const struct agent_scan *scan, struct slice agent)
{
    for (unsigned i = 0; i < skeleton->words; i++) {
        uint32_t noted = skeleton->word[i], word = noted & NUMBER;
        uint32_t last = word + following(noted);

        for (; word <= last; word++)
            if (agent_scan_word_is_there(scan, word, agent.at + skeleton->end[i]) !=
                ((noted & THERE) != 0))
                return false;
    }
    return true;
}

/* Digits may move captures, too: of the row that answers they must be where they were. */
static bool captures_are_as_they_were(const struct agent_skeleton *skeleton,
                                      enum agent_kind kind,
                                      const struct agent_captures *captures)
{
    for (unsigned n = 0; n < AGENT_SKELETON_CAPTURES; n++)
        for (unsigned end = 0; end < 2; end++)
            if (skeleton->capture[side(kind)][n][end] != place(captures, n + 1, end))
                return false;
    return true;
}

bool agent_skeleton_fits(const struct agent_skeleton *skeleton,
                         const struct agent_rows *rows, const struct agent_scan *scan,
                         const struct agent_match *match, struct agent_match_lane *lane,
                         struct slice agent)
{
    struct agent_captures captures;

    if (!words_are_as_they_were(skeleton, scan, agent))
        return false;
    for (unsigned i = 0; i < skeleton->asked; i++) {
        size_t row = skeleton->ask[i] & ~(unsigned)YES_ROW;
        bool matched = (skeleton->ask[i] & YES_ROW) != 0;
        enum agent_kind kind = rows->row[row].kind;

        if (agent_match(match, lane, row, agent, &captures) != matched)
            return false;
        if (matched && kind != AGENT_DEVICE && rows->row[row].captures > 0 &&
            !captures_are_as_they_were(skeleton, kind, &captures))
            return false;
    }
    return true;
}
