/* A plan as bytes, in this machine's order: they are made where luotd is built, for the
 * luotd that is built. A head, then first, target, digits, always, sure, blind and byte,
 * whole as they are. */
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "identify/agent_literal.h"
#include "identify/agent_scan_plan.h"

struct head {
    uint64_t check; /* of the rows' patterns */
    uint32_t rows, expressions, targets, bytes;
};

/* Which plan is theirs: the patterns, in their order. */
static uint64_t check_of(const struct agent_rows *rows)
{
    uint64_t check = 1;

    for (size_t i = 0; i < rows->count; i++)
        check = hash_seeded(check + rows->row[i].caseless, rows->row[i].pattern.at,
                            rows->row[i].pattern.length);
    return check;
}

int agent_plan_write(const struct agent_plan *plan, const struct agent_rows *rows,
                     char **ret_bytes, size_t *ret_length)
{
    struct head head = {check_of(rows), plan->rows, plan->expressions, plan->targets,
                        plan->bytes};
    size_t words = agent_plan_words(plan->rows) * sizeof *plan->always,
           first = (plan->expressions + (size_t)1) * sizeof *plan->first,
           target = plan->targets * sizeof *plan->target,
           length = sizeof head + first + 2 * target + 3 * words + plan->bytes;
    char *bytes = malloc(length), *at = bytes;

    if (bytes == NULL)
        return ERR_NOMEM;
    at = (char *)mempcpy(at, &head, sizeof head);
    at = (char *)mempcpy(at, plan->first, first);
    at = (char *)mempcpy(at, plan->target, target);
    at = (char *)mempcpy(at, plan->digits, target);
    at = (char *)mempcpy(at, plan->always, words);
    at = (char *)mempcpy(at, plan->sure, words);
    at = (char *)mempcpy(at, plan->blind, words);
    memcpy(at, plan->byte, plan->bytes);
    *ret_bytes = bytes;
    *ret_length = length;
    return 0;
}

/* Cuts the next `length` bytes off, as memory of our own; NULL: there are not so many, or
 * there is no memory. */
static void *take(struct slice *bytes, size_t length, int *error)
{
    void *memory;

    if (*error != 0)
        return NULL;
    if (bytes->length < length) {
        *error = ERR_CORRUPT;
        return NULL;
    }
    memory = malloc(length + 1);
    if (memory == NULL) {
        *error = ERR_NOMEM;
        return NULL;
    }
    memcpy(memory, bytes->at, length);
    *bytes = (struct slice){bytes->at + length, bytes->length - length};
    return memory;
}

/* Are the digits at that place whole, and no longer than the word that they end in? */
static bool digits_are_sound(const struct agent_plan *plan, uint32_t place)
{
    const uint8_t *word = plan->byte + place;

    return place == 0 || (place < plan->bytes && plan->bytes - place >= 2 &&
                          word[0] <= AGENT_LITERAL_MAX && word[1] <= word[0] &&
                          plan->bytes - place - 2 >= word[1]);
}

/* Every number in it is one that the pass may use as an index. What it cannot know is whether
 * a word has so many bytes before its end as its digits say: agent_scan asks. */
static bool is_sound(const struct agent_plan *plan)
{
    for (uint32_t i = 0; i < plan->expressions; i++)
        if (plan->first[i] > plan->first[i + 1])
            return false;
    if (plan->first[plan->expressions] != plan->targets)
        return false;
    for (uint32_t i = 0; i < plan->targets; i++)
        if ((plan->target[i] & ~(uint32_t)AGENT_PLAN_CERTAIN) >= plan->rows ||
            !digits_are_sound(plan, plan->digits[i]))
            return false;
    return true;
}

int agent_plan_read(struct agent_plan *plan, const struct agent_rows *rows,
                    struct slice *bytes)
{
    size_t words = agent_plan_words(rows->count) * sizeof *plan->always;
    struct head head;
    int rv = 0;

    if (bytes->length < sizeof head)
        return ERR_FOREIGN;
    memcpy(&head, bytes->at, sizeof head);
    if (head.check != check_of(rows) || head.rows != rows->count)
        return ERR_FOREIGN;
    *bytes = (struct slice){bytes->at + sizeof head, bytes->length - sizeof head};
    plan->rows = head.rows;
    plan->expressions = head.expressions;
    plan->targets = head.targets;
    plan->bytes = head.bytes;
    plan->first = take(bytes, (head.expressions + (size_t)1) * sizeof *plan->first, &rv);
    plan->target = take(bytes, head.targets * sizeof *plan->target, &rv);
    plan->digits = take(bytes, head.targets * sizeof *plan->digits, &rv);
    plan->always = take(bytes, words, &rv);
    plan->sure = take(bytes, words, &rv);
    plan->blind = take(bytes, words, &rv);
    plan->byte = take(bytes, head.bytes, &rv);
    return rv != 0 ? rv : is_sound(plan) ? 0 : ERR_CORRUPT;
}
