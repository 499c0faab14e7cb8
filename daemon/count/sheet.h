/* Floor 2 (count). What one run says of one site to the other nodes that count it: the
 * numbers of its windows, and the visitors behind them, as words while they are few, else
 * as HyperLogLogs. Written and read as one string of at most SHEET_MAX bytes:
 *
 *   luot-sheet 1 SLOT ONLINE_SLOTS DAY WEEK MONTH VIEWS VISITS STATE
 *   visitors  14 numbers: visitors and 1 if they are exact, of each window
 *   hits      72 numbers: views and visits of hour, day and week, all of it, then without
 *             the oldest twelfth, and so on: what is left of them as time goes on
 *   key ID BASE SINCE COUNT, and COUNT words of 8 bytes   (at most SHEET_KEYS of these)
 *   hll WINDOW ID LENGTH, and LENGTH bytes as Redis keeps them
 *   end
 *
 * A key's ID tells whether two nodes mark visitors alike and nothing else about it. */
#ifndef LUOT_COUNT_SHEET_H
#define LUOT_COUNT_SHEET_H

#include "base/buffer.h"
#include "count/hits.h"
#include "count/hll.h"

enum sheet_window {
    WINDOW_ONLINE,
    WINDOW_HOUR,
    WINDOW_DAY,
    WINDOW_7D,
    WINDOW_TODAY,
    WINDOW_WEEK,
    WINDOW_MONTH,
    SHEET_WINDOWS
};

enum {
    SHEET_MAX = 47 * 1024,
    SHEET_WORDS = 1500, /* of a key                                    */
    SHEET_KEYS = 3,
    SHEET_STEPS = 12, /* parts that a sliding window falls away in     */
    SHEET_SPANS = 3,  /* hour, day, week                               */
    SHEET_PERIODS = 3 /* today, week, month: WINDOW_TODAY + i          */
};

struct sheet_key {
    uint64_t id;
    int64_t base;       /* of the words' slots                                  */
    int64_t since_slot; /* every visitor seen from here on is among the words   */
    size_t count;
    uint64_t *word; /* fp << 20 | slot - base; sorted by fp once parsed         */
};

struct sheet {
    int64_t slot; /* as of */
    int64_t online_slots;
    int64_t number[SHEET_PERIODS]; /* count/period: of today, the week, the month */
    struct hit_count total;
    uint64_t state; /* another one when people seeded, adjusted or imported */
    uint64_t visitors[SHEET_WINDOWS];
    bool exact[SHEET_WINDOWS];
    struct hit_count hits[SHEET_SPANS][SHEET_STEPS];
    unsigned keys;
    struct sheet_key key[SHEET_KEYS];
    /* Views into what was parsed; empty: none. */
    struct slice hll[SHEET_WINDOWS];
    uint64_t hll_key[SHEET_WINDOWS];
};

/* ERR_FULL in the buffer when it does not fit. */
void sheet_write(struct buffer *out, const struct sheet *s);
/* `memory` takes the words: SHEET_KEYS * SHEET_WORDS of them are always enough. The hll
 * views stay in `bytes`. ERR_MALFORMED (not one, cut short, a word twice, numbers that
 * contradict each other), ERR_VERSION, ERR_NOMEM (more words than `room`). Any bytes. */
int sheet_parse(struct sheet *ret_sheet, struct slice bytes, uint64_t *memory,
                size_t room);
/* When a visitor of a parsed key was last seen. false: not in it. */
bool sheet_key_seen(const struct sheet_key *key, uint64_t fp, int64_t *ret_slot);
static inline uint64_t sheet_fp(uint64_t word)
{
    return word >> 20;
}
static inline int64_t sheet_slot(const struct sheet_key *key, uint64_t word)
{
    return key->base + (int64_t)(word & 0xfffff);
}

#endif
