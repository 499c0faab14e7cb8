#include "identify/agent.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/hash_text.h"
#include "identify/agent_cache.h"
#include "identify/agent_match.h"
#include "identify/agent_scan.h"
#include "identify/agent_words.h"
#include "luot_beacon.h"

enum { QUICKEN_MOST = 128 /* patterns at a time: some 6 ms */ };

#define ABSURD "(absurd agent)"

struct lane {
    struct agent_scan_lane *scan; /* NULL without a scan */
    struct agent_match_lane *match;
    struct agent_cache *cache;
};

struct agents {
    char *text[2]; /* copies of lists that are not built in; rows point into them */
    struct agent_rows rows;
    struct agent_scan *scan; /* NULL: agents_one_pass() says why */
    struct agent_match *match;
    struct hash_text_key key;
    uint64_t id;
    unsigned lanes;
    struct lane *lane;
};

/* --- Made --- */

static int read_list(struct agents *a, enum agent_list_kind list, struct slice text,
                     char ret_trouble[AGENT_TROUBLE_MAX])
{
    if (text.length == 0)
        return agent_rows_read(&a->rows, list, agent_list_built_in(list), ret_trouble);
    a->text[list] = malloc(text.length);
    if (a->text[list] == NULL)
        return ERR_NOMEM;
    memcpy(a->text[list], text.at, text.length);
    return agent_rows_read(&a->rows, list, (struct slice){a->text[list], text.length},
                           ret_trouble);
}

static int make_lane(struct lane *lane, const struct agent_scan *scan)
{
    int rv = agent_cache_new(&lane->cache);

    if (rv == 0)
        rv = agent_match_lane_new(&lane->match);
    if (rv == 0 && scan != NULL)
        rv = agent_scan_lane_new(&lane->scan, scan);
    return rv;
}

/* A row that matches wherever the pass finds it, with a name that needs no capture, is never
 * asked by its pattern. */
static bool needs_pattern(const void *context, size_t row)
{
    const struct agents *a = context;
    const struct agent_row *r = &a->rows.row[row];

    return a->scan == NULL || !agent_scan_is_sure(a->scan, row) ||
           agent_text_has_captures(r->name) || agent_text_has_captures(r->major);
}

/* Every pattern of the built-in lists can be compiled: tests try them. */
static bool are_built_in(const struct slice lists[2])
{
    return lists[AGENT_LIST_AGENTS].length == 0 && lists[AGENT_LIST_BOTS].length == 0;
}

static int make(struct agents *a, const struct slice lists[2], unsigned lanes, bool scan,
                enum agent_list_kind *ret_wrong, char ret_trouble[AGENT_TROUBLE_MAX])
{
    int rv;

    *ret_wrong = AGENT_LIST_AGENTS;
    rv = read_list(a, AGENT_LIST_AGENTS, lists[AGENT_LIST_AGENTS], ret_trouble);
    if (rv == 0) {
        *ret_wrong = AGENT_LIST_BOTS;
        rv = read_list(a, AGENT_LIST_BOTS, lists[AGENT_LIST_BOTS], ret_trouble);
    }
    if (rv == 0)
        rv = agent_rows_sort(&a->rows);
    if (rv == 0 && scan)
        rv = agent_scan_new(&a->scan, &a->rows, agent_scan_built_in());
    if (rv == 0)
        rv = agent_match_new(&a->match, &a->rows, are_built_in(lists), needs_pattern, a,
                             ret_wrong, ret_trouble);
    agent_built_in_put_away();
    if (rv != 0)
        return rv;
    a->lane = calloc(lanes, sizeof *a->lane);
    if (a->lane == NULL)
        return ERR_NOMEM;
    a->lanes = lanes;
    for (unsigned i = 0; rv == 0 && i < lanes; i++)
        rv = make_lane(&a->lane[i], a->scan);
    return rv;
}

