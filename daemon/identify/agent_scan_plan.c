/* A plan, made of the rows' patterns. Happy path: a pattern's literals -> a wish each, with
 * its digits hidden -> those that are then equal become one expression with many targets. */
#include "identify/agent_scan_plan.h"

#include <hs/hs.h>
#include <stdlib.h>

#include "base/error.h"
#include "identify/agent_digits.h"
#include "identify/agent_literal.h"

/* Something to look for, before those that are equal become one. */
struct wish {
    char *word; /* `length` bytes of any kind, digits hidden, and as many as it was */
    size_t length;
    unsigned flags;
    uint32_t target;
};

/* Takes the word, NULL too: there was no memory for it. */
static int add_wish(struct agent_sought *sought, char *word, size_t length,
                    unsigned flags, uint32_t target)
{
    if (sought->wishes == sought->room && word != NULL) {
        size_t room = sought->room == 0 ? 4096 : sought->room * 2;
        struct wish *more = realloc(sought->wish, room * sizeof *more);

        if (more != NULL) {
            sought->wish = more;
            sought->room = room;
        }
    }
    if (word == NULL || sought->wishes == sought->room) {
        free(word);
        return ERR_NOMEM;
    }
    sought->wish[sought->wishes++] = (struct wish){word, length, flags, target};
    return 0;
}

static char *word_of(const struct agent_literal *literal)
{
    char *word = malloc(2u * literal->length + 1);

    if (word != NULL) {
        agent_digits_hide(word, (struct slice){literal->text, literal->length});
        memcpy(word + literal->length, literal->text, literal->length);
    }
    return word;
}

static int wish_for_row(struct agent_plan *plan, struct agent_sought *sought,
                        const struct agent_row *row, uint32_t target,
                        struct agent_literals *literals)
{
    uint64_t bit = UINT64_C(1) << target % 64;
    bool sure;
    int rv = 0;

    agent_literals_of(row->pattern, row->caseless, literals);
    sure = literals->count > 0;
    if (!sure)
        plan->always[target / 64] |= bit;
    for (size_t i = 0; rv == 0 && i < literals->count; i++) {
        const struct agent_literal *literal = &literals->at[i];

        sure = sure && literal->certain;
        rv = add_wish(sought, word_of(literal), literal->length,
                      row->caseless ? HS_FLAG_CASELESS : 0,
                      target | (literal->certain ? AGENT_PLAN_CERTAIN : 0));
    }
    if (sure)
        plan->sure[target / 64] |= bit;
    if (agent_digits_are_one_to(row->pattern))
        plan->blind[target / 64] |= bit;
    return rv;
}

/* 0: they look for the same. */
static int word_order(const struct wish *a, const struct wish *b)
{
    size_t both = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->word, b->word, both);

    if (a->flags != b->flags)
        return a->flags < b->flags ? -1 : 1;
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

static int wish_order(const void *a, const void *b)
{
    const struct wish *x = a, *y = b;
    int order = word_order(x, y);

    return order != 0 ? order : (x->target > y->target) - (x->target < y->target);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What agent_plan_is_there will compare, at the end of plan->byte; it has room. */
static void put_digits(struct agent_plan *plan, uint32_t target, const struct wish *w)
{
    const char *text = w->word + w->length;
    size_t first = 0, last = w->length;
    uint8_t *to = plan->byte + plan->bytes;

    while (first < last && !is_digit(text[first]))
        first++;
    while (last > first && !is_digit(text[last - 1]))
        last--;
    if (first == last)
        return;
    plan->digits[target] = plan->bytes;
    *to++ = (uint8_t)(w->length - first);
    *to++ = (uint8_t)(last - first);
    memcpy(to, text + first, last - first);
    plan->bytes += 2 + (uint32_t)(last - first);
}

static bool take_memory(struct agent_plan *plan, struct agent_sought *sought)
{
    size_t n = sought->wishes + 1;

    sought->word = calloc(n, sizeof *sought->word);
    sought->length = calloc(n, sizeof *sought->length);
    sought->flags = calloc(n, sizeof *sought->flags);
    sought->id = calloc(n, sizeof *sought->id);
    plan->first = calloc(n, sizeof *plan->first);
    plan->target = calloc(n, sizeof *plan->target);
    plan->digits = calloc(n, sizeof *plan->digits);
    plan->byte = calloc(n, 2 + AGENT_LITERAL_MAX);
    plan->bytes = 1; /* place 0 is nobody's */
    return sought->word != NULL && sought->length != NULL && sought->flags != NULL &&
           sought->id != NULL && plan->first != NULL && plan->target != NULL &&
           plan->digits != NULL && plan->byte != NULL;
}

/* Equal wishes become one word with many targets. */
static int gather(struct agent_plan *plan, struct agent_sought *sought)
{
    size_t n = sought->wishes;
    uint32_t count = 0;

    if (!take_memory(plan, sought))
        return ERR_NOMEM;
    if (n > 0)
        qsort(sought->wish, n, sizeof *sought->wish, wish_order);
    for (size_t i = 0; i < n; i++) {
        const struct wish *w = &sought->wish[i];

        plan->target[i] = w->target;
        put_digits(plan, (uint32_t)i, w);
        if (i > 0 && word_order(w - 1, w) == 0)
            continue;
        sought->word[count] = w->word;
        sought->length[count] = w->length;
        sought->flags[count] = w->flags;
        sought->id[count] = count;
        plan->first[count++] = (uint32_t)i;
    }
    plan->first[count] = (uint32_t)n;
    plan->expressions = count;
    plan->targets = (uint32_t)n;
    return 0;
}

int agent_plan_make(struct agent_plan *plan, struct agent_sought *sought,
                    const struct agent_rows *rows)
{
    struct agent_literals *literals = malloc(sizeof *literals);
    int rv = 0;

    plan->rows = (uint32_t)rows->count;
    plan->always = calloc(agent_plan_words(rows->count) + 1, sizeof *plan->always);
    plan->sure = calloc(agent_plan_words(rows->count) + 1, sizeof *plan->sure);
    plan->blind = calloc(agent_plan_words(rows->count) + 1, sizeof *plan->blind);
    if (literals == NULL || plan->always == NULL || plan->sure == NULL ||
        plan->blind == NULL)
        rv = ERR_NOMEM;
    for (size_t i = 0; rv == 0 && i < rows->count; i++)
        rv = wish_for_row(plan, sought, &rows->row[i], (uint32_t)i, literals);
    if (rv == 0)
        rv = gather(plan, sought);
    free(literals);
    return rv;
}

void agent_plan_release(struct agent_plan *plan)
{
    free(plan->first);
    free(plan->target);
    free(plan->always);
    free(plan->sure);
    free(plan->blind);
    free(plan->digits);
    free(plan->byte);
    *plan = (struct agent_plan){.rows = 0};
}

void agent_sought_release(struct agent_sought *sought)
{
    for (size_t i = 0; i < sought->wishes; i++)
        free(sought->wish[i].word);
    free(sought->wish);
    free(sought->word);
    free(sought->length);
    free(sought->flags);
    free(sought->id);
    *sought = (struct agent_sought){.wish = NULL};
}
