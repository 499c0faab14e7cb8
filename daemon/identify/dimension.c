#include "identify/dimension.h"

#include "base/error.h"

static const char *const words[DIMENSIONS] = {
#define WORD(name, word, has_visitors) #word,
    DIMENSION_ROWS(WORD)
#undef WORD
};

int dimension_parse(enum dimension *ret_dimension, struct slice word)
{
    for (int d = 0; d < DIMENSIONS; d++)
        if (slice_equal(word, slice_of(words[d]))) {
            *ret_dimension = (enum dimension)d;
            return 0;
        }
    return ERR_NOT_FOUND;
}

const char *dimension_word(enum dimension d)
{
    return words[d];
}

bool dimension_is_folded(enum dimension d)
{
    return d == DIM_COUNTRIES || d == DIM_REGIONS || d == DIM_REFERRERS ||
           d == DIM_CAMPAIGNS || d == DIM_EVENTS ||
           d == DIM_BROWSERS; /* its names may be any word of an agent */
}