static int new_agents(struct agents **ret_agents, const struct slice lists[2],
                      unsigned lanes, bool scan, enum agent_list_kind *ret_wrong,
                      char ret_trouble[AGENT_TROUBLE_MAX])
{
    struct agents *a = calloc(1, sizeof *a);
    int rv;

    ret_trouble[0] = '\0';
    if (a == NULL)
        return ERR_NOMEM;
    hash_text_key_random(&a->key);
    a->id = hash_random64();
    rv = make(a, lists, lanes, scan, ret_wrong, ret_trouble);
    if (rv != 0) {
        if (ret_trouble[0] == '\0')
            snprintf(ret_trouble, AGENT_TROUBLE_MAX, "%s", error_text(rv));
        agents_free(a);
        return rv;
    }
    *ret_agents = a;
    return 0;
}

int agents_new(struct agents **ret_agents, const struct slice lists[2], unsigned lanes,
               enum agent_list_kind *ret_wrong, char ret_trouble[AGENT_TROUBLE_MAX])
{
    return new_agents(ret_agents, lists, lanes, agent_scan_possible(), ret_wrong,
                      ret_trouble);
}

int agents_new_without_scan(struct agents **ret_agents, const struct slice lists[2],
                            unsigned lanes, enum agent_list_kind *ret_wrong,
                            char ret_trouble[AGENT_TROUBLE_MAX])
{
    return new_agents(ret_agents, lists, lanes, false, ret_wrong, ret_trouble);
}

void agents_free(struct agents *agents)
{
    if (agents == NULL)
        return;
    for (unsigned i = 0; i < agents->lanes; i++) {
        agent_scan_lane_free(agents->lane[i].scan);
        agent_match_lane_free(agents->lane[i].match);
        agent_cache_free(agents->lane[i].cache);
    }
    free(agents->lane);
    agent_scan_free(agents->scan);
    agent_match_free(agents->match);
    agent_rows_free(&agents->rows);
    free(agents->text[0]);
    free(agents->text[1]);
    hash_text_key_erase(&agents->key);
    free(agents);
}

uint64_t agents_id(const struct agents *agents)
{
    return agents->id;
}

void agents_quicken(struct agents *agents)
{
    (void)agent_match_quicken(agents->match, QUICKEN_MOST);
}

bool agents_one_pass(const struct agents *agents)
{
    return agents->scan != NULL;
}

/* --- Told --- */

/* One agent that is being told. */
struct question {
    const struct agents *agents;
    struct lane *lane;
    struct slice text;
    const struct agent_found *found; /* NULL: every row may match */
};

static bool row_matches(const struct question *q, size_t row,
                        struct agent_captures *captures)
{
    const struct agent_row *r = &q->agents->rows.row[row];

    captures->count = 0;
    if (q->found != NULL && q->found->certain[row / 64] >> row % 64 & 1 &&
        !agent_text_has_captures(r->name) && !agent_text_has_captures(r->major))
        return true;
    return agent_match(q->agents->match, q->lane->match, row, q->text, captures);
}

