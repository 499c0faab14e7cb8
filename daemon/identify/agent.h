/* Floor 2 (identify). What a User-Agent says: browser, system, device, or that it is a
 * robot's. Two lists decide (conf/lists/README.md), the built-in ones or an operator's.
 *
 * A `struct agents` is made whole from the lists, shared by all workers, and replaced
 * whole; its lanes are written to, each by one worker. Telling an agent allocates
 * nothing and asks no system call: an agent that the lane remembers costs a hash and two
 * cache lines, one that differs from such in digits alone a hash more and a look at the
 * digits that decide (agent_skeleton.h), and any other a pass of agent_scan and the patterns
 * that it could not decide. */
#ifndef LUOT_IDENTIFY_AGENT_H
#define LUOT_IDENTIFY_AGENT_H

#include "base/hash_text.h"
#include "identify/agent_list.h"

struct agents;

/* Slices are good until the lane's next agent. Empty: it is not said. */
struct agent {
    struct slice browser; /* "Chrome 126"               */
    struct slice system;  /* "Windows 10"               */
    struct slice device;  /* "desktop", "mobile", ...   */
    struct slice robot;   /* its name; empty: a person  */
    uint64_t hash[3];     /* of the first three, when agents_tell_hashed was told a key */
};

/* `lists` are the two lists' texts, by enum agent_list_kind; an empty one stands for the
 * built-in list. They are copied. 0, or an error of agent_rows_read or agent_match_new: in
 * which list, and why. Any thread; lists of one's own take some tenths
 * of a second, the built-in ones far less. */
int agents_new(struct agents **ret_agents, const struct slice lists[2], unsigned lanes,
               enum agent_list_kind *ret_wrong, char ret_trouble[AGENT_TROUBLE_MAX]);
/* As on a processor that lacks what Vectorscan needs: the same answers, dearer. */
int agents_new_without_scan(struct agents **ret_agents, const struct slice lists[2],
                            unsigned lanes, enum agent_list_kind *ret_wrong,
                            char ret_trouble[AGENT_TROUBLE_MAX]);
void agents_free(struct agents *agents);
/* From time to time, one thread, beside those that tell: patterns that were asked often
 * become machine code (agent_match.h). */
void agents_quicken(struct agents *agents);
/* Another number for each that was ever made. */
uint64_t agents_id(const struct agents *agents);
/* False: this processor lacks what Vectorscan needs, so a new agent is tried against one
 * pattern after the other. */
bool agents_one_pass(const struct agents *agents);

/* `lane` is the caller's alone. Bytes over LUOT_USER_AGENT_MAX are not looked at. */
struct agent agents_tell(const struct agents *agents, unsigned lane, struct slice text);
/* The same with the text's hash, as it is cut at that, and the key which that is by and the
 * answer's are to be (visit.h). */
struct agent agents_tell_hashed(const struct agents *agents, unsigned lane,
                                struct slice text, uint64_t hash,
                                const struct hash_text_key *key);
/* The same, if the lane remembers it: then nobody needs the text. False: it does not. */
bool agents_recall(struct agent *ret_agent, const struct agents *agents, unsigned lane,
                   uint64_t hash);
/* Asks for the memory that agents_recall will look at. */
void agents_expect(const struct agents *agents, unsigned lane, uint64_t hash);
/* What the lane remembers of agents, keyed hashes and what each came to, becomes zero. */
void agents_forget(const struct agents *agents, unsigned lane);

/* The lists in this program. Static memory. */
struct slice agent_list_built_in(enum agent_list_kind list);
/* Their agent_scan_prepare. */
struct slice agent_scan_built_in(void);
/* They were read: their pages go back to the system, and come again from the program's file
 * when somebody asks for them. */
void agent_built_in_put_away(void);

#endif
