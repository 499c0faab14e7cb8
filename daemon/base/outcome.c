#include "base/outcome.h"

/* So that a class can be pasted from its lower-case word. */
enum {
    class_counted = OUTCOME_COUNTED,
    class_suppressed = OUTCOME_SUPPRESSED,
    class_rejected = OUTCOME_REJECTED
};

#define OUTCOME_ROW(name, class, word, sentence)                                         \
    [name] = {(enum outcome_class)class_##class, #word, sentence},
static const struct {
    enum outcome_class class;
    const char *word;
    const char *sentence;
} outcomes[OUTCOME_COUNT] = {OUTCOMES(OUTCOME_ROW)};
#undef OUTCOME_ROW

static const char *const classes[OUTCOME_CLASSES] = {
    [OUTCOME_COUNTED] = "counted",
    [OUTCOME_SUPPRESSED] = "suppressed",
    [OUTCOME_REJECTED] = "rejected",
};

enum outcome_class outcome_class(enum outcome outcome)
{
    return outcomes[outcome].class;
}

const char *outcome_class_word(enum outcome_class class)
{
    return classes[class];
}

const char *outcome_word(enum outcome outcome)
{
    return outcomes[outcome].word;
}

const char *outcome_sentence(enum outcome outcome)
{
    return outcomes[outcome].sentence;
}
