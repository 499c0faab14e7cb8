#include "identify/agent_literal.h"

#include <ctype.h>

enum {
    SPREAD_MAX = AGENT_LITERALS_MAX, /* words that one run may stand for, by its groups */
    DEPTH_MAX = 3                    /* groups within groups that are looked into       */
};

/* One run: all the words that it may be, for a group of plain alternatives is part of
 * it: (Chromium|Chrome)/ is two. */
struct run {
    size_t words;
    struct agent_literal word[SPREAD_MAX];
};

struct reader {
    const char *at, *end;
    struct run now, best;
    unsigned best_weight;
    unsigned depth;
    bool caseless;
    bool other; /* the alternative has something that is not plain */
    bool lost;  /* a construct that is not understood              */
};

/* What says nothing: it is in nearly every agent. */
static bool is_common(const char *at, size_t length, bool caseless)
{
    static const struct slice words[] = {
        {"Mozilla", 7}, {"AppleWebKit", 11}, {"Chrome", 6},     {"Safari", 6},
        {"Mobile", 6},  {"Version", 7},      {"Android", 7},    {"Linux", 5},
        {"Windows", 7}, {"iPhone", 6},       {"Gecko", 5},      {"KHTML", 5},
        {"like", 4},    {"CPU", 3},          {"Macintosh", 9},  {"Intel", 5},
        {"Mac", 3},     {"Build", 5},        {"compatible", 10}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (caseless ? slice_equal_nocase(words[i], (struct slice){at, length})
                     : slice_equal(words[i], (struct slice){at, length}))
            return true;
    return false;
}

/* "86": the pass is over a skeleton (agent_digits.h), where that is anywhere. */
static bool is_digits(const struct agent_literal *word)
{
    size_t i = 0;

    while (i < word->length && isdigit((unsigned char)word->text[i]))
        i++;
    return i == word->length;
}

/* How rarely a word is met: its bytes outside of common words, in the longest piece. */
static unsigned word_weight(const struct agent_literal *word, bool caseless)
{
    unsigned longest = 0, piece = 0;

    if (is_digits(word))
        return 0;

    for (size_t i = 0; i < word->length;) {
        size_t n = 0;

        while (i + n < word->length && isalpha((unsigned char)word->text[i + n]))
            n++;
        if (n > 0 && is_common(word->text + i, n, caseless))
            piece = 0;
        else
            piece += n > 0 ? (unsigned)n : 1;
        longest = piece > longest ? piece : longest;
        i += n > 0 ? n : 1;
    }
    return longest;
}

/* Rare words first, whatever their length; then long ones. 0: of no use. In nearly every
 * agent the pass would tell of "Safari/", which costs more than to ask the pattern; and in
 * so many words, Vectorscan 5.4.9 was seen to miss one of a single byte. */
static unsigned run_weight(const struct run *run, bool caseless)
{
    unsigned weight = UINT32_MAX;

    for (size_t i = 0; i < run->words; i++) {
        unsigned rare = word_weight(&run->word[i], caseless);
        unsigned w = rare >= 3 ? 1000 + rare : rare == 2 ? run->word[i].length : 0;

        weight = w < weight ? w : weight;
    }
    return run->words == 0 ? 0 : weight;
}

static void run_begin(struct run *run)
{
    run->words = 1;
    run->word[0] = (struct agent_literal){0};
}

/* One of the run's words is in every text: is it the best to look for? */
static void offer(struct reader *r, const struct run *run)
{
    unsigned weight = run_weight(run, r->caseless);

    if (weight > r->best_weight) {
        r->best = *run;
        r->best_weight = weight;
    }
}

static void run_end(struct reader *r)
{
    offer(r, &r->now);
    run_begin(&r->now);
    r->other = true;
}

static bool put(struct agent_literal *word, char c)
{
    if (word->length == AGENT_LITERAL_MAX)
        return false;
    word->text[word->length++] = c;
    return true;
}

/* A word that is full ends the run; what came before still stands. */
static void add_char(struct reader *r, char c)
{
    for (size_t i = 0; i < r->now.words; i++)
        if (r->now.word[i].length == AGENT_LITERAL_MAX) {
            run_end(r);
            break;
        }
    for (size_t i = 0; i < r->now.words; i++)
        put(&r->now.word[i], c);
}

/* Behind an atom: *, +, ? or {n}, with what makes it lazy or possessive. */
static bool take_quantifier(struct reader *r)
{
    const char *at = r->at;

    if (at == r->end)
        return false;
    if (*at == '{') {
        const char *digits = ++at;

        while (at < r->end && (isdigit((unsigned char)*at) || *at == ',' || *at == ' '))
            at++;
        if (at == digits || at == r->end || *at != '}')
            return false;
    } else if (*at != '*' && *at != '+' && *at != '?') {
        return false;
    }
    at++;
    if (at < r->end && (*at == '?' || *at == '+'))
        at++;
    r->at = at;
    return true;
}

/* Behind '['. */
static void skip_class(struct reader *r)
{
    if (r->at < r->end && *r->at == '^')
        r->at++;
    if (r->at < r->end && *r->at == ']')
        r->at++;
    while (r->at < r->end && *r->at != ']') {
        if (*r->at == '\\')
            r->at++;
        else if (*r->at == '[' && r->at + 1 < r->end && r->at[1] == ':')
            r->lost = true; /* [:alpha:] */
        r->at += r->at < r->end;
    }
    r->at += r->at < r->end;
}

/* Behind '(' of a group that is not plain: over all of it. */
static void skip_group(struct reader *r)
{
    for (unsigned depth = 1; depth > 0 && r->at < r->end;) {
        char c = *r->at++;

        if (c == '\\')
            r->at += r->at < r->end;
        else if (c == '[')
            skip_class(r);
        else if (c == '(')
            depth++;
        else if (c == ')')
            depth--;
    }
}

static bool is_plain(char c)
{
    return strchr("\\^$.[|()*+?{", c) == NULL || c == '\0';
}

/* The character of a plain atom at `at`; how many bytes it took, or 0. */
static size_t plain_char(const char *at, const char *end, char *ret_c)
{
    if (at < end && is_plain(*at)) {
        *ret_c = *at;
        return 1;
    }
    if (end - at >= 2 && *at == '\\' && !isalnum((unsigned char)at[1]) &&
        (unsigned char)at[1] < 0x80) {
        *ret_c = at[1];
        return 2;
    }
    return 0;
}

/* Behind '(': all of a group whose alternatives are plain and not empty. */
static bool plain_group(const char **at, const char *end, struct run *ret_group)
{
    const char *p = *at;
    struct agent_literal *word;

    if (end - p >= 2 && p[0] == '?' && p[1] == ':')
        p += 2;
    run_begin(ret_group);
    word = &ret_group->word[0];
    for (;;) {
        char c;
        size_t n = plain_char(p, end, &c);

        if (n > 0 && put(word, c)) {
            p += n;
            continue;
        }
        if (p == end || (*p != '|' && *p != ')') || word->length == 0)
            return false;
        if (*p++ == ')')
            break;
        if (ret_group->words == SPREAD_MAX)
            return false;
        word = &ret_group->word[ret_group->words++];
        *word = (struct agent_literal){0};
    }
    *at = p;
    return true;
}

/* Each word of the run, followed by each of the group. */
static bool run_times(struct run *run, const struct run *group)
{
    struct run product = {0};

    if (run->words * group->words > SPREAD_MAX)
        return false;
    for (size_t i = 0; i < run->words; i++)
        for (size_t k = 0; k < group->words; k++) {
            struct agent_literal word = run->word[i];

            for (size_t c = 0; c < group->word[k].length; c++)
                if (!put(&word, group->word[k].text[c]))
                    return false;
            product.word[product.words++] = word;
        }
    *run = product;
    return true;
}

static bool read_run(struct run *ret_run, const char *at, const char *end, unsigned depth,
                     bool caseless);

/* A group that is not plain, and is there in every text: the best runs of its
 * alternatives. */
static void look_into(struct reader *r, const char *at, const char *end)
{
    struct run run;

    if (end - at >= 2 && at[0] == '?' && at[1] == ':')
        at += 2;
    if (at == end || *at == '?' || r->depth == DEPTH_MAX)
        return;
    if (read_run(&run, at, end, r->depth + 1, r->caseless))
        offer(r, &run);
}

/* Behind '('. */
static void take_group(struct reader *r)
{
    const char *begin = r->at;
    struct run group;

    if (r->at < r->end && *r->at == '*')
        r->lost = true; /* (*VERB) */
    if (r->end - r->at >= 2 && *r->at == '?' && strchr(":=!<>|", r->at[1]) == NULL)
        r->lost = true; /* inline flags, conditions, calls */
    if (!plain_group(&r->at, r->end, &group)) {
        skip_group(r);
        const char *end = r->at - 1; /* its ')' */
        bool optional = r->at < r->end && strchr("*?{", *r->at) != NULL;
        take_quantifier(r);
        run_end(r);
        if (!optional && end > begin)
            look_into(r, begin, end);
    } else if (r->at < r->end && *r->at == '+') {
        take_quantifier(r);
        run_end(r);
        offer(r, &group);
    } else if (take_quantifier(r)) {
        run_end(r);
    } else if (!run_times(&r->now, &group)) {
        run_end(r);
        if (!run_times(&r->now, &group))
            run_end(r);
    }
}

static void take_atom(struct reader *r)
{
    char c;
    size_t n = plain_char(r->at, r->end, &c);

    if (n > 0) {
        r->at += n;
        if (take_quantifier(r))
            run_end(r);
        else
            add_char(r, c);
        return;
    }
    c = *r->at++;
    if (c == '(') {
        take_group(r);
        return;
    }
    if (c == '[') {
        skip_class(r);
    } else if (c == '\\' && r->at < r->end) {
        if (strchr("dDwWsSbBAzZ", *r->at) == NULL)
            r->lost = true; /* \Q, \x, \K, a reference */
        r->at++;
    }
    take_quantifier(r);
    run_end(r);
}

/* All of one alternative; false: it has no literal. */
static bool take_alternative(struct reader *r)
{
    run_begin(&r->now);
    r->best_weight = 0;
    r->other = false;
    while (r->at < r->end && *r->at != '|')
        take_atom(r);
    bool whole = !r->other;
    run_end(r);
    for (size_t i = 0; i < r->best.words && r->best_weight > 0; i++)
        r->best.word[i].certain = whole;
    return r->best_weight > 0 && !r->lost;
}

/* The best runs of all alternatives, as one; false: one of them has none, or they are too
 * many. */
static bool read_run(struct run *ret_run, const char *at, const char *end, unsigned depth,
                     bool caseless)
{
    struct reader r = {.at = at, .end = end, .depth = depth, .caseless = caseless};

    ret_run->words = 0;
    for (;;) {
        if (!take_alternative(&r) || ret_run->words + r.best.words > SPREAD_MAX)
            return false;
        memcpy(&ret_run->word[ret_run->words], r.best.word,
               r.best.words * sizeof r.best.word[0]);
        ret_run->words += r.best.words;
        if (r.at == r.end)
            return true;
        r.at++; /* over '|'; what follows may be empty, and then matches anything */
    }
}

void agent_literals_of(struct slice pattern, bool caseless,
                       struct agent_literals *ret_literals)
{
    struct run run;

    ret_literals->count = 0;
    if (!read_run(&run, pattern.at, pattern.at + pattern.length, 0, caseless))
        return;
    memcpy(ret_literals->at, run.word, run.words * sizeof run.word[0]);
    ret_literals->count = run.words;
}
