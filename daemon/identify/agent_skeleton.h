/* Floor 2 (identify). What is remembered of agents that have one skeleton (agent_digits.h):
 * the rows that answered, with where they captured, and what has to be so in an agent of
 * that skeleton for the same rows to answer in the same way.
 *
 * That is: each word with digits that the pass would look for is there, or is not, as it was;
 * and the patterns that tell digits apart, which were asked, say what they said. Every other
 * pattern that was asked is blind to digits; so it says what it said, of any of these agents.
 * Where one thing is otherwise the agent is told from the beginning. */
#ifndef LUOT_IDENTIFY_AGENT_SKELETON_H
#define LUOT_IDENTIFY_AGENT_SKELETON_H

#include "identify/agent_match.h"
#include "identify/agent_scan.h"

enum {
    AGENT_SKELETON_WORDS = 24,
    AGENT_SKELETON_ASKED = 6,
    AGENT_SKELETON_CAPTURES = 3 /* $1 to $3 */
};

/* Rows from 1; 0: none of the kind matches. Three cache lines. */
struct agent_skeleton {
    uint8_t words, asked;                /* over their limits: it cannot be remembered */
    uint16_t row[AGENT_KINDS];           /* behind a robot's nobody looks              */
    uint16_t ask[AGENT_SKELETON_ASKED];  /* rows from 0; top bit: it matches           */
    uint16_t end[AGENT_SKELETON_WORDS];  /* where the word ends                        */
    uint32_t word[AGENT_SKELETON_WORDS]; /* of agent_scan; top bit: it is there        */
    /* of the robot's or browser's row, and of the system's; UINT16_MAX: unset */
    uint16_t capture[2][AGENT_SKELETON_CAPTURES][2];
};

/* While an agent is told: a row was asked by a pattern that tells digits apart. */
void agent_skeleton_asked(struct agent_skeleton *skeleton, size_t row, bool matches);
/* It is no use: something depends on digits that this cannot hold. */
void agent_skeleton_spoil(struct agent_skeleton *skeleton);
bool agent_skeleton_is_spoilt(const struct agent_skeleton *skeleton);
/* A word with digits that must be there, or not. */
void agent_skeleton_word(struct agent_skeleton *skeleton,
                         const struct agent_chance *chance);
/* A row answers; `last` is the highest capture that its names say. */
void agent_skeleton_found(struct agent_skeleton *skeleton, enum agent_kind kind,
                          size_t row, unsigned last,
                          const struct agent_captures *captures);

/* Captures of a kind's row as agent_text_fill takes them, in `memory`. */
enum { AGENT_SKELETON_AT = 2 + 2 * AGENT_SKELETON_CAPTURES };
struct agent_captures agent_skeleton_captures(const struct agent_skeleton *skeleton,
                                              enum agent_kind kind,
                                              size_t memory[AGENT_SKELETON_AT]);

/* Do the same rows answer, in the same way, to an agent that has this skeleton? */
bool agent_skeleton_fits(const struct agent_skeleton *skeleton,
                         const struct agent_rows *rows, const struct agent_scan *scan,
                         const struct agent_match *match, struct agent_match_lane *lane,
                         struct slice agent);

#endif