/* The next row from `row` on that may match, or `end`. */
static size_t next_row(const struct question *q, size_t row, size_t end)
{
    while (q->found != NULL && row < end) {
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
static ptrdiff_t first_match(const struct question *q, enum agent_kind kind,
                             struct slice system, struct agent_captures *captures)
{
    size_t end = q->agents->rows.first[kind + 1];

    for (size_t row = next_row(q, q->agents->rows.first[kind], end); row < end;
         row = next_row(q, row + 1, end))
        if (row_applies(&q->agents->rows.row[row], system) &&
            row_matches(q, row, captures))
            return (ptrdiff_t)row;
    return -1;
}

/* "Chrome" and "126" as one text; ret_name is the first word of it. */
static uint8_t fill(const struct question *q, ptrdiff_t row,
                    const struct agent_captures *captures, char *memory, size_t limit,
                    struct slice *ret_name)
{
    const struct agent_row *r;
    struct buffer b;
    size_t named;

    *ret_name = (struct slice){memory, 0};
    if (row < 0)
        return 0;
    r = &q->agents->rows.row[row];
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

static uint8_t fill_first(const struct question *q, enum agent_kind kind, char *memory,
                          size_t limit, struct slice *ret_name)
{
    struct agent_captures captures;
    ptrdiff_t row = first_match(q, kind, (struct slice){"", 0}, &captures);

    return fill(q, row, &captures, memory, limit, ret_name);
}

static void tell(const struct agents *a, struct lane *lane, struct slice text,
                 struct agent_entry *entry)
{
    struct question q = {.agents = a, .lane = lane, .text = text};
    struct agent_captures captures;
    struct slice name, system;
    ptrdiff_t row;

    *entry = (struct agent_entry){0};
    if (agent_words_absurd(text)) {
        entry->robot = true;
        entry->name_length = sizeof ABSURD - 1;
        memcpy(entry->name, ABSURD, sizeof ABSURD - 1);
        return;
    }
    if (a->scan != NULL)
        q.found = agent_scan_pass(a->scan, lane->scan, text);
    row = first_match(&q, AGENT_ROBOT, (struct slice){"", 0}, &captures);
    if (row >= 0 && !a->rows.row[row].person) {
        entry->robot = true;
        entry->name_length =
            fill(&q, row, &captures, entry->name, AGENT_BROWSER_MAX, &name);
        return;
    }
    entry->name_length =
        fill_first(&q, AGENT_BROWSER, entry->name, AGENT_BROWSER_MAX, &name);
    entry->system_length =
        fill_first(&q, AGENT_SYSTEM, entry->system, AGENT_SYSTEM_MAX, &system);
    entry->device = (uint16_t)(first_match(&q, AGENT_DEVICE, system, &captures) + 1);
}

static struct agent answer(const struct agents *a, const struct agent_entry *entry)
{
    struct slice name = {entry->name, entry->name_length};

    if (entry->robot)
        return (struct agent){.robot = name.length > 0 ? name : SLICE("(robot)")};
    return (struct agent){
        .browser = name,
        .system = {entry->system, entry->system_length},
        .device =
            entry->device == 0 ? SLICE("other") : a->rows.row[entry->device - 1].name,
        .hash = {entry->hash[0], entry->hash[1], entry->hash[2]},
    };
}

static void hash_answer(const struct agents *a, struct agent_entry *entry,
                        const struct hash_text_key *key)
{
    struct agent told = answer(a, entry);

    entry->hash[0] = hash_text(key, told.browser, 0);
    entry->hash[1] = hash_text(key, told.system, 0);
    entry->hash[2] = hash_text(key, told.device, 0);
}

struct agent agents_tell_hashed(const struct agents *agents, unsigned lane_index,
                                struct slice text, uint64_t hash,
                                const struct hash_text_key *key)
{
    struct lane *lane = &agents->lane[lane_index];
    struct agent_entry *entry;

    if (text.length > AGENT_LENGTH_MAX)
        return (struct agent){.robot = SLICE(ABSURD)};
    if (text.length > LUOT_USER_AGENT_MAX)
        text.length = LUOT_USER_AGENT_MAX;
    entry = agent_cache_find(lane->cache, hash);
    if (entry == NULL) {
        entry = agent_cache_put(lane->cache, hash);
        tell(agents, lane, text, entry);
        hash_answer(agents, entry, key);
    }
    return answer(agents, entry);
}

bool agents_recall(struct agent *ret_agent, const struct agents *agents, unsigned lane,
                   uint64_t hash)
{
    const struct agent_entry *entry = agent_cache_find(agents->lane[lane].cache, hash);

    if (entry == NULL)
        return false;
    *ret_agent = answer(agents, entry);
    return true;
}

struct agent agents_tell(const struct agents *agents, unsigned lane, struct slice text)
{
    struct slice cut = {text.at, text.length < LUOT_USER_AGENT_MAX ? text.length
                                                                   : LUOT_USER_AGENT_MAX};

    return agents_tell_hashed(agents, lane, text, hash_text(&agents->key, cut, 0),
                              &agents->key);
}

void agents_expect(const struct agents *agents, unsigned lane, uint64_t hash)
{
    agent_cache_expect(agents->lane[lane].cache, hash);
}

void agents_forget(const struct agents *agents, unsigned lane)
{
    agent_cache_forget(agents->lane[lane].cache);
}
