#include "parse/accept_encoding.h"

enum { UNSAID = -1, WHOLE = 1000 /* weights are thousandths */ };

/* "0", "0.5", "1.000": at most three digits behind the point, at most 1. */
static bool parse_weight(struct slice text, int *ret_weight)
{
    int weight, place = WHOLE / 10;

    if (text.length == 0 || text.length > 5 || (text.at[0] != '0' && text.at[0] != '1') ||
        (text.length > 1 && text.at[1] != '.'))
        return false;
    weight = (text.at[0] - '0') * WHOLE;
    for (size_t i = 2; i < text.length; i++, place /= 10) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        weight += (text.at[i] - '0') * place;
    }
    *ret_weight = weight;
    return weight <= WHOLE;
}

/* "gzip", "gzip;q=0.8", with spaces around each; another parameter means that we do not
 * know what is meant. */
static bool parse_element(struct slice element, struct slice *ret_name, int *ret_weight)
{
    struct slice weight = element;

    *ret_name = slice_trim(slice_cut(&weight, ';'));
    *ret_weight = WHOLE;
    if (weight.at == NULL)
        return true;
    weight = slice_trim(weight);
    if (weight.length < 2 || (weight.at[0] | 0x20) != 'q' || weight.at[1] != '=')
        return false;
    return parse_weight((struct slice){weight.at + 2, weight.length - 2}, ret_weight);
}

static void say_once(int *said, int weight)
{
    if (*said == UNSAID)
        *said = weight;
}

struct weights {
    int gzip, brotli, plain; /* thousandths, or UNSAID */
};

static struct weights weights_of(struct slice accept_encoding)
{
    struct weights w = {UNSAID, UNSAID, UNSAID};
    int rest = UNSAID, weight;
    struct slice name;

    while (accept_encoding.length > 0) {
        if (!parse_element(slice_cut(&accept_encoding, ','), &name, &weight))
            continue;
        if (slice_equal_nocase(name, SLICE("gzip")) ||
            slice_equal_nocase(name, SLICE("x-gzip")))
            say_once(&w.gzip, weight);
        else if (slice_equal_nocase(name, SLICE("br")))
            say_once(&w.brotli, weight);
        else if (slice_equal_nocase(name, SLICE("identity")))
            say_once(&w.plain, weight);
        else if (slice_equal(name, SLICE("*")))
            say_once(&rest, weight);
    }
    say_once(&w.gzip, rest);
    return w;
}

bool accepts_gzip(struct slice accept_encoding)
{
    struct weights w = weights_of(accept_encoding);

    return w.gzip > 0 && w.gzip >= w.plain;
}

bool accepts_brotli(struct slice accept_encoding)
{
    struct weights w = weights_of(accept_encoding);

    return w.brotli > 0 && w.brotli >= w.gzip && w.brotli >= w.plain;
}
