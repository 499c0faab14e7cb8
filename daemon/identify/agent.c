#include "identify/agent.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "identify/agent_digits.h"
#include "identify/agent_question.h"
#include "identify/agent_words.h"
#include "luot_beacon.h"

enum {
    QUICKEN_MOST = 128, /* patterns at a time: some 6 ms */
    AGENT_SETS = 2048,
    SKELETON_SETS = 256
};

#define ABSURD        "(absurd agent)"
#define SKELETON_SALT UINT64_C(1)

struct lane {
    struct agent_scan_lane *scan; /* NULL without a scan */
    struct agent_match_lane *match;
    struct agent_cache *cache;
    struct agent_cache *skeletons; /* NULL without a scan */
};

struct agents {
    char *text[2]; /* copies of lists that are not built in; rows point into them */
    struct agent_rows rows;
    struct agent_scan *scan;   /* NULL: agents_one_pass() says why */
    struct agent_loose *loose; /* NULL likewise                  */
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
    int rv = agent_cache_new(&lane->cache, AGENT_SETS);

    if (rv == 0)
        rv = agent_match_lane_new(&lane->match);
    if (rv == 0 && scan != NULL)
        rv = agent_scan_lane_new(&lane->scan, scan);
    if (rv == 0 && scan != NULL)
        rv = agent_cache_new(&lane->skeletons, SKELETON_SETS);
    return rv;
}

/* A row that matches wherever the pass finds it, with a name that needs no capture, is never
 * asked by its pattern. */
static bool needs_pattern(const void *context, size_t row)
{
    const struct agents *a = context;

    return a->scan == NULL || !agent_scan_is_sure(a->scan, row) ||
           a->rows.row[row].captures > 0;
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
    if (rv == 0 && scan)
        rv = agent_loose_new(&a->loose, &a->rows, a->scan);
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
        agent_cache_free(agents->lane[i].skeletons);
    }
    free(agents->lane);
    agent_scan_free(agents->scan);
    agent_loose_free(agents->loose);
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
    if (agents->loose != NULL)
        (void)agent_loose_quicken(agents->loose, QUICKEN_MOST);
}

bool agents_one_pass(const struct agents *agents)
{
    return agents->scan != NULL;
}

/* --- Told --- */

static void tell_absurd(struct agent_entry *entry)
{
    *entry = (struct agent_entry){.robot = true, .name_length = sizeof ABSURD - 1};
    memcpy(entry->name, ABSURD, sizeof ABSURD - 1);
}

/* The skeleton into `memory`, which has room; its hash. */
static uint64_t hash_skeleton(const struct agents *a, char *memory, struct slice text)
{
    agent_digits_hide(memory, text);
    if (text.length > 0)
        memcpy(memory, text.at,
               text.length < AGENT_DIGITS_KEPT ? text.length : AGENT_DIGITS_KEPT);
    return hash_text(&a->key, (struct slice){memory, text.length}, SKELETON_SALT);
}

/* By the skeleton, if it is remembered and says it; else by the lists, and then it is. No digit
 * is a letter or a control byte, so what has an absurd agent's skeleton is absurd. */
static void tell(const struct agents *a, struct lane *lane, struct slice text,
                 struct agent_entry *entry)
{
    char memory[LUOT_USER_AGENT_MAX];
    struct agent_question q = {.rows = &a->rows,
                               .match = a->match,
                               .lane = lane->match,
                               .scan = a->scan,
                               .loose = a->loose,
                               .text = text,
                               .skeleton = memory};
    struct agent_skeleton told;
    void *known = NULL;
    uint64_t hash = 0;

    if (a->scan != NULL) {
        hash = hash_skeleton(a, memory, text);
        known = agent_cache_find(lane->skeletons, hash);
    }
    if (known != NULL && agent_question_recall(&q, known, entry))
        return;
    if (agent_words_absurd(text)) {
        tell_absurd(entry);
        return;
    }
    if (a->scan != NULL) {
        agent_digits_hide(memory, text); /* the first bytes, too */
        q.found = agent_scan_pass(a->scan, lane->scan, text, memory);
    }
    agent_question_answer(&q, entry, &told);
    if (agent_skeleton_is_spoilt(&told))
        return;
    if (known == NULL)
        known = agent_cache_put(lane->skeletons, hash);
    memcpy(known, &told, sizeof told);
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
    if (agents->lane[lane].skeletons != NULL)
        agent_cache_forget(agents->lane[lane].skeletons);
}
